"""The README's way to add a department, done literally: its YAML, one connection, and records come by SFTP."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from tests.helpers.servers import Sftp

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_a_department_is_added_with_the_readme_alone(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readme: str
) -> None:
    from public_credit.catalogue import load_catalogue, models

    from tests.helpers.commands import credit
    from tests.helpers.penalties import ON, csv_bytes, rows

    text = (CHECKOUT / readme).read_text(encoding="utf-8")
    place = re.search(r"`(include/districts/demo/departments/\w+\.yml)`", text).group(1)
    root = tmp_path / "checkout"
    for name in ("catalogue", "districts"):
        shutil.copytree(CHECKOUT / "include" / name, root / "include" / name)
    for name in ("expectations", "dbt_project"):
        (root / name).symlink_to(CHECKOUT / name)
    monkeypatch.setenv("PCW_ROOT", str(root))
    before = set(load_catalogue().units)
    (root / place).write_text(re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1), encoding="utf-8")
    checked = credit("catalogue", "check")
    assert checked.code == 0, checked.out
    (unit,) = set(load_catalogue().units) - before
    dataset = load_catalogue().units[unit].datasets[0]

    connection = re.search(r"`(\w+): sftp://", text).group(1)
    channel = dataset.channel
    assert isinstance(channel, models.Sftp) and channel.connection == connection
    missing = credit("probe", dataset.id)
    assert missing.code != 0 and connection in missing.out + missing.err
    folder = tmp_path / "sftp" / channel.folder
    folder.mkdir(parents=True)
    server = Sftp(tmp_path / "sftp")
    try:
        warehouse.add_connections(**{connection: server.uri()})
        delivered = [
            row
            | {
                "source_unit_uscc": load_catalogue().units[unit].uscc,
                "authority_uscc": load_catalogue().units[unit].uscc,
            }
            for row in rows(25)
        ]
        path = folder / "xzcf_20260225.csv"
        path.write_bytes(csv_bytes(delivered))
        os.utime(path, (time.time() - 600, time.time() - 600))
        assert "可收 1" in credit("probe", dataset.id).out
        done = credit("collect", unit, "--date", ON.isoformat(), "--json")
        assert done.code == 0 and (done.json["receipts"], done.json["rows_in"]) == (1, 25)
        credit("gate", "--date", ON.isoformat())
        shown = {row["dataset_id"]: row for row in credit("status", "--json").json["datasets"]}[dataset.id]
        assert (shown["rows_in"], shown["accepted"]) == (25, 25), shown
    finally:
        server.stop()
