"""What years of daily full rosters cost: bytes a day by table, and landing, gate and build of a day by age of the warehouse.

``./run bench decade [--rows 60000] [--changed 300] [--days 2] [--years 0 1 5] [--whole 20] [--json]``. A register of all
enterprises comes every day as one CSV, of which a few rows changed, and is landed, judged and built as in life. For each age the
missing days are put there in bulk, in the shape that landing and gate give them, and taken in by one build: the last ``--whole`` of
them with all rows, those before with what changed alone (a year of whole rosters is 14 GB). A day to settle comes next, then the
days that are measured. CPU is the database's and ours; bytes are what its tables grew by, indexes and TOAST included.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "include")]
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import measure  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from local_stack.arguments import Parser  # noqa: E402
from subjects import QUICK, Bench, started_with  # noqa: E402

YEAR = 365
DATASET, KIND = "scjg.enterprise_registration", "enterprise_registration"
GOAL = 15e9  # bytes a year
STEPS = ("land", "gate", "build")
_SIZES = """
    select n.nspname || '.' || c.relname, pg_total_relation_size(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'public')"""


class Register:
    """The register as its office exports it, day by day: all rows, the same ones except for some addresses."""

    def __init__(self, rows: int, seed: int = 7):
        from public_credit.identifiers.codes import make_uscc

        number = pl.Series(range(rows)).cast(pl.String)
        usccs = pl.Series([make_uscc("91", f"MA3{n:05d}") for n in range(rows)])
        self.rng, self.moves = np.random.default_rng(seed), np.zeros(rows, dtype=np.int64)
        self.rows = pl.DataFrame(
            {
                "name": "示范区第" + number + "号商贸有限公司",
                "uscc": usccs,
                "former_names": "",
                "business_reg_no": "",
                "org_code": usccs.str.slice(8, 9),
                "entity_type": "有限责任公司（自然人投资或控股）",
                "established_on": "2015-06-01",
                "registered_capital": "500万元人民币",
                "business_scope": "一般项目：日用百货销售；五金产品零售；建筑材料销售；信息咨询服务；货物进出口。许可项目：食品销售；道路货物运输。",
                "province": "山东省",
                "city": "示范市",
                "address": "",
                "state": "存续",
                "legal_rep_name": "法定代表人" + number,
                "predecessor_uscc": "",
            }
        )

    def change(self, count: int) -> None:
        """That many enterprises move."""
        self.moves[self.rng.choice(len(self.moves), count, replace=False)] += 1

    def write(self, path: Path) -> None:
        from public_credit.catalogue import load_catalogue

        fields = load_catalogue().kinds[KIND].fields
        house = pl.Series(np.arange(len(self.moves)) % 900 + 1 + 1000 * self.moves).cast(pl.String)
        told = self.rows.with_columns(address="山东省示范市示范区建设路" + house + "号")
        told.rename({name: fields[name].title for name in told.columns}).write_csv(path)


class Warehouse:
    """A fresh warehouse on a server of its own, with its day."""

    def __init__(self, server: Any, folder: Path, options: argparse.Namespace):
        from public_credit.base import settings

        self.server, self.folder, self.options, self.settings = server, folder, options, settings
        self.register, self.run = Register(options.rows), measure.RUN

    @contextmanager
    def opened(self) -> Iterator[Bench]:
        import psycopg

        url = self.server.url(Path(self.settings.dsn("owner")).name)
        with psycopg.connect(url, autocommit=True) as admin:
            yield Bench(int((self.server.data / "postmaster.pid").read_text().split()[0]), admin)

    def restart(self, values: Mapping[str, str | None]) -> None:
        for role in self.settings.ROLES:
            self.settings.engine(role).dispose()
        started_with(self.server, values)

    def day(self) -> dict[str, Any]:
        """One day: what each of its steps cost, what each table grew by, what the archive took."""
        from public_credit import gate
        from public_credit.build import run as build
        from public_credit.steps import work

        self.run = replace(self.run, on=self.run.on + timedelta(days=1))
        path = self.folder / f"{self.run.on}.csv"
        self.register.write(path)
        steps: dict[str, Callable[[], Any]] = {
            "land": lambda: work.ingest(self.run, DATASET, path),
            "gate": lambda: gate.run(self.run),
            "build": lambda: build.run(self.run),
        }
        with self.opened() as bench:
            before, archived = dict(bench.admin.execute(_SIZES).fetchall()), self._archived()
            result: dict[str, Any] = {step: bench.measured(work) for step, work in steps.items()}
            after = dict(bench.admin.execute(_SIZES).fetchall())
            (state,) = bench.admin.execute("select state from ledger.batch order by seq desc limit 1").fetchone()
        if not state.startswith("accepted"):
            raise SystemExit(f"the roster of {self.run.on} is {state}")
        path.unlink()
        grown = {name: size - before.get(name, 0) for name, size in after.items()}
        return result | {"grown": grown, "total": sum(after.values()), "archived": self._archived() - archived}

    def _archived(self) -> int:
        return sum(path.stat().st_size for path in (self.folder / "archive").rglob("*") if path.is_file())

    def pad(self, days: int) -> None:
        """The rosters of that many days, as landing and gate leave them behind; the build takes them in at once."""
        self.restart(QUICK)
        with self.opened() as bench:
            self._pad(bench.admin, days)
        self.restart(dict.fromkeys(QUICK))
        from public_credit.build import run as build

        build.run(self.run)
        with self.opened() as bench:
            bench.admin.execute("vacuum (analyze)")
            bench.admin.execute("checkpoint")

    def _pad(self, admin: Any, days: int) -> None:
        """Every ``period`` days each enterprise moves: away, and the next time back."""
        from public_credit.ledger import unchanged

        period = self.options.rows // self.options.changed
        raw = f"raw.{KIND}"
        (template,) = admin.execute("select max(seq) from ledger.batch").fetchone()
        columns = [
            name
            for (name,) in admin.execute(
                "select column_name from information_schema.columns where table_schema = 'raw' and table_name = %s",
                [KIND],
            )
        ]
        admin.execute(f"create temp table template as select * from {raw} where batch_seq = %s", [template])
        admin.execute(f"drop index raw.ix_{KIND}_record")
        listed = ", ".join(_padded(name) for name in columns)
        for day in range(days):
            seq = _booked(admin, template)
            values = {"seq": seq, "period": period, "turn": day % period, "away": day // period % 2 == 0}
            which = "" if days - day <= self.options.whole else " where row_no %% %(period)s = %(turn)s"
            there = admin.execute(
                f"insert into {raw} ({', '.join(columns)}) select {listed} from template{which}", values
            ).rowcount
            again = f"from template where row_no % {period} <> {day % period} and {which == ''}"
            admin.execute(unchanged.booking(f"select cast({seq} as bigint) as batch_seq, 1 as attempt, row_no {again}"))
            (same,) = admin.execute(f"select count(*) {again}").fetchone()
            admin.execute(
                "update ledger.batch set state = 'accepted', current_attempt = 1, rows_in = %s, refused = 0, duplicate = %s, "
                "accepted = %s, quarantined = 0 where seq = %s",
                [there, same, there - same, seq],
            )
        admin.execute(f"create index ix_{KIND}_record on {raw} using hash (record_id)")
        admin.execute("drop table template")


def _padded(column: str) -> str:
    """What a padded day has in a column."""
    moved = "case when %(away)s and row_no %% %(period)s = %(turn)s then {} end"
    return {
        "batch_seq": "%(seq)s",
        "attempt": "1",
        "address": f"coalesce({moved.format(chr(39) + '搬走' + chr(39))}, address)",
        "content_hash": f"coalesce({moved.format('cast(md5(cast(content_hash as text)) as uuid)')}, content_hash)",
    }.get(column, column)


def _booked(admin: Any, template: int) -> int:
    """A receipt like the last one, its attempt and its step; the batch."""
    ((seq,),) = admin.execute(
        """
        insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes,
            archive_uri, business_date, gated_on)
        select gen_random_uuid()::text, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes, archive_uri,
            business_date, gated_on from ledger.batch where seq = %s returning seq""",
        [template],
    ).fetchall()
    admin.execute(
        "insert into ledger.attempt (batch_seq, attempt, state, rows_in, rows_landed, refused, business_date) "
        "select %s, 1, state, rows_in, rows_landed, refused, business_date from ledger.attempt where batch_seq = %s",
        [seq, template],
    )
    return int(seq)


def run(options: argparse.Namespace, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The days measured, each with the age of the warehouse in years."""
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
            from public_credit.steps.migrate import migrate

            migrate()
            warehouse, measured, age = Warehouse(server, folder, options), [], 0.0
            say(f"the first roster of {options.rows:,} enterprises")
            warehouse.day()
            for years in sorted(options.years):
                if years > age:
                    say(f"{round((years - age) * YEAR)} days until year {years:g}")
                    warehouse.pad(round((years - age) * YEAR))
                    age = years
                for number in range(options.days + 1):
                    say(f"year {age:g}, day {number}" + ("" if number else " (to settle)"))
                    warehouse.register.change(options.changed)
                    told = warehouse.day() | {"age": age}
                    if number:
                        measured.append(told)
                        say(", ".join(f"{step} {told[step]['server_cpu']:.1f} CPU s" for step in STEPS))
            warehouse.restart({})
        finally:
            server.stop()
    return measured


def _mean(days: list[dict[str, Any]], step: str, what: str) -> float:
    return float(np.mean([day[step][what] for day in days]))


def table(measured: list[dict[str, Any]], options: argparse.Namespace) -> str:
    """Two tables in Markdown: a day by age, and a year's growth by relation."""
    lines = ["| age | database | " + " | ".join(f"{step}: server CPU s, wall s" for step in STEPS) + " | buffers |"]
    lines.append("|---" * (len(STEPS) + 3) + "|")
    for age in sorted({day["age"] for day in measured}):
        days = [day for day in measured if day["age"] == age]
        cells = [f"{_mean(days, step, 'server_cpu'):.1f}, {_mean(days, step, 'wall'):.0f}" for step in STEPS]
        touched = np.mean([sum(day[step]["buffers"] for step in STEPS) for day in days])
        lines.append(f"| {age:g} years | {days[-1]['total'] / 1e9:.1f} GB | {' | '.join(cells)} | {touched:,.0f} |")
    grown = {
        name: YEAR * float(np.mean([day["grown"].get(name, 0) for day in measured])) for name in measured[-1]["grown"]
    }
    total = sum(grown.values())
    lines += ["", "| relation | GB a year | bytes a row delivered |", "|---|---|---|"]
    delivered = YEAR * options.rows
    for name in sorted(grown, key=lambda name: -abs(grown[name])):
        if abs(grown[name]) > total / 500:
            lines.append(f"| {name} | {grown[name] / 1e9:.2f} | {grown[name] / delivered:.1f} |")
    archived = YEAR * float(np.mean([day["archived"] for day in measured]))
    lines += [
        f"| all of the database | {total / 1e9:.2f} | {total / delivered:.1f} |",
        f"| archive (files) | {archived / 1e9:.2f} | {archived / delivered:.1f} |",
        "",
        f"Goal {GOAL / 1e9:.0f} GB a year: {'met' if total <= GOAL else 'not met'}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = Parser("./run bench decade", description="多年全量名录的代价：每天占用的字节，落地、关卡、构建一天的耗时")
    parser.add_argument("--rows", type=int, default=60_000, metavar="行数", help="名录的行数")
    parser.add_argument("--changed", type=int, default=300, metavar="行数", help="每天变化的行数")
    parser.add_argument("--days", type=int, default=2, metavar="天数", help="每个年龄测量的天数")
    parser.add_argument(
        "--years", type=float, nargs="+", default=[0, 1, 5], metavar="年", help="数仓的年龄（年），可列多个"
    )
    parser.add_argument("--whole", type=int, default=20, metavar="天数", help="最近多少天按全部行补入")
    parser.add_argument("--json", action="store_true", help="按 JSON 输出")
    options = parser.parse_args()
    measured = run(options, lambda text: print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True))
    print(json.dumps(measured, indent=1) if options.json else table(measured, options))


if __name__ == "__main__":
    main()
