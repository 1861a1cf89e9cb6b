"""Every workbook in LibreOffice: what prints is whole, on A4, as wide as it should be, and dated.

All workbooks are converted by one process; without LibreOffice and poppler the tests are skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from public_credit.catalogue import load_catalogue
from public_credit.ledger.models import Batch
from public_credit.papers import policy as policies
from public_credit.papers import review_workbook, slips, template, workbook
from public_credit.papers.applicants import Applicant, ApplicantList
from public_credit.papers.leadership import workbook as leadership
from public_credit.papers.person import PersonReport
from public_credit.papers.review import Line, Reviewed
from public_credit.papers.subject import SectionContent, SubjectReport

from tests.papers.leadership.invented import publication

pytestmark = pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftotext")), reason="LibreOffice 或 poppler-utils 未安装"
)
MADE_AT, ON = datetime(2026, 2, 26, 9, 30, tzinfo=UTC), date(2026, 2, 26)
LONG = "未按规定对从业人员进行安全生产教育和培训，经责令限期改正后逾期仍未改正，情节较重，依法予以处罚。" * 3
FACT = {
    "record_id": "r0000000000000000000000000000001",
    "topic": "行政处罚",
    "title": "违反安全生产管理规定",
    "detail": LONG,
    "document_no": "示应急罚决〔2026〕第 1024 号",
    "authority_name": "示范区应急管理局",
    "unit_name": "示范区应急管理局",
    "event_on": date(2026, 1, 5),
    "ends_on": date(2027, 1, 5),
    "exited_on": None,
    "disclosure": "公开",
    "state": "公示期内",
    "left": "终止公示",
    "marks": ["异议中"],
}


def subject() -> SubjectReport:
    policy = policies.load()
    return SubjectReport(
        entry=12,
        number="GXBG20260226-000012",
        issuer="示范区社会信用中心",
        level="政务共享",
        who="王工",
        purpose="某某道路改造工程施工招标投标资格审查",
        area="招标投标",
        made_at=MADE_AT,
        data_on=ON,
        profile={},
        base=[("名称", "示范区第一建筑安装工程有限责任公司"), ("统一社会信用代码", "91370399MA30000108")],
        figures=[(name, figure.title, 3, figure.definition) for name, figure in policy.figures.items()],
        sections=[SectionContent(section, "移出", [FACT] * 3, 3) for section in policy.sections[:3]],
        scope=policy.scope,
        grade={
            "grade": "守信",
            "explanation": "二十四个月内没有失信记录",
            "clause": "食品药品信用分级规则",
            "rule_valid_from": ON,
        },
        grade_basis=[],
        on_lists=[],
    )


def person() -> PersonReport:
    return PersonReport(
        number="GRBG20260226-000003",
        issuer="示范区社会信用中心",
        who="王工",
        purpose="本人申请查询",
        made_at=MADE_AT,
        data_on=ON,
        masked_number="3703************01",
        roles=[("被处罚人", [FACT, FACT])],
    )


def reviewed() -> Reviewed:
    headers = ["序号", "投标人名称", "统一社会信用代码", "项目负责人", "联系地址"]
    lines = []
    for number in range(2, 32):
        cells = [
            str(number - 1),
            f"示范区第{number}建筑安装工程有限责任公司",
            "91370399MA30000108",
            "负责人",
            "米山路 1 号",
        ]
        line = Line(Applicant(number, cells, cells[1], cells[2], state="已比对", reason="名称与登记名称不一致"))
        line.subject = {"name": cells[1], "uscc": cells[2]}
        lines.append(line)
    hit = {
        "sort": "严重失信主体名单",
        "title": "拖欠农民工工资失信联合惩戒对象名单",
        "document_no": "示人社列〔2025〕7 号",
        "basis": "保障农民工工资支付条例第四十八条",
        "reason": LONG,
        "since_on": date(2025, 6, 1),
        "term_on": date(2028, 5, 31),
        "authority_name": "示范区人力资源和社会保障局",
        "objected": True,
        "record_id": FACT["record_id"],
    }
    lines[20].hits = [hit | {"document_no": f"示人社列〔2025〕{number} 号"} for number in range(3)]
    lines[25].hits = [hit] * 20
    return Reviewed(
        "PLSC20260226-000004",
        "王工",
        "某某项目招标资格审查",
        "招标投标",
        MADE_AT,
        ON,
        ApplicantList(headers, [line.applicant for line in lines]),
        lines,
        [],
    )


def slip() -> bytes:
    catalogue = load_catalogue()
    dataset = catalogue.datasets["zhzf.penalty_entity"]
    kind, unit = catalogue.kinds[dataset.kind], catalogue.units["zhzf"]
    right = template.example(kind, dataset.variant, unit.name, unit.uscc)
    rows = [
        dict.fromkeys(kind.variants["entity"], "")
        | right
        | {
            "decision_no": f"示综执罚决字〔2026〕第 {number} 号",
            "violation_facts": LONG,
            "received": None,
            "cross_errors": None,
        }
        | {
            "row_no": number,
            "source_row": number + 1,
            "sheet": "处罚",
            "row_errors": "R01;R13" if number % 2 else "R06",
        }
        for number in range(1, 21)
    ]
    batch = Batch(batch_id="B20260225-001", file_name="处罚.xlsx", variant="entity", received_at=MADE_AT)
    return slips._workbook(kind, dataset, batch, rows, unit.name)


def form(dataset_id: str) -> bytes:
    catalogue = load_catalogue()
    dataset = catalogue.datasets[dataset_id]
    unit = catalogue.units[dataset.unit]
    return template.workbook(catalogue.kinds[dataset.kind], dataset, unit.name, unit.uscc)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every workbook and its print."""
    folder = tmp_path_factory.mktemp("printed")
    made = {
        "subject": workbook.subject_workbook(subject(), "ABCD-EFGH-IJKL-MNOP"),
        "person": workbook.person_workbook(person()),
        "review": review_workbook.workbook(reviewed()),
        "slip": slip(),
        "form_entity": form("zjj.licence_entity"),
        "form_person": form("zhzf.penalty_person"),
    }
    for name, content in made.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    told_of = publication()
    earlier = [
        replace(item, month_end=item.month_end.replace(year=item.month_end.year - 8)) for item in told_of.figures
    ]
    leadership.write(replace(told_of, figures=[*earlier, *told_of.figures]), folder / "leadership.xlsx", 2020)
    subprocess.run(
        [
            *("soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"),
            *("--convert-to", "pdf", "--outdir", str(folder)),
            *(str(path) for path in sorted(folder.glob("*.xlsx"))),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return folder


NAMES = ["subject", "person", "review", "slip", "form_entity", "form_person", "leadership"]


def told(*words: object) -> bytes:
    return subprocess.run([str(word) for word in words], check=True, capture_output=True).stdout


def said(path: Path) -> str:
    """The text of a print without blanks, as it was drawn."""
    return re.sub(r"\s+", "", told("pdftotext", "-raw", path, "-").decode())


def cells(path: Path) -> list[str]:
    """The texts of all cells that print: those of the print area where there is one."""
    found = []
    for sheet in openpyxl.load_workbook(path):
        area = sheet[sheet.print_area.split("!")[1].replace("$", "")] if sheet.print_area else sheet.iter_rows()
        found += [str(cell.value) for row in area for cell in row if isinstance(cell.value, str)]
    return [text for text in found if not text.startswith("=")]


def pictures(path: Path) -> list[np.ndarray]:
    """Every page as an array of height × width × 3 at 50 dots an inch."""
    data, pages = told("pdftoppm", "-r", 50, path), []
    while data:
        head = re.match(rb"P6\n(\d+) (\d+)\n255\n", data)
        assert head
        width, height = int(head[1]), int(head[2])
        end = head.end() + 3 * width * height
        pages.append(np.frombuffer(data[head.end() : end], dtype=np.uint8).reshape(height, width, 3))
        data = data[end:]
    return pages


@pytest.mark.parametrize("name", NAMES)
def test_every_character_of_every_cell_is_in_the_print(printed: Path, name: str) -> None:
    shown = said(printed / f"{name}.pdf")
    wanted = Counter(re.sub(r"\s+", "", "".join(cells(printed / f"{name}.xlsx"))))
    assert wanted - Counter(shown) == Counter(), "cut off"
    assert "###" not in shown


@pytest.mark.parametrize("name", NAMES)
def test_pages_are_a4_landscape_with_ink_inside_the_margins(printed: Path, name: str) -> None:
    for number, page in enumerate(pictures(printed / f"{name}.pdf"), start=1):
        assert page.shape[:2] in ((413, 584), (413, 585), (414, 585)), "A4, landscape"
        ink = page.min(axis=2) < 200
        assert ink.sum() > 300, f"page {number} is blank"
        edge = 10  # of 50 dots an inch: 5 mm
        inside = ink[edge:-edge, edge:-edge].sum()
        assert ink.sum() == inside, f"page {number} prints beyond its margins"


def test_a_sheet_is_as_many_pages_wide_as_it_was_made(printed: Path) -> None:
    """Of tables one page wide the last column stands on the page of the first; years go on beside the names of their targets."""
    for name, first, last in (
        ("slip", "退回原因", "处罚决定日期"),
        ("review", "投标人名称", "评价等级"),
        ("form_entity", "行政相对人名称", "备注"),
    ):
        pages = [
            re.sub(r"\s+", "", page)
            for page in told("pdftotext", "-raw", printed / f"{name}.pdf", "-").decode().split("\f")
        ]
        assert any(first in page and last in page for page in pages), name
    pages = [
        re.sub(r"\s+", "", page)
        for page in told("pdftotext", "-raw", printed / "leadership.pdf", "-").decode().split("\f")
    ]
    history = [page for page in pages if "分子" in page and re.search(r"\d{4}完成率", page)]
    years = [sorted(set(re.findall(r"(\d{4})完成率", page))) for page in history]
    assert len(history) >= 3 and max(map(len, years)) == 3 and len({year for page in years for year in page}) == 10
    for page, its in zip(history, years, strict=True):
        assert set(re.findall(r"(\d{4})分子", page)) == set(re.findall(r"(\d{4})分母", page)) == set(its), (
            "a year is cut"
        )
    assert all("T01" in page and "目标" in page for page in history)


def test_headers_keep_the_year(printed: Path) -> None:
    text = told("pdftotext", "-layout", printed / "leadership.pdf", "-").decode()
    pages = text.count("\f")
    assert pages > 10 and text.count("2020-12-31") >= pages, "the date stands on every page"
    headers = [page.strip().split("\n")[0] for page in text.split("\f") if page.strip()]
    assert sum(header.startswith("2020 年：") for header in headers) >= 4


def test_bars_lie_behind_digits_and_do_not_darken_them(printed: Path) -> None:
    pages = pictures(printed / "leadership.pdf")
    light = [int((page[..., 2].astype(int) - page[..., 0] > 25).sum()) for page in pages]
    assert max(light) > 500, "there are bars"
    for page in pages:
        dark_blue = (page[..., 2] > 120) & (page[..., 0] < 90)
        assert dark_blue.sum() < 500, "a bar as dark as the digits on it"
