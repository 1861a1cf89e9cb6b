"""What the demo tells at its end: what came, what became of it, where to look."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from operator import itemgetter

from .stack import Stack


def tell(stack: Stack) -> None:
    """What came, what became of it, where to look."""
    done = subprocess.run(
        [sys.executable, "-m", "public_credit.cli", "status", "--json"],
        env=stack.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    status = json.loads(done.stdout)
    total, city = status["totals"], status["city"]
    slips = stack.query("select count(*), coalesce(sum(rows), 0) from ledger.slip")[0]
    print()
    print(f"业务日期      {status['business_date']}")
    failed = f"，出错 {total['failed']}" if total["failed"] else ""
    print(f"批次          {total['batches']}（扣留 {total['held']}，无法读取 {total['broken']}{failed}）")
    print(f"收到行        {total['rows_in']:,}，其中随批次扣留 {total['rows_held']:,}")
    print(f"放行          {total['accepted']:,}")
    print(f"退回          {total['quarantined']:,}")
    print(f"重复          {total['duplicate']:,}")
    print(f"拒收          {total['refused']:,}")
    print(f"报送市平台    {city['sent']:,}，接收 {city['accepted']:,}，拒收 {city['rejected']:,}")
    print(f"退回单        {slips[0]} 份 {slips[1]:,} 行  {stack.home / 'slips'}")
    _three_databases(stack)
    waiting = Counter(item["rank_title"] for item in sorted(status["open"], key=itemgetter("rank")))
    print(
        f"待办          {len(status['open'])} 项：" + "，".join(f"{title} {count}" for title, count in waiting.items())
    )
    for line in stack.restarts:
        print(f"注意          {line}")
    _editions(stack)
    for path in sorted((stack.home / "publications" / "leadership").glob(f"leadership_{status['business_date']}.*")):
        print(f"领导看板      {path}")
    print(f"Airflow       {stack.airflow.sign_in}")
    print("\n".join(stack.desk.sign_ins()))
    print("办理          ./run credit login engineer（口令见上）：改动数据、出具报告、查看自然人的记录须先登录")
    print("接着看        ./run credit status · ./run credit explain <文书号> · ./run credit subjects show <代码或名称>")


def _three_databases(stack: Stack) -> None:
    """Subjects, their records, lists, and what was turned away."""
    subjects = dict(stack.query("select subject_class, count(*) from subjects.subject where not gone group by 1"))
    # Nobody who looks at the warehouse may count records of persons: this is told as their keeper.
    counts = "select link_state, count(*) from intermediate.int_records__current group by 1"
    records = dict(stack.query(counts, role="owner"))
    listed = stack.query("select count(*) from marts.mart_lists__entry where state = '在列'")[0][0]
    graded = stack.query("select count(*) from marts.mart_subjects__food_drug_grade")[0][0]
    refused = stack.query("select count(*) from ledger.refused_delivery")[0][0]
    print(f"主体          企业 {subjects.get('enterprise', 0):,}，非企业法人 {subjects.get('non_enterprise', 0):,}")
    print(
        f"记录          已关联 {records.get('linked', 0):,}，待关联 {records.get('unresolved', 0):,}，"
        f"自然人 {records.get('person', 0):,}"
    )
    print(f"名单与等级    在列 {listed:,} 条，食品药品信用等级 {graded:,} 户")
    print(f"依法不收      {refused} 份报送在门口退回")


def _editions(stack: Stack) -> None:
    """Frozen years, and what was corrected since."""
    for number, year, restates, by in stack.query(
        "select id, year, restates, decided_by from ledger.edition where state = 'frozen' order by id"
    ):
        print(
            f"{'更正重列' if restates else '年度定稿'}      {year} 年，第 {number} 号，{by.partition('（')[0]} 批准"
            + (f"；逐行差异 ./run credit editions diff {restates} {number}" if restates else "")
        )
