"""What dbt says of a kind, made from the catalogue: staging, the export interfaces, and their descriptions.

The files stand in the dbt project like any other, to be read and reviewed; their first line names where they come from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from ..base import files, settings
from ..base.messages import UserError
from . import generate_records
from .load import Catalogue
from .models import Field, Kind

_MADE = "`public-credit catalogue generate`"
_OF_ALL = f"Made from include/catalogue/kinds by {_MADE}."
_RECEIVER = "city"  # whose interfaces the variants name (发改办财金〔2018〕790号)
# An event is looked up by the document it is about.
_MORE_INDEXES = {"decision_event": ["decision_no", "authority_uscc"]}
_PROVENANCE = (
    "record_id",
    "variant, batch_seq, attempt, row_no, source_version",
    "content_hash",
    "subject_scheme, subject_value, unit_id, dataset_id, received_on, accepted_on",
)
_DECODED = {
    "record_id": "record_id_text",
    "content_hash": "content_hash_text",
}  # by the macro that tells what raw holds
_DESCRIBED = {
    "record_id": "记录编号",
    "variant": "变体",
    "batch_seq": "批次序号",
    "attempt": "入库次数",
    "row_no": "行序",
    "source_version": "来源版本",
    "content_hash": "内容指纹",
    "subject_scheme": "主体的标识种类，入库时判定",
    "subject_value": "主体的标识",
    "unit_id": "报送单位编号",
    "dataset_id": "数据集编号",
    "received_on": "接收日期",
    "accepted_on": "放行日期",
}
_EXPORTED = """\
      - {name: build_id, description: 构建编号, data_type: bigint, constraints: [{type: not_null}]}
      - {name: record_id, description: 记录编号, data_type: string, constraints: [{type: not_null}]}
      - name: operation_hint
        description: upsert 持有、delete 撤下
        data_type: string
        constraints: [{type: not_null}, {type: check, expression: "operation_hint in ('upsert', 'delete')"}]
      - {name: version, description: 内容版本, data_type: string, constraints: [{type: not_null}]}
      - {name: reason, description: 变更原因, data_type: string}
      - {name: due_on, description: 法定时限, data_type: date}
"""


def _from(kind: Kind) -> str:
    return f"from include/catalogue/kinds/{kind.id}.yml by {_MADE}: edit there."


def _plain(text: str) -> str:
    """A text as YAML reads it inside braces."""
    return json.dumps(text, ensure_ascii=False) if re.search(r"[,:#{}\[\]\"'&*!|>%@`]|^\s|\s$", text) else text


def _column(name: str, title: str, more: str = "") -> str:
    return f"      - {{name: {name}, description: {_plain(title)}{more}}}\n"


def _typed(field: Field) -> str:
    """A field of the raw row ``r`` by its type; '' on arrival means "not given"."""
    column = f"r.{field.name}"
    match field.type:
        case "date":
            return f"{{{{ given_date('{column}') }}}} as {field.name}"
        case "decimal":
            return f"{{{{ given_amount('{column}') }}}} as {field.name}"
        case "integer":
            return f"{{{{ given_count('{column}') }}}} as {field.name}"
        case _:
            return column


def _staged(kind: Kind) -> list[Field]:
    return [kind.fields[name] for name in kind.columns if name not in kind.unstaged]


def _provenance(name: str) -> str:
    """A column of provenance of the raw row ``r``."""
    return f"{{{{ {_DECODED[name]}('r.{name}') }}}} as {name}" if name in _DECODED else f"r.{name}"


def _staging(kind: Kind) -> str:
    indexes = [["record_id"], *([_MORE_INDEXES[kind.id]] if kind.id in _MORE_INDEXES else [])]
    columns = [", ".join(map(_provenance, line.split(", "))) for line in _PROVENANCE]
    selected = ",\n    ".join([*columns, *map(_typed, _staged(kind))])
    return f"""\
-- Made {_from(kind)}
{{{{ config(
    meta={{'takes_out': inputs_of(['{kind.id}'])}},
    indexes=[{", ".join(f"{{'columns': {index}}}" for index in indexes)}]) }}}}
with accepted as {{{{ computed_once() }}}} (
    {{{{ accepted_rows('{kind.id}') }}}}
)
select
    {selected}
from accepted r
"""


def _staging_yml(kind: Kind) -> str:
    columns = [_column(name, _DESCRIBED[name]) for line in _PROVENANCE for name in line.split(", ")]
    columns += [_column(field.name, field.title) for field in _staged(kind)]
    return (
        f"# Made {_from(kind)}\nmodels:\n  - name: stg_{kind.id}\n"
        f"    description: {kind.title}：关卡放行的行，转为日期与数值类型\n    columns:\n{''.join(columns)}"
    )


def _sent(kind: Kind, variant: str) -> Iterator[tuple[str, Field]]:
    """What a variant sends: the official code in lower case, and the field. Extra fields stay in the house."""
    for name in kind.tables[variant].fields:
        yield kind.fields[name].codes[variant].lower(), kind.fields[name]


def _as_sent(field: Field) -> str:
    column = f"d.{field.sent_as or field.name}"
    match field.type:
        case "date":
            return f"{{{{ as_day('{column}') }}}}"
        case "decimal":
            return f"{{{{ as_amount('{column}') }}}}"
        case _:
            return column


def _lines(words: list[str], indent: str, width: int = 118) -> str:
    """Words with commas between them, on lines of a width."""
    lines = [indent]
    for word in words:
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append(indent)
        lines[-1] += ("" if lines[-1] == indent else " ") + word + ","
    return "\n".join(lines).rstrip(",")


def _export(kind: Kind, variant: str) -> str:
    sent = list(_sent(kind, variant))
    columns = ",\n        ".join(f"{_as_sent(field)} as {code}" for code, field in sent)
    return f"""\
-- Made {_from(kind)}
{{{{ config(indexes=[{{'columns': ['record_id']}}]) }}}}
with changed as (
    select
        c.record_id, c.change, d.state, d.state_known_on,
        {columns}
    from {{{{ ref('int_{kind.id}__changes') }}}} c
    join {{{{ ref('int_{kind.id}__current') }}}} d on d.record_id = c.record_id
    where c.build_id = {{{{ var('build_id') }}}} and d.variant = '{variant}'
)
{{{{ offered('{kind.id}', '{variant}', [
{_lines([f"'{code}'" for code, _ in sent], "    ")}
]) }}}}
"""


def export_model(interface: str) -> str:
    """The model that makes what an interface of the receiver is told."""
    return f"exp_{_RECEIVER}__{interface}"


def export_relation(interface: str) -> str:
    """The table of ``export_model``."""
    return f"exports.{export_model(interface)}"


def _export_yml(kind: Kind, variant: str, model: str) -> str:
    table = kind.tables[variant]
    columns = [_column(code, field.title, ", data_type: string") for code, field in _sent(kind, variant)]
    return (
        f"# Made {_from(kind)}\nmodels:\n  - name: {model}\n"
        f"    description: 报送市平台接口 {table.interface} 的变更：{kind.title}（{table.title}）；每次构建每条记录至多一行，只追加\n"
        "    config: {contract: {enforced: true}}\n    constraints:\n"
        "      - {type: primary_key, columns: [build_id, record_id]}\n"
        f"    columns:\n{_EXPORTED}{''.join(columns)}"
    )


def _landed(kinds: list[Kind]) -> str:
    rows = "\nunion all\n".join(
        f"select '{kind.id}' as kind, batch_seq, attempt, row_no, {{{{ record_id_text('record_id') }}}} as record_id\n"
        f"from {{{{ source('raw', '{kind.id}') }}}}"
        for kind in kinds
    )
    return f"""\
-- {_OF_ALL}
{{{{ config(materialized='view') }}}}
-- Every landed row of every kind, accepted or not, of every attempt: what a build touches, and who is on a roster.
{rows}
"""


# As old as the most overdue dataset of the kind is beyond the cadence of the catalogue.
_FRESHNESS = "select now() - make_interval(days => coalesce(max(days), 0)) from ledger.overdue where kind = '{kind}'"


def _sources(kinds: list[Kind]) -> str:
    tables = "".join(
        f"      - name: {kind.id}\n        description: {_plain(kind.title)}\n"
        f'        config: {{loaded_at_query: "{_FRESHNESS.replace("{kind}", kind.id)}"}}\n'
        for kind in kinds
    )
    return (
        f"# {_OF_ALL}\nsources:\n  - name: raw\n    schema: raw\n"
        f"    description: 原始层：入库时已规范的文本，一种记录一张表，永不更改\n"
        f"    config:\n      freshness:\n        warn_after: {{count: 1, period: day}}\n        error_after: {{count: 7, period: day}}\n"
        f"    tables:\n{tables}"
    )


def texts(catalogue: Catalogue) -> dict[str, str]:
    """Every file as the catalogue gives it, by its path in the dbt project."""
    kinds = sorted(catalogue.kinds.values(), key=lambda kind: kind.id)
    made = {
        "macros/kinds.sql": f"{{#- {_OF_ALL} -#}}\n{generate_records.lists(kinds)}",
        "models/records/int_records__source.sql": f"-- {_OF_ALL}\n{generate_records.source(kinds)}",
        "models/staging/_raw.yml": _sources(kinds),
        "models/staging/stg_landed_row.sql": _landed(kinds),
    }
    for kind in kinds:
        made[f"models/staging/stg_{kind.id}.sql"] = _staging(kind)
        made[f"models/staging/stg_{kind.id}.yml"] = _staging_yml(kind)
        if any(table.interface for table in kind.tables.values()):
            made[f"models/decisions/int_{kind.id}__changes.sql"] = (
                f"-- Made {_from(kind)}\n{generate_records.changes(kind)}"
            )
        for variant, table in kind.tables.items():
            if table.interface:
                model = export_model(table.interface)
                made[f"models/exports/{model}.sql"] = _export(kind, variant)
                made[f"models/exports/{model}.yml"] = _export_yml(kind, variant, model)
    return made


def _project() -> Path:
    return settings.checkout() / "dbt_project"


def _on_disk() -> dict[str, str]:
    """The files that were made from the catalogue, by their path in the dbt project."""
    project = _project()
    found = {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("macros", "models")
        for path in sorted((project / folder).rglob("*"))
        if path.suffix in (".sql", ".yml") and path.is_file()
    }
    return {name: text for name, text in found.items() if _MADE in text.partition("\n")[0]}


def stale(catalogue: Catalogue) -> list[str]:
    """Paths in the dbt project of the files that are not as the catalogue gives them, or are of a kind that is gone."""
    wanted, there = texts(catalogue), _on_disk()
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))


def write(catalogue: Catalogue) -> list[str]:
    """Make the files as the catalogue gives them; the paths of those that were not. Raises UserError for a file it cannot write."""
    changed, wanted = stale(catalogue), texts(catalogue)
    for name in changed:
        path = _project() / name
        try:
            if name in wanted:
                files.write(path, wanted[name], files.SHARED)
            else:
                path.unlink()
        except OSError as error:
            raise UserError(
                f"无法写入 dbt_project/{name}。",
                remedy="在可写的代码目录中运行 public-credit catalogue generate，连同目录一起部署。",
            ) from error
    return changed
