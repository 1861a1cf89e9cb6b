"""What the figures of the targets are taken to mean, kept with each edition: a figure that is another one because it means
something else is 口径调整, not a correction.

A definition is the target's rules, goal and due date (seed ``target``) and the metrics every target is told by (seed
``metric_definition``), by content; an edition frozen before definitions were kept knows none and differs in none.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_TODAY = """
    select t.target_id, t.goal_no, t.definition, encode(sha256(convert_to(cast(jsonb_build_array(
        t.population, t.subject_type, t.goal, t.due_on, t.numerator_rule, t.denominator_rule, t.definition, (
            select jsonb_agg(jsonb_build_array(m.metric, m.version, m.definition, m.numerator, m.denominator, m.exclusions,
                                               m.cohort) order by m.metric)
            from policy.metric_definition m
            where m.metric in ('percent', 'pace') or (m.metric = 'archive' and t.numerator_rule = 'any_record'))
        ) as text), 'UTF8')), 'hex') as content_hash
    from policy.target t"""
_KEEP = f"""
    insert into ledger.edition_definition (edition_id, target_id, goal_no, definition, content_hash)
    select :edition, target_id, goal_no, definition, content_hash from ({_TODAY}) today"""
_CHANGED = """
    select old.target_id, old.goal_no, old.definition as before, new.definition as now
    from ledger.edition_definition old join {new} new on new.target_id = old.target_id and new.goal_no = old.goal_no
    where old.edition_id = :old and new.content_hash <> old.content_hash
    order by old.target_id, old.goal_no"""
_OF_EDITION = "(select * from ledger.edition_definition where edition_id = :new)"

Changed = dict[tuple[str, int], tuple[str, str]]


def keep(opened: Session, edition: int) -> None:
    """Keep today's definitions with a draft."""
    opened.execute(text(_KEEP), {"edition": edition})


def changed(opened: Session, old: int, new: int | None = None) -> Changed:
    """What means something else in edition ``new`` (None: today) than in ``old``: (target, goal) → its words then and now."""
    query = _CHANGED.format(new=f"({_TODAY})" if new is None else _OF_EDITION)
    values = {"old": old} if new is None else {"old": old, "new": new}
    return {(row.target_id, row.goal_no): (row.before, row.now) for row in opened.execute(text(query), values)}
