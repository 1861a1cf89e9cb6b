"""The departments' clerks: read our 退回单, correct the rows and send them again, each in his own way."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

import openpyxl

from district_simulator.book import Book
from district_simulator.decisions.headings import on_day
from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.tables import TABLES
from district_simulator.vocabulary.units import DECISION_DATASETS, table_of, unit_of
from district_simulator.vocabulary.workcalendar import CALENDAR

PLACE = ["批次", "文件", "工作表", "行号"]
REASON = ["退回原因", "修改办法", "出错字段", "原填内容", "规则"]
HIDDEN = "已隐去"
EASY = {"R01", "R06", "R11", "R13", "R15"}  # rules whose faults a careless clerk may send again unchanged


def heading(text: Any) -> str:
    """Heading folded for comparison: brackets' text decides where there are brackets with a code name."""
    folded = unicodedata.normalize("NFKC", str(text or "")).strip()
    inner = re.search(r"代码_\d\((.+)\)", folded)
    return inner.group(1) if inner else folded


class SlipFile:
    """One returned workbook."""

    def __init__(self, path: Path):
        self.path = path
        self.book = openpyxl.load_workbook(path)
        self.sheet = next(
            s for s in self.book.worksheets if "退回原因" in {heading(c.value) for c in next(s.iter_rows(max_row=1))}
        )
        self.headers = [str(c.value or "") for c in next(self.sheet.iter_rows(max_row=1))]
        self.lines = [row for row in self.sheet.iter_rows(min_row=2) if any(c.value not in (None, "") for c in row)]
        names = {heading(h): i for i, h in enumerate(self.headers)}
        self.at = {word: names[word] for word in (*PLACE, *REASON) if word in names}

    def fields(self, table: str) -> dict[int, str]:
        """Column number → field, by heading text or official code."""
        known = {heading(title): name for name, _, title in TABLES[table]}
        known |= {code: name for name, code, _ in TABLES[table]}
        known |= {"法定代表人身份证号": "legal_rep_id_no", "行政许可决定书文号": "decision_no"}
        return {i: known[heading(h)] for i, h in enumerate(self.headers) if heading(h) in known}

    def text(self, line: tuple, column: str) -> str:
        at = self.at.get(column)
        return "" if at is None or line[at].value is None else str(line[at].value)


class Clerks:
    """All clerks; they remember what they have already corrected."""

    def __init__(self, book: Book, slips: Path, memory: dict[str, list[str]] | None = None):
        self.book, self.slips = book, slips
        self.memory = memory or {"slips": [], "done": []}

    def redeliver(self, day: int, deliveries: list[Delivery]) -> list[Delivery]:
        """Corrected deliveries of a day, from all slips not yet seen; nothing without slips."""
        found: dict[str, list[tuple[SlipFile, list[tuple[tuple, Row]]]]] = defaultdict(list)
        index = Index([d for d in deliveries if d.day < day])
        for path in sorted(self.slips.glob("*/*.xlsx")) if self.slips.exists() else []:
            name = f"{path.parent.name}/{path.name}"
            if name in self.memory["slips"] or path.name.startswith("~$"):
                continue
            self.memory["slips"].append(name)
            slip = SlipFile(path)
            dataset = self._dataset(path, slip, index)
            if dataset is None:
                continue
            matched = [
                (line, row)
                for line in slip.lines
                if (row := index.find(slip, line, dataset)) is not None and self._new(row)
            ]
            if matched:
                found[dataset].append((slip, matched))
        return [
            delivery
            for dataset, slips in sorted(found.items())
            for delivery in self._send(day, dataset, slips, deliveries)
        ]

    @staticmethod
    def _dataset(path: Path, slip: SlipFile, index: Index) -> str | None:
        """By the folder of the unit and the table in the slip's own name, else by the file its first line names."""
        table = "licence" if "_行政许可" in path.name else "penalty" if "_行政处罚" in path.name else ""
        named = f"{path.parent.name}.{table}_{'person' if '自然人' in path.name else 'entity'}"
        if named not in DECISION_DATASETS:
            named = index.dataset_of.get(slip.text(slip.lines[0], "文件") if slip.lines else "", "")
        return named if named in DECISION_DATASETS else None

    def _new(self, row: Row) -> bool:
        mark = identity(row)
        if mark in self.memory["done"] or row.expect != "quarantined":
            return False
        self.memory["done"].append(mark)
        return True

    def _mend(self, row: Row, day: int, careless: int = 0) -> Row | None:
        """The corrected row; unchanged where the clerk may be careless; None when he leaves it lying."""
        roll = int(hashlib.sha256(identity(row).encode()).hexdigest(), 16) % 10
        rekey = self.book.rekey.get(row.truth["decision_no"])
        if roll == 0 and not rekey:
            self.memory["done"].remove(identity(row))
            return None
        if careless > 0 and roll in (1, 2, 3) and not rekey and set(row.rules) <= EASY and not row.ragged:
            again = row.again()
            again.shown = {}
            again.plant(f"C{day}-{_tag(row)}", list(row.rules), "quarantined", f"退回后未改即重报（原 {row.case}）")
            again.city = row.city
            return again
        new = row.clone()
        new.sjc = ""
        if rekey:
            new.replaces = new.truth["decision_no"]
            new.fix(decision_no=rekey)
            note = f"退回更正并更正文号（原 {row.case}）：旧记录 DEL，新记录 ADD"
        else:
            note = f"退回更正（原 {row.case}）"
        return new.plant(f"C{day}-{_tag(row)}", [], "accepted", note)

    def _send(self, day: int, dataset: str, slips: list, before: list[Delivery]) -> list[Delivery]:
        style = {
            "wsjk": self._edited_workbook,
            "jtys": self._retyped_slip,
            "zjj": self._retyped_slip,
            "zhzf": self._resorted_original,
        }.get(unit_of(dataset).id, self._own_system)
        return style(day, dataset, slips, before)

    def _edited_workbook(self, day: int, dataset: str, slips: list, before: list[Delivery]) -> list[Delivery]:
        """The slip itself, corrected in place; rows not yet clear are deleted from it."""
        out: list[Delivery] = []
        for n, (slip, matched) in enumerate(slips):
            fields, rows, keep = slip.fields(table_of(dataset)), list[Row](), set[int]()
            for line, old in matched:
                new = self._mend(old, day, _patience(matched, rows))
                if new is None:
                    continue
                rows.append(new)
                keep.add(line[0].row)
                for i, field in fields.items():
                    if new.expect == "accepted" or HIDDEN in str(line[i].value or ""):
                        line[i].value = new.get(field) or None
                        line[i].number_format = "@"
            for number in sorted({line[0].row for line in slip.lines} - keep, reverse=True):
                slip.sheet.delete_rows(number)
            if rows:
                buffer = io.BytesIO()
                slip.book.save(buffer)
                out.append(
                    Delivery(
                        day,
                        dataset,
                        _slip_dialect(slip, dataset),
                        rows,
                        tail=f"_退回更正{n or ''}",
                        case="edited_slip",
                        note="在退回单上直接更正",
                        content=buffer.getvalue(),
                    )
                )
        return out

    def _retyped_slip(self, day: int, dataset: str, slips: list, before: list[Delivery]) -> list[Delivery]:
        """The slip's sheet saved in the department's own format."""
        out: list[Delivery] = []
        for n, (slip, matched) in enumerate(slips):
            rows: list[Row] = []
            for line, old in matched:
                new = self._mend(old, day, _patience(matched, rows))
                if new is None:
                    continue
                new.extra = {h: slip.text(line, heading(h)) for h in slip.headers if heading(h) in slip.at}
                rows.append(new)
            if rows:
                out.append(
                    Delivery(
                        day,
                        dataset,
                        _slip_dialect(slip, dataset),
                        rows,
                        tail=f"_退回更正{n or ''}",
                        case="edited_slip",
                        note="退回单另存为本单位格式后更正",
                    )
                )
        return out

    def _resorted_original(self, day: int, dataset: str, slips: list, before: list[Delivery]) -> list[Delivery]:
        """The original file again, corrected and sorted differently."""
        wanted = {id(row): row for _, matched in slips for _, row in matched}
        out: list[Delivery] = []
        for original in (d for d in before if d.dataset == dataset and d.day < day):
            if not any(id(r) in wanted for r in original.rows):
                continue
            rows = []
            for row in original.rows:
                new = self._mend(row, day) if id(row) in wanted else None
                if new is not None:
                    new.extra = dict(row.extra)
                else:
                    new = row.again()
                    new.case = ""
                rows.append(new)
            rows.sort(key=lambda r: (r.truth["subject_name"], r.truth["decision_no"]))
            if not any(r.case for r in rows):
                continue  # nothing is clear yet
            out.append(
                Delivery(
                    day,
                    dataset,
                    original.dialect,
                    rows,
                    tail=f"_退回更正{len(out) or ''}",
                    case="resorted_original",
                    note="原文件更正后换序重报",
                )
            )
        return out

    def _own_system(self, day: int, dataset: str, slips: list, before: list[Delivery]) -> list[Delivery]:
        """Corrected in the business system, which delivers the rows anew."""
        rows = [new for _, matched in slips for _, row in matched if (new := self._mend(row, day)) is not None]
        dialect = on_day(dataset, day)
        for i, row in enumerate(rows):
            row.extra = {h: "1" if h == "syfw" else "" for f, h in dialect.columns if f is None}
            row.sjc = f"{CALENDAR[day].isoformat()}T17:{i // 60:02d}:{i % 60:02d}"
        if not rows:
            return []
        delivery = Delivery(
            day, dataset, dialect, rows, tail="_thgz", case="corrected_in_system", note="业务系统更正后重报"
        )
        if delivery.format == "db":
            delivery.batch_no = self.book.batch_number(unit_of(dataset).id, day)
        return [delivery]


def _patience(matched: list, rows: list[Row]) -> int:
    """How many rows may still go back unchanged: one in eight, so that the batch as a whole stays good."""
    return len(matched) // 8 - sum(r.expect == "quarantined" for r in rows)


def _slip_dialect(slip: SlipFile, dataset: str) -> Dialect:
    fields = slip.fields(table_of(dataset))
    columns = tuple((fields.get(i), h) for i, h in enumerate(slip.headers))
    return Dialect("edited_slip", table_of(dataset), columns)


def identity(row: Row) -> str:
    """One decision of one subject, whatever was typed."""
    truth = row.truth
    subject = truth.get("uscc") or truth.get("id_no") or truth.get("org_code") or truth["subject_name"]
    return hashlib.sha256(f"{row.dataset}|{truth['decision_no']}|{subject}".encode()).hexdigest()[:24]


def _tag(row: Row) -> str:
    return f"{row.case or identity(row)[:8]}"


class Index:
    """Finds a clerk's own row for a line of a slip."""

    def __init__(self, deliveries: list[Delivery]):
        self.places: dict[tuple[str, str], Row] = {}
        self.numbers: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self.names: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self.dataset_of: dict[str, str] = {}
        offsets: dict[tuple[int, str, str], int] = defaultdict(int)
        for delivery in deliveries:
            self.dataset_of[delivery.name] = delivery.dataset
            receipt = (delivery.day, delivery.dataset, delivery.name)
            for place, row in zip(delivery.places(offsets[receipt]), delivery.rows, strict=True):
                self.places[delivery.name, str(place)] = row
                if row.expect == "quarantined":
                    self.numbers[delivery.dataset, row.get("decision_no")].append(row)
                    self.names[delivery.dataset, row.get("subject_name")].append(row)
            offsets[receipt] += len(delivery.rows)

    def find(self, slip: SlipFile, line: tuple, dataset: str) -> Row | None:
        """By decision number (and name), else by file and row number, else by the only such name."""
        columns = {field: i for i, field in slip.fields(table_of(dataset)).items()}
        number = str(line[columns["decision_no"]].value or "") if "decision_no" in columns else ""
        name = str(line[columns["subject_name"]].value or "") if "subject_name" in columns else ""
        candidates = self.numbers.get((dataset, number), []) if number else []
        if len({identity(r) for r in candidates}) > 1:
            candidates = [r for r in candidates if r.get("subject_name") == name] or candidates
        if candidates:
            return candidates[-1]
        file_name = slip.text(line, "文件").rsplit("/", 1)[-1]
        row = self.places.get((file_name, slip.text(line, "行号")))
        if row is not None and row.dataset == dataset:
            return row
        same = {identity(r): r for r in self.names.get((dataset, name), [])} if name else {}
        return next(iter(same.values())) if len(same) == 1 else None
