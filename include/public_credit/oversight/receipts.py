"""Receipts, one by one: the list, all of one, its slip; the same for commands and pages. No delivered value is shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..catalogue import load_catalogue
from ..land.rules import load_ruleset
from ..ledger.states import NOT_BACK, OUT_OF_THE_WAY, AttemptState, BatchState, QuarantineState, sql

_BATCHES = f"""
    select seq, batch_id, unit_id, dataset_id, kind, file_name, locator, source_version, business_date, received_at, state,
           rows_in, accepted, quarantined, duplicate, refused, current_attempt as attempt,
           case when state in {sql(OUT_OF_THE_WAY)} then set_aside_reason else message end as message, sha256
    from ledger.batch"""
_SLIPS = f"""
    select s.slip_id, s.unit_id, s.batch_seq, s.file_name, s.rows, s.written_on, b.dataset_id,
           count(*) filter (where q.state = {sql(QuarantineState.CORRECTED)}) as corrected,
           count(*) filter (where q.state in {sql(NOT_BACK)}) as open
    from ledger.slip s join ledger.batch b on b.seq = s.batch_seq
    left join ledger.quarantine q on q.slip_id = s.slip_id
    where (cast(:unit as text) is null or s.unit_id = :unit) and (cast(:slip as text) is null or s.slip_id = :slip)
      and (cast(:batch as bigint) is null or s.batch_seq = :batch)
    group by s.slip_id, b.dataset_id order by s.written_on desc, s.slip_id limit :limit"""
_NEWEST = f"""
    select max(attempt) from ledger.attempt
    where batch_seq = :seq and state in {sql((AttemptState.LANDED, AttemptState.GATED))}"""

# What the rules of rows found, as landed and as the gate added; the database tells rows by number, nothing that stands in them.
_FOUND = """
    select l.row_no, f.rule, f.severity from desk.receipt_rows(:kind, :seq, :attempt, null) l
    cross join lateral (select unnest(string_to_array(l.row_errors, ';')), 'error'
        union all select unnest(string_to_array(l.row_warnings, ';')), 'warning') f (rule, severity)
    union all
    select row_no, rule_id, severity from ledger.row_verdict where batch_seq = :seq and attempt = :attempt"""


def _rows(opened: Session, query: str, **asked: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in opened.execute(text(query), asked).mappings()]


def batches(opened: Session, unit: str | None, dataset: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest receipts, of all, of a unit or of a dataset."""
    where = """ where (cast(:unit as text) is null or unit_id = :unit)
              and (cast(:dataset as text) is null or dataset_id = :dataset) order by seq desc limit :limit"""
    return _rows(opened, _BATCHES + where, unit=unit, dataset=dataset, limit=limit)


def slips(
    opened: Session, unit: str | None, slip: str | None = None, batch: int | None = None, limit: int = 10_000
) -> list[dict[str, Any]]:
    """Slips, newest first: rows, how many of them were corrected and how many still wait."""
    return _rows(opened, _SLIPS, unit=unit, slip=slip, batch=batch, limit=limit)


def unknown(seq: int) -> UserError:
    """What is said of a receipt there is not, or not for whoever asks."""
    return UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)


def batch(opened: Session, seq: int, unit: str | None = None, listed: int = 200) -> dict[str, Any]:
    """All of one receipt: its attempts and steps, the gate's checks, its findings by rule and row, waivers and slip.

    ``listed``: how many rows with a finding. Raises UserError (code 4) where ``unit`` has no such receipt.
    """
    found = _rows(opened, f"{_BATCHES} where seq = :seq", seq=seq)
    if not found or unit not in (None, found[0]["unit_id"]):
        raise unknown(seq)
    (told,) = found
    attempt = told["attempt"] if told["state"] != BatchState.LANDED else None
    attempt = attempt or opened.execute(text(_NEWEST), {"seq": seq}).scalar()
    told["shown_attempt"] = attempt
    told["attempts"] = _rows(
        opened,
        """select attempt, state, rows_in, rows_landed, refused, business_date, started_at, landed_at, code_version,
                  catalogue_version, rules_version from ledger.attempt where batch_seq = :seq order by attempt""",
        seq=seq,
    )
    told["steps"] = _rows(
        opened,
        """select id, name, attempt, verdict, message, owner, started_at, ended_at, dag_run from ledger.step
           where batch_seq = :seq order by id desc limit 200""",
        seq=seq,
    )
    told["checks"] = _rows(
        opened,
        """select expectation_id, title, severity, success, owner, remedy, clause from ledger.gate_result
           where batch_seq = :seq and attempt = :attempt order by success, expectation_id""",
        seq=seq,
        attempt=attempt,
    )
    told["waivers"] = _rows(
        opened,
        """select id, expectation_id, reason, owner, granted_by, expires_on, revoked_on from ledger.waiver
           where batch_seq = :seq order by id""",
        seq=seq,
    )
    told["slips"] = slips(opened, None, batch=seq)
    told["rules"], told["rows"] = _findings(opened, told["kind"], seq, attempt, listed)
    return told


def _findings(
    opened: Session, kind_id: str, seq: int, attempt: int | None, listed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the rules of rows found in an attempt, as landed and as the gate added: by rule with counts, and the first rows."""
    kind = load_catalogue().kinds.get(kind_id)
    if kind is None or attempt is None:
        return [], []
    asked = {"kind": kind_id, "seq": seq, "attempt": attempt}
    ruleset = load_ruleset(kind_id)
    counted = _rows(
        opened,
        f"select rule, severity, count(distinct row_no) as rows from ({_FOUND}) f group by 1, 2 order by 2, 3 desc, 1",
        **asked,
    )
    for row in counted:
        rule = ruleset.row_rule(row["rule"])
        row["title"], row["clause"] = (rule.title, rule.clause) if rule else ("", "")
    rows = _rows(
        opened,
        f"""
        with found as ({_FOUND}), worst as (
            select row_no, string_agg(distinct rule, ';' order by rule) filter (where severity = 'error') as errors,
                   string_agg(distinct rule, ';' order by rule) filter (where severity <> 'error') as warnings
            from found group by 1 order by bool_or(severity = 'error') desc, row_no limit :listed)
        select w.*, r.sheet, r.source_row, q.state from worst w
        left join desk.receipt_rows(:kind, :seq, :attempt, array(select row_no from worst)) r on r.row_no = w.row_no
        left join ledger.quarantine q on q.batch_seq = :seq and q.attempt = :attempt and q.row_no = w.row_no
        order by w.errors is null, w.row_no""",
        **asked,
        listed=listed,
    )
    return counted, rows
