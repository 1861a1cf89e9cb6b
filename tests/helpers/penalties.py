"""Hand in small files of penalties made from the catalogue's own example row."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

from public_credit import gate
from public_credit.catalogue import load_catalogue
from public_credit.papers.template import example
from public_credit.steps import work

from tests.helpers.runs import run_on

ON = date(2026, 2, 25)
DATASET = "zhzf.penalty_entity"


def rows(count: int, **changes: str) -> list[dict[str, str]]:
    """Valid penalties with numbers 1, 2, … ; ``changes`` apply to all of them."""
    dataset = load_catalogue().datasets[DATASET]
    unit = load_catalogue().units[dataset.unit]
    first = example(load_catalogue().kinds[dataset.kind], dataset.variant, unit.name, unit.uscc)
    return [first | {"decision_no": f"示罚决〔2026〕{number}号"} | changes for number in range(1, count + 1)]


def csv_bytes(given: list[dict[str, str]]) -> bytes:
    """The rows as a department's CSV, with the official titles."""
    fields = load_catalogue().kinds["administrative_penalty"].fields
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([fields[name].title for name in given[0]])
    writer.writerows(row.values() for row in given)
    return target.getvalue().encode()


def land(folder: Path, name: str, content: bytes, on: date = ON) -> int:
    """Book and land a file, without judging it; the batch sequence."""
    path = folder / name
    path.write_bytes(content)
    return work.ingest(run_on(on), DATASET, path).batch_seqs[0]


def judge(seq: int, on: date = ON) -> Any:
    """Judge one batch."""
    return gate.run(run_on(on), [seq])[0]
