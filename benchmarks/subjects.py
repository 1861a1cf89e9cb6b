"""Resolution, profiles and timeline: cost of a full build, and of 5,000 changed records on 1 and on 5 million.

``./run bench subjects [--records 1000000] [--more 4000000] [--changed 5000] [--json]``. Figures are the database's: CPU of
the server's processes and buffers touched (hit + read) during a build; dbt's own start is client time and stands apart.
Everything is printed as multiples of COPY of the first million rows into an unlogged text table of the same columns.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "include")]
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import measure  # noqa: E402

ON = date(2026, 2, 25)
LIMIT = 2.0


def buffers(admin: Any) -> int:
    """Shared buffers touched in this database so far."""
    admin.execute("select pg_stat_force_next_flush()")
    time.sleep(1.2)  # other sessions publish their counters at most once a second
    return admin.execute("select blks_hit + blks_read from pg_stat_database where datname = current_database()").fetchone()[0]


class Bench:
    def __init__(self, postmaster: int, admin: Any):
        self.postmaster, self.admin = postmaster, admin

    def measured(self, work: Any) -> dict[str, Any]:
        """Server CPU, client CPU, wall seconds and buffers of a piece of work."""
        self.admin.execute("checkpoint")
        before = buffers(self.admin)
        with measure.measured(self.postmaster) as result:
            work()
        return result | {"buffers": buffers(self.admin) - before}

    def copy(self, kind: str) -> dict[str, Any]:
        """COPY of a raw table's text columns into an unlogged table, for the yardstick."""
        import psycopg

        from public_credit import settings

        with psycopg.connect(settings.dsn("owner"), autocommit=True) as connection, tempfile.TemporaryFile() as rows:
            columns = [row[0] for row in connection.execute(
                "select column_name from information_schema.columns where table_schema = 'raw' and table_name = %s", [kind])]
            connection.execute(f"create unlogged table raw.bench_copy ({', '.join(f'{name} text' for name in columns)})")
            with connection.cursor() as cursor, cursor.copy(f"copy raw.{kind} to stdout") as source:
                for data in source:
                    rows.write(data)
            rows.seek(0)
            with measure.measured(self.postmaster) as result, connection.cursor() as cursor, cursor.copy(
                    "copy raw.bench_copy from stdin") as copy:
                while data := rows.read(1 << 20):
                    copy.write(data)
            connection.execute("drop table raw.bench_copy")
        return result


def run(options: argparse.Namespace, say: Any) -> dict[str, Any]:
    import psycopg

    from local_stack.bootstrap import bootstrap
    from local_stack.postgres import Server

    with tempfile.TemporaryDirectory(prefix="pcw-bench-", dir=os.environ.get("PCW_BENCH_FOLDER")) as name:
        folder = Path(name)
        folder.chmod(0o711)
        os.environ["PCW_HOME"] = str(folder)
        server = Server(folder / "postgres")
        server.start()
        try:
            bootstrap(server.url(), server.url, folder)
            from public_credit import build, settings
            from public_credit.ledger.migrate import migrate
            from record_rows import SHARES, World

            migrate()
            postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
            with (psycopg.connect(settings.dsn("owner"), autocommit=True) as owner,
                  psycopg.connect(server.url(owner.info.dbname), autocommit=True) as admin):
                bench = Bench(postmaster, admin)
                world = World(owner, options.organisations, options.practitioners)

                def built() -> None:
                    build.run(ON)

                say(f"writing {options.records:,} records of {options.organisations:,} organisations")
                world.register()
                rows = world.records(options.records)
                owner.execute("analyze")
                yardstick = [bench.copy(share.kind) for share in SHARES]
                result: dict[str, Any] = {"records": rows, "copy": {
                    key: sum(item[key] for item in yardstick) for key in ("cpu", "client_cpu", "server_cpu", "wall")}}
                say("first build")
                result["full"] = bench.measured(built)
                say(f"{options.changed:,} changed records")
                world.changed(options.changed)
                bench.measured(built)  # the first incremental build writes statistics and plans that later ones find
                world.changed(options.changed)
                result["changed_small"] = bench.measured(built)
                say(f"{options.more:,} records more")
                result["records_more"] = rows + world.records(options.more)
                result["more"] = bench.measured(built)
                owner.execute("analyze")
                world.changed(options.changed)
                bench.measured(built)
                world.changed(options.changed)
                result["changed_large"] = bench.measured(built)
        finally:
            server.stop()
    small, large = result["changed_small"], result["changed_large"]
    result["growth"] = {key: large[key] / small[key] for key in ("server_cpu", "buffers")}
    return result


def table(result: dict[str, Any], changed: int) -> str:
    """The result as a table in Markdown."""
    yard = result["copy"]["cpu"]
    lines = ["| what | server CPU s | × COPY | buffers | wall s |", "|---|---|---|---|---|"]
    for label, key in ((f"COPY of {result['records']:,} records", "copy"), (f"full build, {result['records']:,} records", "full"),
                       (f"{changed:,} changed on {result['records']:,}", "changed_small"),
                       (f"build of {result['records_more'] - result['records']:,} more", "more"),
                       (f"{changed:,} changed on {result['records_more']:,}", "changed_large")):
        row = result[key]
        lines.append(f"| {label} | {row['server_cpu']:.2f} | {row['server_cpu'] / yard:.2f} | {row.get('buffers', 0):,} "
                     f"| {row['wall']:.1f} |")
    growth = result["growth"]
    lines += ["", f"Growth of {changed:,} changed records from {result['records']:,} to {result['records_more']:,}: database time "
              f"{growth['server_cpu']:.2f} ×, buffers {growth['buffers']:.2f} × (limit {LIMIT} ×)."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--more", type=int, default=4_000_000)
    parser.add_argument("--changed", type=int, default=5_000)
    parser.add_argument("--organisations", type=int, default=50_000)
    parser.add_argument("--practitioners", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = run(options, lambda text: print(text, file=sys.stderr, flush=True))
    print(json.dumps(result, indent=1) if options.json else table(result, options.changed))


if __name__ == "__main__":
    main()
