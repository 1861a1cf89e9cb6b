"""The chain of records, made from the catalogue: each kind in the one shape of a record (decision 0008), which kinds there are, and
what changes of those that are sent to a receiver."""

from __future__ import annotations

from .models import Kind
from .records import Ending, Record, Texts, pieces

_CODES = ("uscc", "org_code", "business_reg_no", "tax_reg_no", "institution_cert_no", "social_org_cert_no")


def _joined(separator: str, parts: list[str]) -> str:
    return f"concat_ws('{separator}', {', '.join(parts)})"


def _words(words: str) -> str:
    parts = [f"s.{piece}" if field else f"'{piece}'" for field, piece in pieces(words)]
    return _joined("", parts) if len(parts) > 1 else "".join(parts) or "''"


def _text(texts: list[str], separator: str) -> str:
    """Texts as one, the blank ones left out."""
    if len(texts) < 2:
        return _words(texts[0]) if texts else "''"
    return _joined(separator, [f"nullif({_words(words)}, '')" for words in texts])


def _texts(texts: Texts, separator: str) -> str:
    if isinstance(texts, list):
        return _text(texts, separator)
    *first, (_, last) = texts.items()
    cases = "".join(f"when s.variant = '{variant}' then {_text(told, separator)}\n        " for variant, told in first)
    return f"case {cases}else {_text(last, separator)} end"


def _day(name: str | None) -> str:
    return f"s.{name}" if name else "cast(null as date)"


def _exit(exited_on: str | Ending | None) -> str:
    if not isinstance(exited_on, Ending):
        return _day(exited_on)
    days = [_day(name) for name in exited_on.day]
    listed = ", ".join(f"'{value}'" for value in exited_on.values)
    day = f"coalesce({', '.join(days)})" if len(days) > 1 else days[0]
    return f"case when s.{exited_on.field} in ({listed}) then {day} end"


def _field(name: str | None) -> str:
    return f"s.{name}" if name else "''"


def _event_day(kind: Kind, record: Record) -> str:
    return (
        f"cast(concat_ws('', s.{record.event_month}, '-01') as date)" if record.event_month else f"s.{kind.event_date}"
    )


def _subject(kind: Kind) -> list[str]:
    """Whom a record is about. A person is known by its token alone, in the facts of the role: no name, no code."""
    codes = [f"s.{name}" for name in _CODES if name in kind.fields] or ["''"]
    given = _joined("", codes).replace(", s.tax_reg_no", ",\n            s.tax_reg_no")
    placeholder = f"s.subject_scheme in ('name', '')\n        and {given} <> '' as placeholder_code"
    if list(kind.tables) == ["person"]:
        return [
            "'person' as subject_class, '' as lookup_scheme, '' as lookup_value, false as placeholder_code",
            "s.id_no as person_ref, '' as subject_name",
        ]
    if "person" not in kind.tables:
        return [
            "'organisation' as subject_class, s.subject_scheme as lookup_scheme, s.subject_value as lookup_value",
            placeholder,
            "'' as person_ref, s.subject_name",
        ]

    def either(person: str, organisation: str, name: str) -> str:
        return f"case when s.variant = 'person' then {person} else {organisation} end as {name}"

    return [
        either("'person'", "'organisation'", "subject_class"),
        either("''", "s.subject_scheme", "lookup_scheme"),
        either("''", "s.subject_value", "lookup_value"),
        placeholder,
        either("s.id_no", "''", "person_ref"),
        either("''", "s.subject_name", "subject_name"),
    ]


def _arm(kind: Kind, record: Record) -> str:
    end, severity_class, severity = _day(record.stated_end_on), "'' as severity_class", ""
    if record.severity:
        end, severity_class = "{{ publication_end('s', 'class') }}", "class.severity_class"
        severity = "{{ join_severity('s') }}\n"
    columns = [
        f"s.record_id, '{kind.id}' as kind, s.variant, s.dataset_id, s.unit_id",
        "s.batch_seq, s.attempt, s.row_no, s.source_version, s.content_hash, s.received_on, s.accepted_on",
        *_subject(kind),
        f"'{record.event_table}' as event_table",
        f"{_field(record.topic_value)} as topic_value",
        f"{_texts(record.title, '：')} as title",
        f"{_texts(record.detail, '；')} as detail",
        f"{_field(kind.document)} as document_no",
        f"s.{record.authority_name} as authority_name, s.{record.authority_uscc} as authority_uscc",
        f"{_event_day(kind, record)} as event_on",
        f"{_day(record.conduct_ended_on)} as conduct_ended_on",
        f"{end} as stated_end_on",
        f"{_exit(record.exited_on)} as exited_on",
        severity_class,
    ]
    return (
        "select\n    " + ",\n    ".join(columns) + "\n"
        "from {{ ref('int_records__touched') }} t\n"
        f"join {{{{ ref('stg_{kind.id}') }}}} s on s.record_id = t.record_id\n"
        f"{severity}where t.kind = '{kind.id}'\n"
    )


def source(kinds: list[Kind]) -> str:
    """``int_records__source``: every kind of ``kinds`` that is a record."""
    arms = "union all\n".join(_arm(kind, kind.record) for kind in kinds if kind.record)
    return f"""\
{{{{ config(materialized='view', meta={{'of_build': true}}) }}}}
-- Every accepted version of the touched records in the one shape of a record, whatever kind it came as.
{arms}"""


def changes(kind: Kind) -> str:
    """``int_<kind>__changes`` of a kind that is sent to a receiver."""
    told, compared = "", ""
    if kind.record and kind.record.severity:
        told = (
            "    before.publication_state as old_publication_state, now.publication_state as new_publication_state,\n"
        )
        compared = (
            "\n       or before.publication_state <> now.publication_state"
            "\n       or before.publication_until is distinct from now.publication_until"
        )
    return f"""\
{{{{ config(materialized='incremental', incremental_strategy='append',
          meta={{'grain': ['build_id', 'record_id'], 'once': true}}, full_refresh=false) }}}}
-- Old and new image of every record of the kind this build changes, appended once per build: what is sent and shown of
-- it feeds on these. Whom it is about and a term that ran out change the record, not what is told of it.
{{%- set current = previous('int_{kind.id}__current') %}}
{{%- set image = ref('int_{kind.id}__image') %}}
{{%- set nothing = "(select * from " ~ image ~ " where false)" %}}
select
    {{{{ var('build_id') }}}} as build_id, t.record_id,
    case when before.record_id is null then 'insert' when now.record_id is null then 'delete'
        else 'update' end as change,
    before.content_hash as old_content_hash, now.content_hash as new_content_hash,
    before.state as old_state, now.state as new_state,
{told}    coalesce(now.unit_id, before.unit_id) as unit_id, {{{{ business_day() }}}} as business_date
from {{{{ ref('int_records__touched') }}}} t
left join {{{{ image }}}} now on now.record_id = t.record_id
left join {{{{ current or nothing }}}} before on before.record_id = t.record_id
where t.kind = '{kind.id}' and (now.record_id is not null or before.record_id is not null)
  and (before.record_id is null or now.record_id is null
       or before.batch_seq <> now.batch_seq or before.row_no <> now.row_no or before.attempt <> now.attempt
       or before.version_count <> now.version_count or before.content_hash <> now.content_hash
       or before.state <> now.state or before.state_known_on is distinct from now.state_known_on
       or before.ended_on is distinct from now.ended_on or before.end_basis is distinct from now.end_basis{compared})
"""


def lists(kinds: list[Kind]) -> str:
    """The macros that name the kinds, for models that have an arm per kind."""

    def macro(name: str, ids: list[str]) -> str:
        listed = ",\n        ".join(f"'{kind}'" for kind in ids)
        return f"{{% macro {name}() -%}}\n    {{%- do return([\n        {listed}\n    ]) -%}}\n{{%- endmacro %}}\n"

    records = [kind for kind in kinds if kind.record]
    return "\n".join(
        [
            "{#- All kinds. -#}\n" + macro("all_kinds", [kind.id for kind in kinds]),
            "{#- Kinds whose rows are records of subjects. -#}\n"
            + macro("record_kinds", [kind.id for kind in records]),
            "{#- Kinds whose rosters (accepted full snapshots) end what they lack. -#}\n"
            + macro("roster_kinds", [kind.id for kind in records if kind.rosters]),
        ]
    )
