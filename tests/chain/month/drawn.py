"""What departments deliver on a day, drawn by lot and without a look at the warehouse: two runs of one seed get the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

from public_credit.identifiers.codes import make_id_number

from tests.helpers.month import Month, Row

ALWAYS = {"slj.penalty_entity", "qxj.licence_entity", "xzsp.licence_person"}
OFTEN = {
    "scjg.licence_entity",
    "scjg.penalty_entity",
    "scjg.decision_event",
    "xzsp.licence_entity",
    "zhzf.penalty_entity",
}


class Drawn(Month):
    """The departments of the month, some more of them, and clerks who send what came back once more without its fault."""

    def __init__(self, lot: Random, units: tuple[str, ...]):
        super().__init__(None, Path(), lot)
        self.units = units
        self.faulty: list[tuple[str, Row]] = []

    def draws(self) -> dict[str, Callable[[], Row]]:
        return super().draws() | {
            "xzsp.licence_entity": lambda: self.licence() | {"decision_no": self.number("审")},
            "xzsp.licence_person": lambda: (
                {"id_no": self.somebody(), "decision_no": self.number("人")}
                | {"decision_date": self.past(), "valid_to": self.soon()}
            ),
            "wsjk.penalty_entity": lambda: self.penalty() | {"decision_no": self.number("卫")},
            "zhzf.penalty_entity": lambda: self.penalty() | {"decision_no": self.number("综")},
            "slj.penalty_entity": lambda: self.penalty() | {"decision_no": self.number("水")},
            "qxj.licence_entity": lambda: self.licence() | {"decision_no": self.number("气")},
        }

    def somebody(self) -> str:
        """The number of a person, mostly one that nobody has met."""
        return make_id_number(f"37039919{self.lot.randint(60, 99)}0101{self.lot.randrange(1000):03}")

    def _noted(self, dataset_id: str, rows: list[Row]) -> tuple[str, list[Row]]:
        self.handed_in.append((dataset_id, rows))
        self.faulty += [(dataset_id, row) for row in rows if row.get("violation_type") == ""]
        return dataset_id, rows

    def day(self, on: date, joined: tuple[str, ...], *, whole: bool) -> list[tuple[str, list[Row]]]:
        """Deliveries of a day: dataset and what of its example row is different in each row; ``whole``: everybody delivers.

        Rosters come in the first delivery and on Mondays, some of what came back is delivered again, mended.
        """
        self.on = on
        deliver = {*self.units, *joined}
        result: list[tuple[str, list[Row]]] = []
        for dataset_id, roster in self.rosters().items():
            if dataset_id.split(".")[0] in deliver and (whole or on.weekday() == 0):
                result.append(self._noted(dataset_id, roster()))
        for dataset_id, draw in self.draws().items():
            unit = dataset_id.split(".")[0]
            if unit not in deliver or dataset_id == "scjg.registration_backfile":
                continue
            if whole or dataset_id in ALWAYS or self.lot.random() < (0.8 if dataset_id in OFTEN else 0.4):
                result.append(self._noted(dataset_id, [draw() for _ in range(self.lot.randint(2, 6))]))
        if self.faulty and not whole:
            mended, self.faulty = self.faulty[:2], self.faulty[2:]
            result += [
                self._noted(
                    dataset_id, [row | {"violation_type": "违反规定", "subject_name": self._register_name(row)}]
                )
                for dataset_id, row in mended
            ]
        return result

    def _register_name(self, row: Row) -> str:
        return self.names.get(row["uscc"], row["subject_name"])
