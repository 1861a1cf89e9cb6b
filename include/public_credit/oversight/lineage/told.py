"""What a column is, in the field's words: fields by the catalogue, exports by the receiver's codes, seeds by their file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...base.messages import UserError
from ...catalogue import Dataset, Kind, load_catalogue
from ...land.headers import meanings
from ..figure import ITEMS
from .graph import ROWS, Graph

_TARGET = re.compile(r"T\d\d/\d/[a-z0-9_]*/\d{4}")
_RATE = re.compile(rf"({'|'.join(ITEMS)})/[a-z0-9_]*/\d{{4}}")
_PROGRESS = tuple(f"marts.mart_targets__progress.{name}" for name in ("numerator", "denominator", "percent", "state"))
_LINE = tuple(f"marts.mart_supervision__assessment_line.{name}" for name in ("counted", "out_of"))


@dataclass(frozen=True)
class Delivered:
    """A dataset that brings a field, and the spellings of its column that are recognised."""

    dataset: Dataset
    headers: tuple[str, ...]


def split(column: str) -> tuple[str, str, str]:
    """Schema, relation and name of a column."""
    schema, relation, name = column.split(".", 2)
    return schema, relation, name


def field_of(column: str) -> tuple[Kind, str] | None:
    """Kind and field of a raw column, None where it is none of a field: provenance, or no raw column at all."""
    schema, relation, name = split(column)
    kind = load_catalogue().kinds.get(relation) if schema == "raw" else None
    return (kind, name) if kind and name in kind.fields else None


def exported(column: str) -> tuple[str, str] | None:
    """Code and title of a column of an export interface, None of any other."""
    schema, relation, name = split(column)
    if schema != "exports":
        return None
    interface = relation.rpartition("__")[2]
    for kind in load_catalogue().kinds.values():
        for variant, table in kind.tables.items():
            if table.interface == interface:
                for field in kind.fields.values():
                    if field.codes.get(variant, field.codes.get("all", "")).lower() == name:
                        return name.upper(), field.title
    return None


def title(column: str) -> str:
    """What a column is in words; '' where its name says it."""
    schema, relation, name = split(column)
    if found := field_of(column):
        return f"{found[0].title}·{found[0].fields[name].title}"
    if told := exported(column):
        return f"{told[1]}（{told[0]}）"
    if name == ROWS:
        return "计数：逐行"
    return {
        "policy": f"政策种子表 dbt_project/seeds/*/{relation}.csv",
        "ledger": "台账",
        "subjects": "主体登记",
        "raw": "来源信息：批次、行号、记录编号、内容摘要",
    }.get(schema, "")


def delivered(column: str) -> list[Delivered]:
    """The datasets whose deliveries fill a raw column, in order of their ids."""
    found = field_of(column)
    if found is None:
        return []
    kind, name = found
    datasets = [
        dataset
        for dataset in load_catalogue().datasets.values()
        if dataset.kind == kind.id and name in kind.variants[dataset.variant]
    ]
    return [
        Delivered(dataset, tuple(_headers(kind, name, dataset)))
        for dataset in sorted(datasets, key=lambda dataset: dataset.id)
    ]


def _headers(kind: Kind, name: str, dataset: Dataset) -> Iterator[str]:
    field = kind.fields[name]
    yield from (header for header, into in dataset.field_exceptions.items() if into == name)
    yield from dict.fromkeys([*field.codes.values(), field.title, *field.aliases])


def find(graph: Graph, wanted: str) -> list[str]:
    """Columns that ``wanted`` speaks of: a figure of the page, ``[schema.]relation.column``, ``kind.field``, a code or a title.

    Raises UserError (code 4) when there are none.
    """
    text = wanted.strip()
    if _TARGET.fullmatch(text.replace("/all/", "//")):
        return [column for column in _PROGRESS if column in graph.made]
    if _RATE.fullmatch(text.replace("/all/", "//")):
        return [column for column in _LINE if column in graph.made]
    names = graph.names()
    exact = [column for column in names if text in (column, column.partition(".")[2])]
    meant = set(meanings(text)) - {""}
    found = exact or [column for column in names if meant & _words(column)]
    if not found:
        raise UserError(
            f"没有名为“{wanted}”的字段、列或数字。",
            remedy="写看板数字的编号（T05/1/all/2026）、表名.列名、类型.字段，或字段的中文名、代码。",
            code=4,
        )
    return sorted(found)


def _words(column: str) -> set[str]:
    """What a field or an exported column is called, as headers are compared."""
    found, told = field_of(column), exported(column)
    words = list(told or ())
    if found:
        field = found[0].fields[found[1]]
        words += [field.title, *field.codes.values(), *field.aliases]
    return {form for word in words for form in meanings(word)}
