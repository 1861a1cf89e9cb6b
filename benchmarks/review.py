"""Review of a list of applicants: issue «three databases», section 4 (10,000 applicants within 10 s).

``./run bench review [--applicants N] [--subjects N] [--records N] [--runs 3] [--json]``. A fresh PostgreSQL with that many
organisations and records (shapes and indexes of the warehouse, contents invented); a list as an office sends it is read,
matched and written as a workbook. Wall seconds of the three parts, medians.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "include")]

import measure  # noqa: E402
from local_stack.arguments import Parser  # noqa: E402

_FILL = """
create table intermediate.bench_record (
    record_id text, kind text, subject_id text, subject_class text, disclosure text, severity_class text, state text, topic text,
    title text, detail text, document_no text, authority_name text, event_on date, ends_on date, objected boolean);
insert into intermediate.bench_record
select 'r' || n, (array['administrative_licence', 'administrative_penalty', 'statutory_rating', 'inspection_result'])[1 + n % 4],
    's' || lpad((1 + n % {subjects})::text, 8, '0'), 'organisation', '公开', case when n % 4 = 1 then
        case when n / 4 % 50 = 1 then 'serious' else 'general' end else '' end, case when n % 3 = 0 then 'expired' else 'current' end,
    '纳税信用', '示例事项 ' || n, '示例内容', '示〔2026〕' || n || '号', '示范区机关', date '2025-01-01' + n % 400, null, false
from generate_series(1, {records}) n;
create index on intermediate.bench_record (subject_id);
create view marts.mart_subjects__timeline as select * from intermediate.bench_record;
create table marts.mart_shuanggongshi__penalty as select record_id, '示例依据' as legal_basis from intermediate.bench_record
where kind = 'administrative_penalty';
create unique index on marts.mart_shuanggongshi__penalty (record_id);
create table marts.mart_lists__entry as
select 'e' || n as record_id, 's' || lpad((1 + n * 7 % {subjects})::text, 8, '0') as subject_id, '严重失信主体名单' as list_kind,
    '示例名单' as list_name, '列' || n as document_no, date '2025-01-01' as entered_on, '事由' as reason, '依据' as legal_basis,
    date '2027-01-01' as term_to, case when n % 4 = 0 then '已移出' else '在列' end as state, false as objected,
    '示范区机关' as authority_name, '公开' as disclosure from generate_series(1, {subjects} / 10) n;
create index on marts.mart_lists__entry (subject_id);
insert into ledger.build (business_date, state) values ('2026-02-26', 'built');
analyze intermediate.bench_record, marts.mart_lists__entry, marts.mart_shuanggongshi__penalty;"""


def _subjects(connection: Any, codes: list[str]) -> None:
    """Subjects with their code and name as identifiers."""
    with connection.cursor() as cursor:
        with cursor.copy(
            "copy subjects.subject (subject_id, canonical_key, subject_class, org_type, uscc, name, name_key, state, "
            "address, legal_rep_name, build_id, gone) from stdin"
        ) as copy:
            for number, code in enumerate(codes, start=1):
                name = f"示范区第{number}商贸有限公司"
                copy.write_row((f"s{number:08d}", code, "enterprise", "", code, name, name, "存续", "", "", 1, False))
        with cursor.copy("copy subjects.identifier (scheme, value, subject_id, reason, build_id) from stdin") as copy:
            for number, code in enumerate(codes, start=1):
                copy.write_row(("uscc", code, f"s{number:08d}", "", 1))
                copy.write_row(("name", f"示范区第{number}商贸有限公司", f"s{number:08d}", "", 1))
    connection.execute("analyze subjects.subject, subjects.identifier")


def _list(codes: list[str], applicants: int) -> bytes:
    """An office's list: most rows with a code, one in ten with a name only, one in twenty unknown."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    sheet = book.add_worksheet("报名表")
    sheet.write_row(0, 0, ["序号", "投标人名称", "统一社会信用代码", "联系地址"])
    for row in range(1, applicants + 1):
        number = 1 + row * 3 % len(codes)
        name = f"示范区第{number}商贸有限公司" if row % 20 else f"外地第{row}商贸有限公司"
        sheet.write_row(row, 0, [str(row), name, "" if row % 10 == 0 else codes[number - 1], "示范区米山路"])
    book.close()
    return buffer.getvalue()


def run(applicants: int, subjects: int, records: int, runs: int, say: Any) -> dict[str, Any]:
    import psycopg
    from local_stack.bootstrap import bootstrap
    from local_stack.postgres import Server

    with tempfile.TemporaryDirectory(prefix="pcw-bench-", dir=os.environ.get("PCW_BENCH_FOLDER")) as name:
        folder = Path(name)
        folder.chmod(0o711)
        os.environ |= {"PCW_HOME": str(folder), "PCW_DISTRICT": "demo"}
        server = Server(folder / "postgres")
        server.start()
        try:
            bootstrap(server.url(), server.url, folder)
            from public_credit.base import settings
            from public_credit.identifiers.codes import make_uscc
            from public_credit.papers import applicants as reading
            from public_credit.papers.review import review
            from public_credit.papers.review_workbook import workbook
            from public_credit.steps.migrate import migrate

            migrate()
            say(f"filling {records:,} records of {subjects:,} organisations")
            codes = [make_uscc("91", f"{number:08d}") for number in range(1, subjects + 1)]
            with psycopg.connect(settings.dsn("builder"), autocommit=True) as builder:
                _subjects(builder, codes)
                builder.execute(_FILL.format(subjects=subjects, records=records))
            content = _list(codes, applicants)
            postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
            parts: dict[str, list[float]] = {"read": [], "review": [], "write": [], "all": [], "cpu": []}
            for number in range(1, runs + 1):
                start = time.perf_counter()
                reading.read(content)
                read = time.perf_counter()
                with measure.measured(postmaster) as cost:
                    reviewed = review(measure.RUN, content, purpose="招标资格审查（纳税信用）")
                    matched = time.perf_counter()
                    workbook(reviewed)
                    done = time.perf_counter()
                times = {
                    "read": read - start,
                    "review": matched - read - (read - start),
                    "write": done - matched,
                    "all": done - read,
                    "cpu": cost["cpu"],
                }
                for part, seconds in times.items():
                    parts[part].append(seconds)
                say(f"run {number}: {times['all']:.1f} s, {times['cpu']:.1f} s CPU")
            return {
                "applicants": applicants,
                "subjects": subjects,
                "records": records,
                "matched": reviewed.count("已比对"),
                "with_hits": sum(bool(line.hits) for line in reviewed.lines),
                **{part: round(median(seconds), 2) for part, seconds in parts.items()},
            }
        finally:
            server.stop()


def main() -> None:
    parser = Parser("./run bench review", description="审查一份申报名单的耗时")
    parser.add_argument("--applicants", type=int, default=10_000, metavar="个数", help="名单上的申报主体数")
    parser.add_argument("--subjects", type=int, default=50_000, metavar="个数", help="主体数")
    parser.add_argument("--records", type=int, default=1_000_000, metavar="条数", help="记录数")
    parser.add_argument("--runs", type=int, default=3, metavar="次数", help="重复次数，取中位数")
    parser.add_argument("--json", action="store_true", help="按 JSON 输出")
    options = parser.parse_args()
    result = run(
        options.applicants,
        options.subjects,
        options.records,
        options.runs,
        lambda text: print(text, file=sys.stderr, flush=True),
    )
    if options.json:
        print(json.dumps(result, indent=1))
        return
    print(
        f"{result['applicants']:,} applicants against {result['records']:,} records of {result['subjects']:,} organisations: "
        f"{result['all']:.1f} s (reading {result['read']:.1f}, matching {result['review']:.1f}, writing {result['write']:.1f}; "
        f"limit 10 s), {result['cpu']:.1f} s CPU of client and server; matched {result['matched']:,}, with hits {result['with_hits']:,}"
    )


if __name__ == "__main__":
    main()
