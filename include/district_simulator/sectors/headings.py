"""Headings of the sectors' deliveries: the same fields as each department's system or clerk writes them."""

from __future__ import annotations

from functools import cache

from district_simulator.vocabulary.dialects import Dialect, full_width
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS, SectorDataset
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES, SectorTable, Spec

# (dataset, day) → a column of the department's own system
EXTRA_COLUMNS = {
    ("wsjk.practitioner", 1): "既往病史",
    ("zjj.practitioner", 1): "计划生育情况",
    ("town_east.commitment", 1): "信访情况",
    ("czj.contract_performance", 1): "项目经办人",
    ("fgj.practitioner", 1): "联系方式",
    ("tjj.commitment", 2): "案件来源",
    ("sfj.commitment_person", 3): "联系方式",
}


def _spaced(text: str) -> str:
    """统 一 社 会 信 用 代 码, as clerks stretch a heading."""
    return "　".join(text) if len(text) <= 4 else f" {text[:2]} {text[2:]} "


def _heading(style: str, spec: Spec) -> str:
    if style == "codes":
        return spec.code
    if style == "codes_lower":
        return spec.code.lower()
    if style == "aliases":
        return spec.aliases[-1] if spec.aliases else spec.title
    return {
        "titles": spec.title,
        "wide": full_width(spec.title),
        "wide_blank": f"{full_width(spec.title)} ",
        "starred": f"*{spec.title}" if spec.required else spec.title,
        "spaced": _spaced(spec.title),
        "numbered": spec.title,
        "reversed": full_width(spec.title),
    }[style]


def _order(style: str, table: SectorTable) -> list[str]:
    names = list(table.fields)
    if style == "reversed":  # the remark stays last, as in every form
        return [*reversed(names[:-1]), names[-1]]
    if style == "aliases":  # source unit first
        return [n for n in names if n.startswith("source_")] + [n for n in names if not n.startswith("source_")]
    return names


def build(dataset: SectorDataset) -> Dialect:
    """The dialect of one delivery stream."""
    table = SECTOR_TABLES[dataset.table]
    columns: list[tuple[str | None, str]] = [
        (name, dataset.own.get(name) or _heading(dataset.style, table.fields[name]))
        for name in _order(dataset.style, table)
    ]
    if dataset.style == "numbered":
        columns = [(None, "序号"), *columns, (None, "数据导出时间")]
    identity = f"{dataset.style}+own" if dataset.own else dataset.style
    return Dialect(
        identity,
        dataset.table,
        tuple(columns),
        dataset.dates,
        null_blank=dataset.form == "json" or dataset.id.startswith(("scjg.", "fy.")),
    )


@cache
def on_day(name: str, day: int) -> Dialect:
    """Headings of a stream on a day."""
    dialect = build(SECTOR_DATASETS[name])
    extra = EXTRA_COLUMNS.get((name, day))
    return dialect.with_columns(add=[extra], suffix=f"_day{day}") if extra else dialect
