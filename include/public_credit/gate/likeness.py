"""What a returned row and a delivered one have in common: SQL of the facts rows are compared by, and when two are of one decision."""

from __future__ import annotations

from ..base.quoting import quoted
from ..catalogue import Kind

_CONTENT = {"administrative_licence": "licence_content", "administrative_penalty": "penalty_content"}
_DETAIL = {"administrative_licence": "licence_content", "administrative_penalty": "violation_facts"}


def facts(kind: Kind) -> str:
    """What rows are compared by, besides key and place: number, subject, date, content, facts ('' where a kind has none)."""
    columns = {
        "document_no": kind.document,
        "subject_name": "subject_name",
        "event_date": kind.event_date,
        "content": _CONTENT.get(kind.id),
        "detail": _DETAIL.get(kind.id),
    }
    return ", ".join(
        [
            f"old.{quoted(column)} as {name}" if column in kind.fields else f"'' as {name}"
            for name, column in columns.items()
        ]
        + ["case when old.subject_scheme <> 'name' then old.subject_scheme || old.subject_value else '' end as code"]
    )


def _same(name: str, one: str, other: str) -> str:
    return f"{one}.{name} <> '' and {one}.{name} = {other}.{name}"


def _same_subject(one: str, other: str) -> str:
    return f"{one}.variant = {other}.variant and ({_same('subject_name', one, other)} or {_same('code', one, other)})"


def _same_facts(one: str, other: str) -> str:
    """The facts are the same or were added to; a kind that has none is told apart by subject and day alone."""
    return (
        f"({one}.detail = '' and {other}.detail = '' and {one}.content = '' and {other}.content = '' or {one}.detail <> '' "
        f"and {other}.detail <> '' and (starts_with({one}.detail, {other}.detail) or starts_with({other}.detail, {one}.detail)))"
    )


def same_decision(one: str, other: str) -> str:
    """Condition: two rows tell of one decision (subject, day, facts); ``one``, ``other`` are aliases of rows with ``facts``."""
    return f"{_same_subject(one, other)} and {_same('event_date', one, other)} and {_same_facts(one, other)}"


# What a person decided (``gate.corrections``) stands before what is alike.
_DECIDED = """exists (select 1 from ledger.correction_case d where d.batch_seq = :seq and d.row_no = f.row_no
    and d.record_id = f.record_id and d.quarantine_id = w.id)"""
# A person took back that they are a pair.
MEANT = """not exists (select 1 from ledger.correction_case d where d.batch_seq = :seq and d.row_no = f.row_no
    and d.record_id = f.record_id and w.id = any(d.taken_back))"""
_NEW = "not exists (select 1 from known k where k.record_id = c.record_id and k.on_file)"  # what is on file corrects nothing but itself
PLACE = "f.slip_batch = w.batch_id and f.slip_row = cast(w.source_row as text) and f.slip_sheet = coalesce(w.sheet, '')"
_AGREES = f"""({_same_subject("w", "f")} and ({_same("document_no", "w", "f")}
        or {_same("event_date", "w", "f")} and ({_same_facts("w", "f")} or w.detail = '' and {_same("content", "w", "f")})
        or {_same("detail", "w", "f")} and {_same("content", "w", "f")})
    or {_same("document_no", "w", "f")} and {_same("event_date", "w", "f")} and {_same("detail", "w", "f")})"""
# What corrects a row of its own key corrects no other, unless that row was itself a try at the same place of the same slip.
FREE = "not exists (select 1 from spent s where s.record_id = f.record_id)"
_FREE_HERE = (
    "not exists (select 1 from spent s where s.record_id = f.record_id and (s.slip_batch, s.slip_row, s.slip_sheet) "
    "is distinct from (f.slip_batch, f.slip_row, f.slip_sheet))"
)
_UNIQUE = "c.candidates = 1 and c.claims = 1"

# Join conditions of ``waiting w`` and ``fresh f``, strongest first, and when a match counts.
CONDITIONS = {
    "key": ("f.record_id = w.record_id", "true"),
    "decided": (_DECIDED, "true"),
    "place": (f"{PLACE} and {_AGREES} and {_FREE_HERE}", f"c.one_record and {_NEW}"),
    "number": (
        "f.document_no = w.document_no and f.subject_name = w.subject_name and f.variant = w.variant "
        f"and w.document_no <> '' and w.subject_name <> '' and {FREE}",
        _UNIQUE,
    ),
    "content": (
        "f.subject_name = w.subject_name and f.event_date = w.event_date and f.content = w.content and f.detail = w.detail "
        "and f.variant = w.variant and w.subject_name <> '' and w.event_date <> '' and w.content <> '' "
        f"and {FREE}",
        f"{_UNIQUE} and {_NEW}",
    ),
}
