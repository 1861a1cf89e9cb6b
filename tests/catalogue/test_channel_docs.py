"""The pages under docs/channels.

Every catalogue block on them is a department the catalogue accepts as it stands.
"""

from __future__ import annotations

import re
import shutil

import pytest
import yaml
from public_credit.catalogue import read
from public_credit.catalogue.load import default_root

from tests.conftest import CHECKOUT, DEMO

CHANNELS = {
    "sftp": "sftp",
    "drop_folder": "drop_folder",
    "exchange_database": "exchange_db",
    "http_api": "http_api",
    "hand_in": "hand_in",
}


@pytest.mark.parametrize("page", CHANNELS)
def test_the_block_of_a_page_is_a_valid_department(page, tmp_path):
    content = (CHECKOUT / "docs" / "channels" / f"{page}.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", content, re.S)
    root = tmp_path / "district"
    shutil.copytree(DEMO, root)
    (root / "departments" / "slj.yml").write_text(block, encoding="utf-8")
    catalogue, problems = read(default_root(), root)
    assert [str(problem) for problem in problems] == []
    (dataset,) = catalogue.units["slj"].datasets
    assert dataset.channel.type == CHANNELS[page]


def test_the_chinese_page_has_the_same_catalogue_and_the_same_rows():
    """Block for block, table row for table row; the words are a translation."""
    folder = CHECKOUT / "docs" / "channels"
    pages = sorted(path for path in folder.glob("*.md") if not path.name.endswith(".zh-CN.md"))
    assert {page.stem for page in pages} == {*CHANNELS, "city_http"}
    for page in pages:
        english, chinese = page.read_text(encoding="utf-8"), page.with_suffix(".zh-CN.md").read_text(encoding="utf-8")
        assert f"({page.stem}.zh-CN.md)" in english and f"({page.name})" in chinese
        blocks = [
            [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
            for text in (english, chinese)
        ]
        assert blocks[0] == blocks[1], page.name
        assert [text.count("\n|") for text in (english, chinese)] == [english.count("\n|")] * 2, page.name
        assert english.count("\n## ") == chinese.count("\n## "), page.name


def test_the_receiver_of_the_page_is_a_valid_receiver(tmp_path):
    content = (CHECKOUT / "docs" / "channels" / "city_http.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", content, re.S)
    root = tmp_path / "district"
    shutil.copytree(DEMO, root)
    (root / "receivers" / "city.yml").write_text(block, encoding="utf-8")
    catalogue, problems = read(default_root(), root)
    assert [str(problem) for problem in problems] == []
    assert catalogue.receivers["city"].adapter == "http_json"
