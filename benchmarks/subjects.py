"""Resolution, profiles and timeline: cost of a full build, of 5,000 changed records and of a day without any, on 1 and on 5 million.

``./run bench subjects [--records 1000000] [--more 4000000] [--changed 5000] [--nodes] [--json]``. Figures are the database's:
CPU of the server's processes and buffers touched (hit + read) during a build; dbt's own start is client time and stands apart.
Everything is printed as multiples of COPY of the first million rows into an unlogged text table of the same columns.
``--nodes`` also says which dbt nodes grew most (pg_stat_statements; wall time in the server, in ms, and buffers).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "include")]
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import measure  # noqa: E402
from local_stack.arguments import Parser  # noqa: E402

LIMIT = 2.0


def buffers(admin: Any) -> int:
    """Shared buffers touched in this database so far."""
    admin.execute("select pg_stat_force_next_flush()")
    time.sleep(1.2)  # other sessions publish their counters at most once a second
    return admin.execute(
        "select blks_hit + blks_read from pg_stat_database where datname = current_database()"
    ).fetchone()[0]


# dbt's own comment stands before a statement and is not kept, so the node is the relation a statement makes or changes.
_NODES = r"""
    select coalesce(regexp_replace(substring(query from
            '(?:create\s+(?:temporary\s+|unlogged\s+)?table|index(?:\s+if not exists)?(?:\s+"[0-9a-f]+")?\s+on|alter table'
            '|insert into|merge into|delete from|analyze|from)\s+(?:"[a-z_]+"\.)*"([a-z_0-9]+)"'),
            '__dbt_(tmp|backup)[0-9]*$', ''), 'else') as node,
        sum(total_exec_time), sum(shared_blks_hit + shared_blks_read)
    from public.pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) group by 1"""


class Bench:
    def __init__(self, postmaster: int, admin: Any, by_node: bool = False):
        self.postmaster, self.admin, self.by_node = postmaster, admin, by_node

    def nodes(self) -> dict[str, tuple[float, int]]:
        """Milliseconds and buffers per dbt node since they were counted last."""
        found = {node: (float(ms), int(touched)) for node, ms, touched in self.admin.execute(_NODES)}
        self.admin.execute("select public.pg_stat_statements_reset()")
        return found

    def measured(self, work: Any) -> dict[str, Any]:
        """Server CPU, client CPU, wall seconds and buffers of a piece of work."""
        self.admin.execute("checkpoint")
        if self.by_node:
            self.nodes()
        before = buffers(self.admin)
        with measure.measured(self.postmaster) as result:
            work()
        result |= {"buffers": buffers(self.admin) - before}
        return result | ({"nodes": self.nodes()} if self.by_node else {})

    def copy(self, kind: str) -> dict[str, Any]:
        """COPY of a raw table's text columns into an unlogged table, for the yardstick."""
        import psycopg
        from public_credit.base import settings

        with psycopg.connect(settings.dsn("owner"), autocommit=True) as connection, tempfile.TemporaryFile() as rows:
            columns = [
                row[0]
                for row in connection.execute(
                    "select column_name from information_schema.columns where table_schema = 'raw' and table_name = %s",
                    [kind],
                )
            ]
            connection.execute(
                f"create unlogged table raw.bench_copy ({', '.join(f'{name} text' for name in columns)})"
            )
            with connection.cursor() as cursor, cursor.copy(f"copy (select * from raw.{kind}) to stdout") as source:
                for data in source:
                    rows.write(data)
            rows.seek(0)
            with (
                measure.measured(self.postmaster) as result,
                connection.cursor() as cursor,
                cursor.copy("copy raw.bench_copy from stdin") as copy,
            ):
                while data := rows.read(1 << 20):
                    copy.write(data)
            connection.execute("drop table raw.bench_copy")
        return result


# A history is put there without WAL and flushes, then the server is started again as it is in life. Nothing measured of a
# changed day runs with these.
QUICK = {"wal_level": "minimal", "max_wal_senders": "0", "fsync": "off", "max_parallel_maintenance_workers": "0"}


def started_with(server: Any, settings: Mapping[str, str | None]) -> None:
    """Start the server again with settings (None: the usual one)."""
    import psycopg

    if not settings:
        return
    with psycopg.connect(server.url(), autocommit=True) as superuser:
        for name, value in settings.items():
            superuser.execute(
                f"alter system set {name} = '{value}'" if value is not None else f"alter system reset {name}"
            )
    server.stop()
    server.start()


def stage(records: int, options: argparse.Namespace, say: Any, quick: bool = False) -> dict[str, Any]:
    """A fresh warehouse with that many records built at once, then twice so many changed ones; the second time is measured.

    ``quick`` builds the history without WAL, so "full" is no figure to publish then.
    """
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
            from public_credit.build import run as build
            from public_credit.steps.migrate import migrate
            from record_rows import SHARES, World

            migrate()
            counting = {"shared_preload_libraries": "pg_stat_statements"} if options.nodes else {}
            started_with(server, (QUICK if quick else {}) | counting)

            def opened(role: str) -> Any:
                return psycopg.connect(
                    settings.dsn("owner") if role == "owner" else server.url(Path(settings.dsn("owner")).name),
                    autocommit=True,
                )

            def pid() -> int:
                return int((server.data / "postmaster.pid").read_text().split()[0])

            def built(days_later: int = 0) -> None:
                build.run(replace(measure.RUN, on=measure.RUN.on + timedelta(days=days_later)))

            result: dict[str, Any] = {}
            with opened("owner") as owner, opened("admin") as admin:
                bench = Bench(pid(), admin, options.nodes)
                if options.nodes:
                    admin.execute("create extension pg_stat_statements schema public")
                world = World(owner, options.organisations, options.practitioners)
                say(f"writing {records:,} records of {options.organisations:,} organisations")
                world.register()
                result["records"] = world.records(records)
                owner.execute("analyze")
                if not quick:
                    yardstick = [bench.copy(share.kind) for share in SHARES]
                    result["copy"] = {
                        key: sum(item[key] for item in yardstick) for key in ("cpu", "client_cpu", "server_cpu", "wall")
                    }
                say("full build")
                result["full"] = bench.measured(built)
                admin.execute("analyze")
            for role in settings.ROLES:
                settings.engine(role).dispose()
            started_with(server, dict.fromkeys(QUICK) if quick else {})
            with opened("owner") as owner, opened("admin") as admin:
                bench, world.connection = Bench(pid(), admin, options.nodes), owner
                for _ in range(2):  # the first incremental build writes statistics and plans that later ones find
                    say(f"{options.changed:,} changed records")
                    world.changed(options.changed)
                    result["changed"] = bench.measured(built)
                say("a day later, nothing delivered")
                result["nothing"] = bench.measured(lambda: built(1))
            for role in settings.ROLES:
                settings.engine(role).dispose()
        finally:
            server.stop()
    return result


def run(options: argparse.Namespace, say: Any) -> dict[str, Any]:
    small = stage(options.records, options, say)
    large = stage(options.records + options.more, options, say, quick=True)
    return {
        "records": small["records"],
        "records_more": large["records"],
        "copy": small["copy"],
        "full": small["full"],
        "more": large["full"],
        "changed_small": small["changed"],
        "changed_large": large["changed"],
        "nothing_small": small["nothing"],
        "nothing_large": large["nothing"],
        "growth": {key: large["changed"][key] / small["changed"][key] for key in ("server_cpu", "buffers")},
    }


def table(result: dict[str, Any], changed: int) -> str:
    """The result as a table in Markdown."""
    yard = result["copy"]["cpu"]
    lines = ["| what | server CPU s | × COPY | buffers | wall s |", "|---|---|---|---|---|"]
    for label, key in (
        (f"COPY of {result['records']:,} records", "copy"),
        (f"full build, {result['records']:,} records", "full"),
        (f"{changed:,} changed on {result['records']:,}", "changed_small"),
        (f"nothing delivered, {result['records']:,}", "nothing_small"),
        (f"full build, {result['records_more']:,} records, without WAL", "more"),
        (f"{changed:,} changed on {result['records_more']:,}", "changed_large"),
        (f"nothing delivered, {result['records_more']:,}", "nothing_large"),
    ):
        row = result[key]
        lines.append(
            f"| {label} | {row['server_cpu']:.2f} | {row['server_cpu'] / yard:.2f} | {row.get('buffers', 0):,} "
            f"| {row['wall']:.1f} |"
        )
    growth = result["growth"]
    lines += [
        "",
        f"Growth of {changed:,} changed records from {result['records']:,} to {result['records_more']:,}: database time "
        f"{growth['server_cpu']:.2f} ×, buffers {growth['buffers']:.2f} × (limit {LIMIT} ×).",
    ]
    return "\n".join(lines)


def nodes_table(small: dict[str, tuple[float, int]], large: dict[str, tuple[float, int]], most: int = 25) -> str:
    """The nodes whose buffers grew most between two builds, as a table in Markdown."""
    grown = sorted(large, key=lambda node: large[node][1] - small.get(node, (0, 0))[1], reverse=True)[:most]
    lines = ["| node | ms | ms later | buffers | buffers later |", "|---|---|---|---|---|"]
    for node in grown:
        (ms, touched), (later_ms, later) = small.get(node, (0.0, 0)), large[node]
        lines.append(f"| {node} | {ms:.0f} | {later_ms:.0f} | {touched:,} | {later:,} |")
    return "\n".join(lines)


def main() -> None:
    parser = Parser("./run bench subjects", description="主体归集、画像与时间线的代价：全量构建、少量变化、没有变化")
    parser.add_argument("--records", type=int, default=1_000_000, metavar="条数", help="第一次构建的记录数")
    parser.add_argument("--more", type=int, default=4_000_000, metavar="条数", help="之后再加的记录数")
    parser.add_argument("--changed", type=int, default=5_000, metavar="行数", help="变化的记录数")
    parser.add_argument("--organisations", type=int, default=50_000, metavar="个数", help="组织数")
    parser.add_argument("--practitioners", type=int, default=20_000, metavar="人数", help="从业人员数")
    parser.add_argument("--nodes", action="store_true", help="列出代价增长最多的 dbt 节点")
    parser.add_argument("--json", action="store_true", help="按 JSON 输出")
    options = parser.parse_args()
    result = run(options, lambda text: print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True))
    if options.json:
        print(json.dumps(result, indent=1))
        return
    print(table(result, options.changed))
    if options.nodes:
        print("\n" + nodes_table(result["changed_small"]["nodes"], result["changed_large"]["nodes"]))


if __name__ == "__main__":
    main()
