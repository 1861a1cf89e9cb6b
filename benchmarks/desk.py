"""Pages of the desk: wall time of every main page as the person who asks for it, at a chosen size; target p95 under 200 ms.

``./run bench desk [--records 1000000] [--organisations 50000] [--times 40] [--only word] [--keep folder] [--json]``. A fresh warehouse of
that many invented records (those of ``bench subjects``) with one build and one release of which one in a hundred was refused; each page is asked ``--times`` times,
with another record, name or batch each time where it is of one, after it was asked for as often unmeasured. Milliseconds of the whole request
in this process, medians and p95; of a page on average: processor time of this process and of the database's, statements, blocks of the
database they touched. ``--keep``: the warehouse
is made in this folder, stays there, and is migrated and asked again the next time; ``--only``: pages whose name holds this word.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "include")]
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import measure  # noqa: E402
from local_stack.arguments import Parser  # noqa: E402

TARGET = 200  # milliseconds, p95
_PERSON = """
    select record_id from intermediate.int_records__current where subject_class is distinct from 'organisation'
    order by md5(record_id) limit %s"""
_TAKEN = """
    update ledger.delivery_state set state = case when item_id %% 100 = 0 then 'rejected' else 'accepted' end,
        receipt_code = case when item_id %% 100 = 0 then '3003' else '0000' end, attempts = 1, sent_at = clock_timestamp(),
        booked_at = clock_timestamp(), booked_on = %(on)s"""
_BLOCKS = "select blks_hit + blks_read from pg_stat_database where datname = current_database()"
_TOLD = 1.1  # seconds; a process of the database tells its counts at most once a second
_FIRM = """
    select record_id, kind, document_no, lookup_value, batch_seq, row_no from intermediate.int_records__current
    where subject_class = 'organisation' and document_no <> '' order by md5(record_id) limit %s"""


def _pages(owner: Any, times: int) -> dict[str, tuple[str, list[str]]]:
    """Page → who asks, addresses."""
    firms = owner.execute(_FIRM, [times]).fetchall()
    persons = [row[0] for row in owner.execute(_PERSON, [times]).fetchall()]
    names = [row[0] for row in owner.execute("select name from subjects.subject order by md5(name) limit %s", [times])]
    batches = [row[0] for row in owner.execute("select seq from ledger.batch order by seq").fetchall()]
    releases = [row[0] for row in owner.execute("select release_id from ledger.release").fetchall()]
    many = lambda path: [path] * times  # noqa: E731
    each = lambda path, given: [path.format(quote(str(given[n % len(given)]), safe="")) for n in range(times)]  # noqa: E731
    found = {
        "装载 /intake，重算": ("engineer", many("/intake")),
        "装载 /intake，几秒内": ("engineer", many("/intake")),
        "批次 /batches": ("engineer", many("/batches")),
        "一个批次": ("engineer", each("/batches/{}", batches)),
        "退回行 /quarantine": ("engineer", many("/quarantine")),
        "主体待办 /subjects": ("engineer", many("/subjects")),
        "一个主体": ("engineer", each("/subjects/find?key={}", names)),
        "变更单 /releases": ("leadership", many("/releases")),
        "报送 /deliveries": ("engineer", many("/deliveries")),
        "规则趋势 /trends": ("auditor", many("/trends")),
        "查文书号": ("auditor", each("/find?q={}", [row[2] for row in firms])),
        "查名称": ("auditor", each("/find?q={}", names)),
        "一条组织记录": ("auditor", each("/records/{}", [row[0] for row in firms])),
        "一行": ("auditor", [f"/batches/{row[4]}/rows/{row[5]}" for row in firms]),
        "数字的明细": ("auditor", many("/figures/T05/1/all/2026")),
        "血缘": ("auditor", many("/lineage/exp_city__cf_fr.cf_wsh")),
        "我的报送 /mine": ("clerk", many("/mine")),
        "目标进度 /targets": ("leadership", many("/targets")),
    }
    if persons:
        found["一条自然人记录"] = ("auditor", each("/records/{}?purpose=%E6%A0%B8%E6%9F%A5", persons))
    if releases:
        found["一份变更单"] = ("leadership", each("/releases/{}", releases))
    return found


def _blocks(admin: Any) -> int:
    """Blocks of 8 KiB the database has touched so far, hits and reads."""
    return int(admin.execute(_BLOCKS).fetchone()[0])


def _processor(admin: Any) -> float:
    """Milliseconds of processor time this process and the database server have used so far."""
    (folder,) = admin.execute("show data_directory").fetchone()
    postmaster = int(Path(folder, "postmaster.pid").read_text(encoding="ascii").split()[0])
    return 1000 * (time.process_time() + measure.server_cpu(postmaster))


def _timed(client: Any, addresses: list[str], counted: list[int], fresh: Any, admin: Any) -> dict[str, Any]:
    for address in addresses:  # once unmeasured: connections, templates, rule files, plans
        client.get(address)
    time.sleep(_TOLD)
    before, used = _blocks(admin), _processor(admin)
    taken, statements, answers = [], [], set()
    for address in addresses:
        fresh()
        counted[0] = 0
        start = time.perf_counter()
        answer = client.get(address)
        taken.append((time.perf_counter() - start) * 1000)
        statements.append(counted[0])
        answers.add(answer.status_code)
    used = _processor(admin) - used
    time.sleep(_TOLD)
    return {
        "median": median(taken),
        "p95": sorted(taken)[int(len(taken) * 0.95) - 1],
        "worst": max(taken),
        "statements": max(statements),
        "processor": used / len(addresses),
        "blocks": (_blocks(admin) - before) // len(addresses),
        "answers": sorted(answers),
    }


def _people() -> dict[str, Any]:
    from public_credit.catalogue import load_catalogue
    from public_credit.desk import sessions
    from public_credit.ledger.states import Channel

    first: dict[str, Any] = {}
    for account in load_catalogue().users.values():
        if account.role not in first:
            first[account.role] = sessions.admit(account, Channel.DESK)
    return first


def _built(owner: Any, admin: Any, options: argparse.Namespace, say: Any) -> int:
    """Make the warehouse: records, a build, a release that was taken; how many records."""
    from public_credit.build import run as build
    from public_credit.ledger.states import BuildState
    from public_credit.steps import work
    from record_rows import World

    world = World(owner, options.organisations, options.practitioners)
    say(f"writing {options.records:,} records of {options.organisations:,} organisations")
    world.register()
    written = world.records(options.records)
    owner.execute("analyze")
    say("building")
    build.run(measure.RUN)
    say("preparing a release")
    work.release(measure.RUN)
    say("taking it as delivered")
    owner.execute(_TAKEN, {"on": measure.RUN.on})
    admin.execute("vacuum analyze")
    assert owner.execute("select state from ledger.build").fetchone() == (BuildState.BUILT,)
    return written


def _asked(owner: Any, admin: Any, options: argparse.Namespace, say: Any) -> dict[str, dict[str, Any]]:
    """Ask every page; its figures by its name."""
    from public_credit.desk import app, guard
    from public_credit.desk.pages import work as pages
    from sqlalchemy import Engine, event
    from starlette.testclient import TestClient

    counted = [0]
    event.listen(Engine, "before_cursor_execute", lambda *_: counted.__setitem__(0, counted[0] + 1))
    made, people = app.application(), _people()
    told: dict[str, dict[str, Any]] = {}
    for page, (role, addresses) in _pages(owner, options.times).items():
        if options.only not in page:
            continue
        client = TestClient(made, base_url="http://127.0.0.1:8090", follow_redirects=False)
        client.cookies.set(guard.COOKIE, people[role].token)
        fresh = pages.kept.forget if "重算" in page else lambda: None
        told[page] = one = {"role": role} | _timed(client, addresses, counted, fresh, admin)
        figures = f"{one['median']:.0f} / {one['p95']:.0f} ms, processor {one['processor']:.0f} ms"
        figures += f", {one['statements']} statements, {one['blocks']:,} blocks"
        say(f"{page} {figures} {one['answers']}")
    return told


def run(options: argparse.Namespace, say: Any) -> dict[str, Any]:
    import psycopg
    from local_stack.bootstrap import bootstrap
    from local_stack.postgres import Server

    with contextlib.ExitStack() as held:
        where = options.keep or held.enter_context(
            tempfile.TemporaryDirectory(prefix="pcw-bench-", dir=os.environ.get("PCW_BENCH_FOLDER"))
        )
        folder = Path(where).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        os.environ |= {"PCW_HOME": str(folder), "PCW_DISTRICT": "demo"}
        server = Server(folder / "postgres")
        server.start()
        held.callback(server.stop)
        bootstrap(server.url(), server.url, folder)
        from public_credit.base import settings
        from public_credit.steps.migrate import migrate

        for role in settings.ROLES:
            held.callback(settings.engine(role).dispose)
        migrate()
        owner = held.enter_context(psycopg.connect(settings.dsn("owner"), autocommit=True))
        database = Path(settings.dsn("owner")).name
        admin = held.enter_context(psycopg.connect(server.url(database), autocommit=True))
        note = folder / "records.json"
        if not note.exists():
            note.write_text(json.dumps(_built(owner, admin, options, say)), encoding="utf-8")
        return {"records": json.loads(note.read_text(encoding="utf-8")), "pages": _asked(owner, admin, options, say)}


def table(figures: dict[str, Any]) -> str:
    """The figures as a table in Markdown."""
    lines = [
        "| page | asked by | median ms | p95 ms | worst ms | processor ms | statements | blocks |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {page} | {told['role']} | {told['median']:.0f} | {told['p95']:.0f} | {told['worst']:.0f} | {told['processor']:.0f} "
        f"| {told['statements']} | {told['blocks']:,} |"
        for page, told in figures["pages"].items()
    ]
    late = [page for page, told in figures["pages"].items() if told["p95"] > TARGET]
    return "\n".join([*lines, "", f"{figures['records']:,} records; over {TARGET} ms: {'、'.join(late) or 'none'}."])


def main() -> None:
    parser = Parser("./run bench desk", description="工作台各页的耗时（毫秒，中位数与 p95），以各自的使用者登录")
    parser.add_argument("--records", type=int, default=1_000_000, metavar="条数", help="记录数")
    parser.add_argument("--organisations", type=int, default=50_000, metavar="个数", help="组织数")
    parser.add_argument("--practitioners", type=int, default=20_000, metavar="人数", help="从业人员数")
    parser.add_argument("--times", type=int, default=40, metavar="次数", help="每页请求次数")
    parser.add_argument("--only", default="", metavar="文字", help="只测名称中有这些文字的页")
    parser.add_argument("--keep", metavar="文件夹", help="数仓保留在此，已有的直接使用")
    parser.add_argument("--json", action="store_true", help="按 JSON 输出")
    options = parser.parse_args()
    figures = run(options, lambda text: print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True))
    print(json.dumps(figures, indent=1, ensure_ascii=False) if options.json else table(figures))


if __name__ == "__main__":
    main()
