"""What a column is, in the field's words: fields by the catalogue, exports by the receiver's codes, seeds by their file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...base.messages import UserError
from ...catalogue import Catalogue, Dataset, Field, Kind, generate
from ...land.headers import meanings
from ..figure import RATE, TARGET, bare
from .graph import ROWS, Graph

_PROGRESS = tuple(f"marts.mart_targets__progress.{name}" for name in ("numerator", "denominator", "percent", "state"))
_LINE = tuple(f"marts.mart_supervision__assessment_line.{name}" for name in ("counted", "out_of"))
_OTHERS = {"ledger": "台账", "subjects": "主体登记", "raw": "来源信息：批次、行号、记录编号、内容摘要"}


@dataclass(frozen=True)
class Delivered:
    """A dataset that brings a field, and the spellings of its column that are recognised."""

    dataset: Dataset
    headers: tuple[str, ...]


def split(column: str) -> tuple[str, str, str]:
    """Schema, relation and name of a column."""
    schema, relation, name = column.split(".", 2)
    return schema, relation, name


class Words:
    """What columns are called by a catalogue."""

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue
        self._exported = dict(_exported(catalogue))

    def title(self, column: str) -> str:
        """What a column is in words; '' where its name says it."""
        schema, relation, name = split(column)
        if found := self._field(column):
            return f"{found[0].title}·{found[1].title}"
        if told := self._exported.get(column):
            return f"{told.title}（{name.upper()}）"
        if name == ROWS:
            return "计数：逐行"
        return f"政策种子表 dbt_project/seeds/*/{relation}.csv" if schema == "policy" else _OTHERS.get(schema, "")

    def delivered(self, column: str) -> list[Delivered]:
        """The datasets whose deliveries fill a raw column, in order of their ids."""
        if (found := self._field(column)) is None:
            return []
        kind, field = found
        return [
            Delivered(dataset, tuple(_headers(field, dataset)))
            for _, dataset in sorted(self._catalogue.datasets.items())
            if dataset.kind == kind.id and field.name in kind.variants[dataset.variant]
        ]

    def find(self, graph: Graph, wanted: str) -> list[str]:
        """Columns that ``wanted`` speaks of: a figure of the page, ``[schema.]relation.column``, ``kind.field``, a code or a title.

        Raises UserError (code 4) when there are none.
        """
        text = wanted.strip()
        for pattern, columns in ((TARGET, _PROGRESS), (RATE, _LINE)):
            if pattern.fullmatch(bare(text)):
                return [column for column in columns if column in graph.made]
        names, meant = graph.names(), set(meanings(text)) - {""}
        exact = [column for column in names if text in (column, column.partition(".")[2])]
        found = exact or [column for column in names if meant & self._called(column)]
        if not found:
            raise UserError(
                f"没有名为“{wanted}”的字段、列或数字。",
                remedy="写看板数字的编号（T05/1/all/2026）、表名.列名、类型.字段，或字段的中文名、代码。",
                code=4,
            )
        return sorted(found)

    def _field(self, column: str) -> tuple[Kind, Field] | None:
        """Kind and field of a raw column, None where it is none of a field: provenance, or no raw column at all."""
        schema, relation, name = split(column)
        kind = self._catalogue.kinds.get(relation) if schema == "raw" else None
        return (kind, kind.fields[name]) if kind and name in kind.fields else None

    def _called(self, column: str) -> set[str]:
        """What a field or an exported column is called, as headers are compared."""
        found, told = self._field(column), self._exported.get(column)
        words = [*found[1].codes.values(), found[1].title, *found[1].aliases] if found else []
        words += [told.title, split(column)[2]] if told else []
        return {form for word in words for form in meanings(word)}


def _exported(catalogue: Catalogue) -> Iterator[tuple[str, Field]]:
    """Columns of the export interfaces, each with the field it tells."""
    for kind in catalogue.kinds.values():
        for variant, table in kind.tables.items():
            relation = generate.export_relation(table.interface) if table.interface else ""
            for name in kind.variants[variant] if relation else ():
                field = kind.fields[name]
                if code := field.codes.get(variant, field.codes.get("all", "")).lower():
                    yield f"{relation}.{code}", field


def _headers(field: Field, dataset: Dataset) -> Iterator[str]:
    yield from (header for header, into in dataset.field_exceptions.items() if into == field.name)
    yield from dict.fromkeys([*field.codes.values(), field.title, *field.aliases])
