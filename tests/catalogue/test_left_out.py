"""One broken file of a district leaves out what it says and nothing else, and is told with file and line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from public_credit.catalogue import Catalogue, LeftOut, Problem, load_catalogue, read
from public_credit.catalogue.load import default_root

from tests.conftest import DEMO

WHOLE = load_catalogue()
BROKEN = "departments/zjj.yml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the demo's district to spoil."""
    return Path(shutil.copytree(DEMO, tmp_path / "district"))


def replaced(old: str, new: str) -> Callable[[str], bytes]:
    def spoil(text: str) -> bytes:
        assert old in text
        return text.replace(old, new, 1).encode()

    return spoil


SCHEDULE = next(
    line for line in (DEMO / BROKEN).read_text(encoding="utf-8").splitlines() if line.startswith("schedule")
)
BREAKAGES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "another encoding": (lambda text: text.encode("gb18030"), "不是 UTF-8 编码"),
    "bytes of nothing": (lambda text: b"\x89PNG\xff\xfe" * 20, "不是 UTF-8 编码"),
    "a control character": (lambda text: text.encode() + b"\x01", ""),
    "a list": (lambda text: b"- id: zjj\n- name: x\n", "应为键值对"),
    "a scalar": (lambda text: b"zjj\n", "应为键值对"),
    "empty": (lambda text: b"", "应为键值对"),
    "two documents": (lambda text: (text + "---\n" + text).encode(), ""),
    "no colon": (replaced("contact:", "contact"), ""),
    "a tab": (replaced("owner:", "\towner:"), ""),
    "a list as a key": (lambda text: text.encode() + b"? [a, b]\n: c\n", "不能作项的名称"),
    "a key twice": (lambda text: text.encode() + b"owner: x\n", "重复的项 owner"),
    "a day that never was": (lambda text: text.encode() + b"since: 2026-02-30\n", "没有这样的日期或数字"),
    "nested without end": (lambda text: text.encode() + b"deep: " + b"[" * 5000 + b"]" * 5000, ""),
    "an unknown key": (lambda text: text.encode() + b"colour: red\n", "不认识的项"),
    "no id": (replaced("id: zjj\n", ""), "缺少必填项"),
    "an id with a blank": (replaced("id: zjj\n", "id: z jj\n"), "编号只能由"),
    "an id that is a number": (replaced("id: zjj\n", "id: 7\n"), "应为文字"),
    "cron with four parts": (replaced(SCHEDULE, 'schedule: "0 6 * *"'), "cron"),
    "cron out of range": (replaced(SCHEDULE, 'schedule: "61 6 * * *"'), "cron"),
    "cron of a day that never comes": (replaced(SCHEDULE, 'schedule: "0 6 31 2 *"'), "cron"),
    "cron in words": (replaced(SCHEDULE, "schedule: 每天 早上 六点 半 整"), "cron"),
    "no owner": (replaced("owner: data_engineer", 'owner: ""'), "责任人"),
    "two owners": (replaced("owner: data_engineer", "owner: a, b"), "责任人"),
    "an owner that is a list": (replaced("owner: data_engineer", "owner: [a]"), "应为文字"),
    "a name without end": (replaced("name: ", "name: " + "长" * 200), "名称和责任人"),
    "a code of another": (replaced(WHOLE.units["zjj"].uscc, WHOLE.units["fgj"].uscc), "的相同"),
    "a code with a wrong check digit": (replaced(WHOLE.units["zjj"].uscc, WHOLE.units["zjj"].uscc[:-1] + "I"), "校验"),
    "the id of another": (replaced("id: zjj\n", "id: fgj\n"), "重复"),
    "datasets that are none": (lambda text: text.split("datasets:")[0].encode() + b"datasets: all\n", "应为列表"),
    "a dataset that is a word": (lambda text: text.split("datasets:")[0].encode() + b"datasets: [all]\n", "应为键值对"),
    "a dataset of another unit": (replaced("  - id: zjj.", "  - unit: fgj\n    id: zjj."), "数据集的单位不是"),
    "an unknown kind": (replaced("    kind: ", "    kind: un"), "没有记录类型"),
    "an unknown channel": (replaced("      type: ", "      type: pigeon_"), "不认识的渠道类型"),
}
PATTERNS = ["../*.csv", "/etc/*.csv", "*/x.csv", "folder/", ""]


def _only_this_is_out(catalogue: Catalogue, problems: list[Problem], said: str) -> None:
    assert set(catalogue.units) == set(WHOLE.units) - {"zjj"}
    assert {name: item for name, item in WHOLE.datasets.items() if item.unit != "zjj"} == catalogue.datasets
    assert catalogue.receivers == WHOLE.receivers and catalogue.district == WHOLE.district
    assert list(catalogue.left_out) == [BROKEN] and {problem.file for problem in problems} == {BROKEN}
    assert any(said in problem.reason for problem in problems), problems
    assert all(problem.line >= 1 and problem.remedy for problem in problems)
    with pytest.raises(LeftOut, match=f"{BROKEN} 第 \\d+ 行"):
        catalogue.unit("zjj")


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_department_leaves_itself_out_and_nothing_else(folder: Path, name: str) -> None:
    spoil, said = BREAKAGES[name]
    good = (folder / BROKEN).read_text(encoding="utf-8")
    (folder / BROKEN).write_bytes(spoil(good))
    remembered = {f"departments/{path.name}": path.read_text(encoding="utf-8") for path in DEMO.glob("departments/*")}
    if said not in ("的相同", "重复"):  # of two that clash, nobody knows which is new without what is remembered
        _only_this_is_out(*read(default_root(), folder), said)
    catalogue, problems = read(default_root(), folder, remembered)
    assert catalogue.units == WHOLE.units and list(catalogue.units) == list(WHOLE.units), (
        "as it was when it was good last"
    )
    assert catalogue.datasets == WHOLE.datasets and catalogue.supplier_usccs == WHOLE.supplier_usccs
    assert catalogue.stale == {"zjj": BROKEN} and list(catalogue.left_out) == [BROKEN] and problems
    with pytest.raises(LeftOut, match=f"{WHOLE.units['zjj'].name}暂不采集"):
        catalogue.unit("zjj")
    assert catalogue.unit("fgj") == WHOLE.units["fgj"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_that_leads_out_of_the_folder_is_a_mistake(folder: Path, pattern: str) -> None:
    file = next(
        path for path in sorted(folder.glob("departments/*")) if "patterns:" in path.read_text(encoding="utf-8")
    )
    line = next(line for line in file.read_text(encoding="utf-8").splitlines() if "patterns:" in line)
    file.write_bytes(replaced(line, f"{line.partition('patterns')[0]}patterns: ['{pattern}']")(file.read_text("utf-8")))
    catalogue, problems = read(default_root(), folder)
    assert set(WHOLE.units) - set(catalogue.units) == {file.stem}
    assert any("文件名模式" in problem.reason for problem in problems)


def test_what_is_no_file_is_left_out_too(folder: Path) -> None:
    (folder / "departments" / "dangling.yml").symlink_to(folder / "nowhere")
    (folder / "departments" / "folder.yml").mkdir()
    (folder / "departments" / ".#zjj.yml").symlink_to("somebody@somewhere:1")  # an editor's lock
    catalogue, problems = read(default_root(), folder)
    assert catalogue.units == WHOLE.units
    assert sorted(problem.file for problem in problems) == ["departments/dangling.yml", "departments/folder.yml"]


def test_the_catalogue_is_read_again_when_the_file_is_mended(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PCW_DISTRICT", str(folder))
    monkeypatch.setenv("PCW_HOME", str(tmp_path / "state"))  # without a database nothing is remembered
    good = (folder / BROKEN).read_bytes()
    (folder / BROKEN).write_bytes(b"- nothing\n")
    assert "zjj" not in load_catalogue().units and len(load_catalogue().units) == len(WHOLE.units) - 1
    (folder / BROKEN).write_bytes(good)
    assert load_catalogue().units == WHOLE.units and not load_catalogue().left_out


@pytest.mark.parametrize("content", [b"- a\n", b"\xff\xfe", b"id: city\ntitle: x\n", b"id: [\n"])
def test_a_broken_receiver_stops_what_leaves_and_nothing_else(folder: Path, content: bytes) -> None:
    (folder / "receivers" / "city.yml").write_bytes(content)
    catalogue, problems = read(default_root(), folder)
    assert catalogue.units == WHOLE.units and not catalogue.receivers and problems
    for ask in (catalogue.has_receivers, lambda: catalogue.receiver("city")):
        with pytest.raises(LeftOut, match="暂不报送.*receivers/city.yml 第 [12] 行"):
            ask()


DISTRICT_LINES = {
    "a date that is none": ("live_from: 2026-02-25", "live_from: 开春", "live_from"),
    "a sector the plan has not": ("  D35: [gysy]", "  D77: [gysy]", "sectors.D77"),
    "a name twice": ("report_areas: [政府采购, ", "report_areas: [政府采购, 政府采购, ", "report_areas.1"),
    "an unknown key": ("authorities: []", "authorities: []\ncolour: red", "colour"),
    "an authority without a code": ("authorities: []", "authorities: [{name: 某局}]", "authorities.0.uscc"),
    "a figure without units": ("  T17: {responsible: [jcy]}", "  T17: {}", "targets.T17.responsible"),
}


@pytest.mark.parametrize("name", DISTRICT_LINES)
def test_a_wrong_line_of_the_district_leaves_out_that_line(folder: Path, name: str) -> None:
    old, new, where = DISTRICT_LINES[name]
    path = folder / "district.yml"
    good = path.read_text(encoding="utf-8")
    path.write_bytes(replaced(old, new)(good))
    catalogue, problems = read(default_root(), folder)
    assert [problem.where for problem in problems] == [where] and problems[0].line > 1
    assert catalogue.district.name == "示范区" and catalogue.units == WHOLE.units
    rest = {"sectors", "targets", "go_live", "live_from", "key_departments", "report_areas"} - {where.partition(".")[0]}
    assert all(getattr(catalogue.district, item) == getattr(WHOLE.district, item) for item in rest)
    assert catalogue.district.targets.keys() >= WHOLE.district.targets.keys() - {"T17"}
    catalogue, problems = read(default_root(), folder, {"district.yml": good})
    assert catalogue.district == WHOLE.district and problems, "as it was when it was good last"


@pytest.mark.parametrize("content", [b"name\n", b"\xff\xfe", b"name: [\n", b"", b"name: x\n"])
def test_a_district_that_says_nothing_any_more_stays_what_it_was(folder: Path, content: bytes) -> None:
    good = (folder / "district.yml").read_text(encoding="utf-8")
    (folder / "district.yml").write_bytes(content)
    catalogue, problems = read(default_root(), folder, {"district.yml": good})
    assert catalogue.district == WHOLE.district and catalogue.units == WHOLE.units and problems


def test_what_is_not_there_yet_is_a_reminder_with_a_count(folder: Path) -> None:
    (folder / "departments" / "swj.yml").unlink()
    (folder / "departments" / "zjj.yml").unlink()
    path = folder / "district.yml"
    path.write_text(path.read_text(encoding="utf-8") + "planned: {D09: 2026-06-30}\n", encoding="utf-8")
    catalogue, problems = read(default_root(), folder)
    assert problems == []
    assert catalogue.absent.reminders(date(2026, 6, 30)) == [
        "2 个责任单位尚不在目录中：swj、zjj",
        "1 个写有上线日期的数据集尚不在目录中：zjj.licence_entity",
        "2 个领域尚未接入，1 个没有计划日期（planned）：D07",
    ]
    assert "1 个已过计划日期：D09" in catalogue.absent.reminders(date(2026, 7, 1))[-1]
    assert WHOLE.absent.reminders(date(2026, 7, 1)) == []
