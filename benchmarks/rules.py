"""CPU of the row rules alone: 1,000,000 penalty rows × 28 columns in chunks of 50,000.

``./run bench rules [--rows N] [--json]``, with two threads of Polars unless ``POLARS_MAX_THREADS`` says otherwise.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "include")]
os.environ.setdefault("POLARS_MAX_THREADS", "2")

import measure  # noqa: E402
import polars as pl  # noqa: E402
from local_stack.arguments import Parser  # noqa: E402
from public_credit.catalogue import load_catalogue  # noqa: E402
from public_credit.identifiers.codes import make_id_number, make_uscc  # noqa: E402
from public_credit.land.rules import load_ruleset  # noqa: E402
from public_credit.land.rules.context import RowContext  # noqa: E402
from public_credit.land.rules.rows import RowRules  # noqa: E402

CHUNK = 50_000
TODAY = date(2026, 2, 25)
PERSONS = 50_000
_KINDS = (
    ("警告", "给予警告。", "", ""),
    ("罚款", "处以罚款{yuan}元。", "{wan}", ""),
    ("警告;罚款", "给予警告，并处罚款{yuan}元。", "{wan}", ""),
    ("没收违法所得、没收非法财物；罚款", "没收违法所得300元，罚款{yuan}元。", "{wan}", "0.03"),
)
_FACTS = "经查，当事人于本年度未按规定建立并落实安全生产教育和培训制度，作业现场缺少警示标志，存在事故隐患。" * 2
_BASIS = "《中华人民共和国安全生产法》第九十七条第一款第三项、《生产安全事故隐患排查治理暂行规定》第二十六条"


def penalty_rows(count: int, seed: int = 7) -> pl.DataFrame:
    """Penalties as a department delivers them, about 4 % of the rows with one fault or odd spelling."""
    rng = random.Random(seed)
    authority = make_uscc("11", "00000102")
    companies = [make_uscc("91", f"MA3{number:05d}") for number in range(20_000)]
    persons = [
        make_id_number(f"370399{date(1950, 1, 1) + timedelta(days=number % 18_000):%Y%m%d}{100 + number // 18_000}")
        for number in range(PERSONS)
    ]
    columns: dict[str, list[str]] = {
        name: [] for name in load_catalogue().kinds["administrative_penalty"].variants["entity"]
    }
    for number in range(count):
        company = rng.randrange(len(companies))
        day = TODAY - timedelta(days=rng.randrange(1, 170))
        kind, content, fine, taken = _KINDS[number % len(_KINDS)]
        yuan = rng.randrange(1, 500) * 100
        row = dict.fromkeys(columns, "") | {
            "subject_name": f"示范区第{company}号商贸有限公司",
            "subject_category": "法人及非法人组织",
            "uscc": companies[company],
            "org_code": companies[company][8:17],
            "legal_rep_name": f"张三{company % 977}",
            "legal_rep_id_type": "身份证",
            "legal_rep_id_no": persons[number % PERSONS],
            "decision_no": f"示应急罚〔2026〕{number}号",
            "violation_type": "未落实安全生产教育培训",
            "violation_facts": f"{_FACTS}现场检查笔录第{number}号。",
            "legal_basis": _BASIS,
            "penalty_category": kind,
            "penalty_content": content.format(yuan=yuan),
            "fine_amount_wan": fine.format(wan=f"{yuan / 10000:g}"),
            "confiscated_amount_wan": taken,
            "decision_date": day.isoformat(),
            "valid_until": (day + timedelta(days=365)).isoformat(),
            "publication_end": (day + timedelta(days=300)).isoformat() if kind != "警告" else "",
            "authority_name": "示范区应急管理局",
            "authority_uscc": authority,
            "source_unit_name": "示范区应急管理局",
            "source_unit_uscc": authority,
        }
        fault = rng.randrange(200)
        if fault == 0:
            row["violation_facts"] = ""
        elif fault == 1:
            row["uscc"] = row["uscc"].lower()
        elif fault == 2:
            row["decision_date"] = day.strftime("%Y/%m/%d")
        elif fault == 3:
            row["uscc"] = row["uscc"][:17]
        elif fault == 4:
            row["fine_amount_wan"] = "2千"
        elif fault == 5:
            row["remark"] = "本案不适用简易程序"
        elif fault == 6:
            row["penalty_category"] = "罚钱"
        elif fault == 7:
            row["legal_rep_id_no"] = row["legal_rep_id_no"][:17] + "A"
        for name, value in row.items():
            columns[name].append(value)
    return pl.DataFrame(columns)


def main() -> None:
    parser = Parser("./run bench rules", description="行规则的处理器时间")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="行数", help="行数")
    parser.add_argument("--json", action="store_true", help="按 JSON 输出")
    options = parser.parse_args()
    kind = load_catalogue().kinds["administrative_penalty"]
    rules = RowRules(kind, "entity", load_ruleset(kind.id))
    distinct = penalty_rows(min(options.rows, 200_000))
    context = RowContext(business_date=TODAY, supplier_usccs=frozenset({distinct["authority_uscc"][0]}))
    rules.apply(distinct.head(1000), context)
    before, started, marked = measure.own_cpu(), time.perf_counter(), 0
    for offset in range(0, options.rows, CHUNK):
        chunk = distinct.slice(offset % distinct.height, CHUNK).head(options.rows - offset)
        verdicts = rules.apply(chunk, context)
        marked += int((verdicts.errors != "").sum())
    result = {
        "rows": options.rows,
        "columns": len(distinct.columns),
        "cpu_seconds": round(measure.own_cpu() - before, 2),
        "wall_seconds": round(time.perf_counter() - started, 2),
        "rows_with_errors": marked,
        "threads": os.environ["POLARS_MAX_THREADS"],
        "peak_mb": measure.peak_mb(),
    }
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:18} {value}")


if __name__ == "__main__":
    main()
