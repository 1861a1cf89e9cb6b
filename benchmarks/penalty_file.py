"""Penalty rows as a department delivers them, made fast: 28 columns, invented subjects, a few per cent of faults.

Persons' numbers start with the reserved region 370399 (requirements L); 50,000 distinct ones in a full file.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import make_id_number, make_uscc

PERSONS, COMPANIES, PART = 50_000, 20_000, 100_000
ON = date(2026, 2, 25)
UNIT, BODY = "示范区综合行政执法局", "00000106"
_KINDS = (
    ("警告", "给予警告。"),
    ("罚款", "处以罚款人民币{}元。"),
    ("警告;罚款", "给予警告，并处罚款{}元。"),
    ("没收违法所得、没收非法财物;罚款", "没收违法所得300元，罚款{}元。"),
)
_FACTS = (
    "经查，当事人于本年度未按规定建立并落实安全生产教育和培训制度，作业现场缺少警示标志，存在事故隐患；",
    "当事人未取得设置大型户外广告的批准文件，擅自在临街建筑物外立面设置广告牌一处，责令限期改正后逾期未改正；",
    "施工单位未采取有效防尘降尘措施，渣土运输车辆未密闭，造成道路遗撒，污染路面约二十平方米；",
)
_BASIS = (
    "《中华人民共和国安全生产法》第九十七条第一款第三项、《生产安全事故隐患排查治理暂行规定》第二十六条",
    "《城市市容和环境卫生管理条例》第三十六条第一项，《山东省城镇容貌和环境卫生管理办法》第四十八条",
    "《中华人民共和国大气污染防治法》第一百一十五条第一款第一项",
)


def _pick(values: list[str], index: np.ndarray) -> pl.Series:
    return pl.Series(values).gather(pl.Series(index.astype(np.uint32)))


def part(first: int, count: int, companies: list[str], persons: list[str]) -> pl.DataFrame:
    """Rows ``first`` … of the file; the same numbers give the same rows."""
    rng = np.random.default_rng(first + 7)
    number = np.arange(first, first + count)
    company, kind = rng.integers(0, COMPANIES, count), number % len(_KINDS)
    yuan = rng.integers(1, 500, count) * 100
    days = [(ON - timedelta(days=offset)) for offset in range(700)]
    decided = rng.integers(1, 170, count)
    serial = pl.Series(number).cast(pl.String)
    wan = pl.Series([f"{value / 10000:g}" for value in range(0, 50_001, 100)])
    fine = wan.gather(pl.Series((yuan // 100).astype(np.uint32)))
    frame = pl.DataFrame(
        {
            "subject_name": _pick([f"示范区第{n}号商贸有限公司" for n in range(COMPANIES)], company),
            "subject_category": "法人及非法人组织",
            "uscc": _pick(companies, company),
            "business_reg_no": "",
            "org_code": _pick([code[8:17] for code in companies], company),
            "tax_reg_no": "",
            "institution_cert_no": "",
            "social_org_cert_no": "",
            "legal_rep_name": _pick([f"法人代表{n % 977}" for n in range(COMPANIES)], company),
            "legal_rep_id_type": "身份证",
            "legal_rep_id_no": _pick(persons, number % PERSONS),
            "decision_no": "示综执罚〔2026〕" + serial + "号",
            "violation_type": _pick(["未落实安全生产教育培训", "擅自设置户外广告", "未采取防尘措施"], number % 3),
            "violation_facts": _pick(list(_FACTS), number % 3)
            + "现场检查笔录第"
            + serial
            + "号，"
            + _pick(
                ["证据有现场照片、询问笔录、责令改正通知书。", "当事人对上述事实无异议。", "另有监控录像为证。"],
                rng.integers(0, 3, count),
            ),
            "legal_basis": _pick(list(_BASIS), number % 3),
            "penalty_category": _pick([name for name, _ in _KINDS], kind),
            "penalty_content": "",
            "fine_amount_wan": fine,
            "confiscated_amount_wan": _pick(["", "", "", "0.03"], kind),
            "suspended_or_revoked_licence": "",
            "decision_date": _pick([day.isoformat() for day in days], decided),
            "valid_until": _pick([(day + timedelta(days=365)).isoformat() for day in days], decided),
            "publication_end": _pick([(day + timedelta(days=300)).isoformat() for day in days], decided),
            "authority_name": UNIT,
            "authority_uscc": make_uscc("11", BODY),
            "source_unit_name": UNIT,
            "source_unit_uscc": make_uscc("11", BODY),
            "remark": "",
        }
    )
    before, after = zip(*[text.split("{}") if "{}" in text else (text, "") for _, text in _KINDS], strict=True)
    warned = pl.Series(kind == 0)
    frame = frame.with_columns(
        penalty_content=_pick(list(before), kind)
        + pl.select(pl.when(warned).then(pl.lit("")).otherwise(pl.Series(yuan).cast(pl.String))).to_series()
        + _pick(list(after), kind),
        fine_amount_wan=pl.when(warned).then(pl.lit("")).otherwise(pl.col("fine_amount_wan")),
        publication_end=pl.when(warned).then(pl.lit("")).otherwise(pl.col("publication_end")),
    )
    return _with_faults(frame, rng)


def _with_faults(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """About 4 % of the rows with one fault or odd spelling, 1 % with text that needs quotes in CSV."""
    fault = pl.Series("fault", rng.integers(0, 200, frame.height))
    changes = {
        "violation_facts": [
            (0, pl.lit("")),
            (8, pl.col("violation_facts") + '当事人称,"已经整改"\n附照片'),
            (9, pl.col("violation_facts") + ",另案处理"),
        ],
        "uscc": [(1, pl.col("uscc").str.to_lowercase()), (3, pl.col("uscc").str.slice(0, 17))],
        "decision_date": [(2, pl.col("decision_date").str.replace_all("-", "/"))],
        "fine_amount_wan": [(4, pl.lit("2千"))],
        "remark": [(5, pl.lit("本案不适用简易程序")), (6, pl.lit("联系电话13800138000"))],
        "penalty_category": [(7, pl.lit("罚钱"))],
    }
    return frame.with_columns(
        **{
            name: pl.coalesce([pl.when(fault == number).then(value) for number, value in cases] + [pl.col(name)])
            for name, cases in changes.items()
        }
    )


def titles() -> list[str]:
    kind = load_catalogue().kinds["administrative_penalty"]
    return [kind.fields[name].title for name in kind.variants["entity"]]


def parts(rows: int):
    """The file's rows in frames of at most PART."""
    companies = [make_uscc("91", f"MA3{number:05d}") for number in range(COMPANIES)]
    first_day = date(1950, 1, 1)
    persons = [
        make_id_number(f"370399{first_day + timedelta(days=n % 18_000):%Y%m%d}{100 + n // 18_000}")
        for n in range(PERSONS)
    ]
    for first in range(0, rows, PART):
        yield part(first, min(PART, rows - first), companies, persons)


def write_csv(path: Path, rows: int) -> None:
    with path.open("wb") as target:
        target.write((",".join(titles()) + "\n").encode())
        for frame in parts(rows):
            frame.write_csv(target, include_header=False)


def write_xlsx(path: Path, rows: int) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as workbook:
        sheet = workbook.add_worksheet("行政处罚")
        for column, title in enumerate(titles()):
            sheet.write_string(0, column, title)
        line = 0
        for frame in parts(rows):
            for row in frame.iter_rows():
                line += 1
                for column, value in enumerate(row):
                    if value:
                        sheet.write_string(line, column, value)
