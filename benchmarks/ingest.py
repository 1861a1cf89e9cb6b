"""Landing against COPY: issue «双公示 end to end», section 10.

``./run bench ingest [--rows N] [--runs 3] [--json] [--write]``. COPY of the file into an unlogged table of 28 text columns
and the whole landing (encrypted archive, scan, vault, provenance, all verdicts) alternate in processes of their own on one
fresh PostgreSQL; then the gate judges the batch. Client and server CPU first, wall beside it, medians.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "include")]
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import measure  # noqa: E402
from local_stack.arguments import Parser  # noqa: E402

DATASET = "zhzf.penalty_entity"


# --- what is measured, each in a process of its own ---------------------------------------------------------------
def run_copy(path: Path, postmaster: int) -> dict[str, Any]:
    import psycopg
    from penalty_file import titles
    from public_credit.base import settings

    columns = ", ".join(f"c{number} text" for number in range(len(titles())))
    with psycopg.connect(settings.dsn("owner"), autocommit=True) as connection:
        connection.execute("drop table if exists raw.bench_copy")
        connection.execute(f"create unlogged table raw.bench_copy ({columns}) with (autovacuum_enabled = off)")
        with measure.measured(postmaster) as result, path.open("rb") as source:
            with (
                connection.cursor() as cursor,
                cursor.copy("copy raw.bench_copy from stdin (format csv, header true)") as copy,
            ):
                while data := source.read(1 << 20):
                    copy.write(data)
    return result


def run_land(path: Path, postmaster: int) -> dict[str, Any]:
    from public_credit.base import settings  # noqa: F401
    from public_credit.catalogue import load_catalogue
    from public_credit.collect.base import Intake
    from public_credit.land import stream as land

    dataset = load_catalogue().datasets[DATASET]
    settings.engine("collector").connect().close()
    with measure.measured(postmaster) as result:
        intake = Intake(measure.RUN, dataset)
        with path.open("rb") as source:
            intake.take(f"bench:{os.getpid()}", str(os.getpid()), path.name, iter(lambda: source.read(1 << 20), b""))
        landed = land.land(measure.RUN, intake.outcome.batch_seqs[0])
    if landed.state != "landed":
        raise SystemExit(landed.message)
    return result | {
        "seq": landed.batch_seq,
        "rows_in": landed.rows_in,
        "landed": landed.landed,
        "peak_mb": measure.peak_mb(),
    }


def run_gate(seq: int, postmaster: int) -> dict[str, Any]:
    from public_credit import gate
    from public_credit.base import settings
    from public_credit.catalogue import load_catalogue
    from public_credit.gate.suite import Suite

    load_catalogue()
    Suite("administrative_penalty")
    settings.engine("collector").connect().close()
    with measure.measured(postmaster) as result:
        outcome = gate.run(measure.RUN, [seq])[0]
    return result | {"state": outcome.state, "counts": outcome.counts, "peak_mb": measure.peak_mb()}


def run_reader(path: Path, postmaster: int) -> dict[str, Any]:
    from python_calamine import CalamineWorkbook

    with measure.measured(postmaster) as result, path.open("rb") as source:
        rows = CalamineWorkbook.from_filelike(source).get_sheet_by_index(0).to_python()
    return result | {"rows": len(rows)}


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "copy": run_copy,
    "land": run_land,
    "gate": run_gate,
    "reader": run_reader,
}


# --- the run ----------------------------------------------------------------------------------------------------------
class Bench:
    def __init__(self, folder: Path, server: Any):
        self.folder, self.server = folder, server
        self.postmaster = _postmaster(server)

    def step(self, name: str, argument: str) -> dict[str, Any]:
        import psycopg

        if name != "gate":  # the gate follows the landing, in life and here
            with psycopg.connect(self.server.url(), autocommit=True) as admin:
                admin.execute("checkpoint")
        done = subprocess.run(
            [sys.executable, __file__, "--step", name, argument, str(self.postmaster)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{name}: {done.stderr[-3000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def drop(self, seq: int) -> None:
        """Make room: the benchmark's database is thrown away anyway."""
        import psycopg
        from public_credit.base import settings

        with psycopg.connect(self.server.url(Path(settings.dsn("owner")).name), autocommit=True) as owner:
            owner.execute("set session_replication_role = replica")  # past the triggers that keep evidence
            owner.execute(
                "truncate raw.administrative_penalty, ledger.batch, ledger.row_outcome, ledger.row_verdict, "
                "ledger.repeated_row, ledger.quarantine cascade"
            )
            owner.execute("truncate vault.secret")


def _postmaster(server: Any) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def _middle(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: median(result[name] for result in results) for name in ("cpu", "client_cpu", "server_cpu", "wall")}


def run(rows: int, runs: int, excel_rows: int, say: Any) -> dict[str, Any]:
    from local_stack.bootstrap import bootstrap
    from local_stack.postgres import Server
    from penalty_file import write_csv, write_xlsx

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
            bench = Bench(folder, server)
            csv, small, excel = folder / "penalties.csv", folder / "small.csv", folder / "penalties.xlsx"
            say(f"writing {rows:,} rows")
            write_csv(csv, rows)
            write_csv(small, max(rows // 10, 1))
            say("warming up")
            bench.drop(bench.step("land", str(csv))["seq"])  # from here on the server's log files are recycled
            copies, landings, gates = [], [], []
            for number in range(1, runs + 1):
                copies.append(bench.step("copy", str(csv)))
                landings.append(bench.step("land", str(csv)))
                say(
                    f"run {number}: COPY {copies[-1]['cpu']:.2f} s, landing {landings[-1]['cpu']:.2f} s CPU "
                    f"({landings[-1]['client_cpu']:.2f} + {landings[-1]['server_cpu']:.2f})"
                )
                gates.append(bench.step("gate", str(landings[-1]["seq"])))
                say(f"       gate {gates[-1]['cpu']:.2f} s CPU, {gates[-1]['state']}")
                bench.drop(landings[-1]["seq"])
            tenth = bench.step("land", str(small))
            bench.drop(tenth["seq"])
            result: dict[str, Any] = {
                "rows": rows,
                "runs": runs,
                "file_mb": csv.stat().st_size >> 20,
                "copy": _middle(copies),
                "land": _middle(landings) | {"peak_mb": max(item["peak_mb"] for item in landings)},
                "land_tenth": {"peak_mb": tenth["peak_mb"]},
                "gate": _middle(gates),
            }
            if excel_rows:
                say(f"writing {excel_rows:,} rows of xlsx")
                write_xlsx(excel, excel_rows)
                readers, sheets = [], []
                for _ in range(runs):
                    readers.append(bench.step("reader", str(excel)))
                    sheets.append(bench.step("land", str(excel)))
                    bench.drop(sheets[-1]["seq"])
                result |= {
                    "excel_rows": excel_rows,
                    "reader": _middle(readers),
                    "excel": _middle(sheets) | {"peak_mb": max(item["peak_mb"] for item in sheets)},
                }
        finally:
            server.stop()
    copy = result["copy"]["cpu"]
    result["ratios"] = {"landing": result["land"]["cpu"] / copy, "gate": result["gate"]["cpu"] / copy}
    if excel_rows:
        result["ratios"]["excel"] = result["excel"]["cpu"] / result["reader"]["cpu"]
    return result


LIMITS = {"landing": 2.8, "gate": 0.3, "excel": 2.0}


def table(result: dict[str, Any]) -> str:
    """The result as a table in Markdown."""
    lines = ["| what | CPU s | client | server | wall s | ratio | limit |", "|---|---|---|---|---|---|---|"]

    def add(label: str, name: str, ratio: str = "") -> None:
        row = result[name]
        shown = f"{result['ratios'][ratio]:.2f} ×" if ratio else "1"
        lines.append(
            f"| {label} | {row['cpu']:.2f} | {row['client_cpu']:.2f} | {row['server_cpu']:.2f} | {row['wall']:.1f} "
            f"| {shown} | {f'{LIMITS[ratio]} ×' if ratio else ''} |"
        )

    add(f"COPY, {result['rows']:,} rows × 28 columns ({result['file_mb']} MB)", "copy")
    add("landing, everything", "land", "landing")
    add("gate with Great Expectations, in addition", "gate", "gate")
    if "reader" in result:
        add(f"xlsx reader library alone, {result['excel_rows']:,} rows", "reader")
        add("xlsx landed", "excel", "excel")
    lines += [
        "",
        f"Peak memory of our processes: {result['land']['peak_mb']} MB for {result['rows']:,} rows, "
        f"{result['land_tenth']['peak_mb']} MB for {max(result['rows'] // 10, 1):,} rows (limit 500 MB)"
        + (f"; xlsx {result['excel']['peak_mb']} MB." if "excel" in result else "."),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = Parser("./run bench ingest", description="落地的代价，与 COPY 交替比较")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="行数", help="CSV 的行数")
    parser.add_argument("--runs", type=int, default=3, metavar="次数", help="重复次数，取中位数")
    parser.add_argument("--excel-rows", type=int, default=100_000, metavar="行数", help="工作簿的行数")
    parser.add_argument("--json", action="store_true", help="按 JSON 输出")
    parser.add_argument("--write", action="store_true", help="把结果写入 docs/performance.md")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, argument, postmaster = options.step
        value = int(argument) if name == "gate" else Path(argument)
        print(json.dumps(STEPS[name](value, int(postmaster))))
        return
    result = run(options.rows, options.runs, options.excel_rows, lambda text: print(text, file=sys.stderr, flush=True))
    print(json.dumps(result, indent=1) if options.json else table(result))


if __name__ == "__main__":
    main()
