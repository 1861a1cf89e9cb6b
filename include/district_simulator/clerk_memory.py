"""What the clerks sent, kept so that a restarted simulator still knows it."""

from __future__ import annotations

import base64
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import DateCell, NumberCell, Row

_ROW = (
    "dataset",
    "table",
    "truth",
    "canon",
    "ragged",
    "expect",
    "rules",
    "case",
    "note",
    "city",
    "current",
    "replaces",
    "sjc",
)
_DELIVERY = ("day", "dataset", "tail", "batch_no", "done", "state", "case", "note")


def _cell(value: Any) -> Any:
    if isinstance(value, NumberCell):
        return {"number": value.value}
    if isinstance(value, DateCell):
        return {"date": value.value.isoformat()}
    return value


def _uncell(value: Any) -> Any:
    if isinstance(value, dict):
        if "number" in value:
            return NumberCell(value["number"])
        return DateCell(date.fromisoformat(value["date"]))
    return value


def save_day(path: Path, deliveries: list[Delivery], memory: dict[str, list[str]]) -> None:
    """Write a day's corrected deliveries and the clerks' memory; owner only, for they hold ID numbers."""
    out = []
    for delivery in deliveries:
        dialect = delivery.dialect
        out.append(
            {
                **{n: getattr(delivery, n) for n in _DELIVERY},
                "content": base64.b64encode(delivery.content).decode() if delivery.content else None,
                "dialect": [
                    dialect.id,
                    dialect.table,
                    dialect.columns,
                    dialect.dates,
                    dialect.categories,
                    dialect.null_blank,
                ],
                "rows": [
                    {
                        **{n: getattr(r, n) for n in _ROW},
                        "shown": {k: _cell(v) for k, v in r.shown.items()},
                        "extra": {k: _cell(v) for k, v in r.extra.items()},
                    }
                    for r in delivery.rows
                ],
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as target:
        json.dump({"deliveries": out, "memory": memory}, target, ensure_ascii=False)
    os.replace(temporary, path)


def load_deliveries(path: Path) -> list[Delivery]:
    """Read the deliveries back; a day before clerks were asked has none."""
    if not path.exists():
        return []
    out = []
    for item in json.loads(path.read_text(encoding="utf-8"))["deliveries"]:
        content, shape = item.pop("content"), item.pop("dialect")
        dialect = Dialect(shape[0], shape[1], tuple(tuple(c) for c in shape[2]), *shape[3:])
        rows = []
        for values in item.pop("rows"):
            shown = {k: _uncell(v) for k, v in values.pop("shown").items()}
            extra = {k: _uncell(v) for k, v in values.pop("extra").items()}
            rows.append(Row(**values, shown=shown, extra=extra))
        out.append(Delivery(**item, dialect=dialect, rows=rows, content=base64.b64decode(content) if content else None))
    return out


def load_memory(path: Path) -> dict[str, list[str]] | None:
    """What the clerks had done by that day."""
    return json.loads(path.read_text(encoding="utf-8"))["memory"] if path.exists() else None
