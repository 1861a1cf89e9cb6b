"""Where a record comes from, who touched it, who received it: one story per record, read from raw and the ledger."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError, key_given
from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers import persons
from ..land import shapes
from ..land.rules import load_ruleset
from ..ledger import ids, unchanged, words
from ..ledger.looks import refusals
from ..ledger.session import acts_for_somebody, session, signed_in
from ..ledger.states import BatchState, QuarantineState
from . import part

_LISTED = 20
_FOUND = text(f"""
    select asked.kind, f.variant, {ids.record_id("f.record_id")} as record_id, f.batch_seq, f.attempt, f.row_no
    from unnest(cast(:kinds as text[])) with ordinality asked (kind, place)
    cross join lateral desk.find_records(asked.kind, :record, cast(:numbers as text[])) f
    order by asked.place, f.batch_seq, f.attempt, f.row_no""")
_PERSONS = text(f"""
    select f.kind, 'person', {ids.record_id("f.record_id")}, f.batch_seq, f.attempt, f.row_no
    from desk.find_persons(cast(:kinds as text[]), cast(:numbers as text[]), :purpose) f
    order by array_position(cast(:kinds as text[]), f.kind), f.batch_seq, f.attempt, f.row_no""")
WITH_THE_BATCH = {  # what became of a row, where its whole batch went that way
    BatchState.HELD: "随批次扣留",
    BatchState.LANDED: words.NOT_JUDGED,
    BatchState.SET_ASIDE: "随批次搁置",
    BatchState.WITHDRAWN: "随批次撤回",
}
_HIDDEN = "（号码已隐去）"
_BESIDE = {
    "deliveries": "item_id bigint, release_id bigint, receiver text, interface text, operation text, version text, state text, "
    "payload jsonb, receipt_id text, receipt_code text, receipt_field text, receipt_text text, city_id text, "
    "sent_at timestamptz, booked_at timestamptz, due_on date",
    "events": "seq bigint, event text, text text, at_on date",
    "looks": "at timestamptz, who text, purpose text",
}


@dataclass(frozen=True)
class Found:
    """A record that answers to a key; ``record_id`` is empty for a row whose key cannot be read.

    Of a person's that answers without a purpose nothing is told: ``kind`` is empty, too, and there is no place.
    """

    kind: str
    variant: str
    record_id: str | None
    batch_seq: int
    attempt: int
    row_no: int

    @property
    def about_person(self) -> bool:
        """Whether it is about a natural person; such a record is shown with a purpose only."""
        return self.variant == "person"


def spellings(key: str) -> list[str]:
    """A document number in the bracket styles in which it may be on record."""
    plain = unicodedata.normalize("NFKC", key.strip())
    pairs = (("(", ")"), ("[", "]"), ("〔", "〕"), ("（", "）"), ("【", "】"), ("［", "］"))
    result = {key.strip(), plain}
    for left, right in pairs:
        result.add(plain.translate(str.maketrans("([〔【)]〕】", 4 * left + 4 * right)))
    return sorted(result)


class PurposeNeeded(UserError):
    """A person's record answers; which, is told for a purpose only."""

    def __init__(self) -> None:
        super().__init__("该记录涉及自然人，须说明查询目的。", remedy="加上 --purpose “……”，查询将记入日志。", code=2)


def find(key: str, run: Run | None = None, *, purpose: str = "") -> list[Found]:
    """Records with this document number or record id, one per record (rows without a readable key one by one).

    Those of persons answer to a document number for a purpose, to whom ``run`` or the page acts for; each is in the log.
    Raises UserError for a blank key, for a record whose rows have been purged, without a purpose where a person's record answers
    (``PurposeNeeded``), and where it names records of several persons: persons are looked up one at a time.
    """
    key = key_given(key, "文书号或记录编号")
    with session("reader") as opened:
        found = answering(opened, key)
        if ids.is_record_id(key) and not found:
            _told_purged(opened, key)
    answered = persons_answering(key, run, purpose=purpose)
    if any(not item.kind for item in answered):
        raise PurposeNeeded
    found += answered
    of_persons = [item for item in found if item.about_person]
    if len(of_persons) > 1:
        several = [
            item.record_id or f"批次 {item.batch_seq} 第 {item.row_no} 行（无法识别，见退回单）" for item in of_persons
        ]
        raise UserError(
            f"该文书号涉及 {len(of_persons)} 条自然人记录，须逐人查询。",
            remedy="改用记录编号逐条查询，各写明目的："
            + "、".join(several[:_LISTED])
            + (f" 等 {len(several)} 条" if len(several) > _LISTED else "")
            + "。",
        )
    return found


def answering(opened: Session, key: str) -> list[Found]:
    """Records with this record id, or of organisations with this document number, as ``find`` tells them one by one."""
    by_id = ids.is_record_id(key)
    kinds = [kind.id for kind in load_catalogue().kinds.values() if by_id or kind.document is not None]
    asked = {"kinds": kinds, "record": key if by_id else None, "numbers": None if by_id else spellings(key)}
    return _each(opened.execute(_FOUND, asked).tuples())


def persons_answering(key: str, run: Run | None, *, purpose: str = "") -> list[Found]:
    """Records of persons with this document number; without a purpose one of no kind, id or place, where there is any.

    To nobody who is not signed in. Each answer is in the log and counts. Raises UserError (code 4) after too many in an hour.
    """
    if ids.is_record_id(key):
        return []
    kinds = [kind.id for kind in load_catalogue().kinds.values() if kind.document is not None]
    asked = {"kinds": kinds, "numbers": spellings(key), "purpose": persons.mask(purpose.strip())}
    with ExitStack() as held:
        token = ""
        if not acts_for_somebody():
            if run is None or run.token is None:
                return []
            token = held.enter_context(signed_in(run))
        held.enter_context(refusals())
        return _each(held.enter_context(session("reader", token)).execute(_PERSONS, asked).tuples())


def _each(rows: Iterable[Any]) -> list[Found]:
    """One per record, or per row that tells none."""
    found: dict[Any, Found] = {}
    for row in rows:
        record = Found(*row)
        place = (record.batch_seq, record.attempt, record.row_no)
        found.setdefault((record.kind, record.record_id or place), record)
    return list(found.values())


def _told_purged(opened: Session, record: str) -> None:
    """Raises UserError where the rows of a record have gone."""
    purged = opened.execute(text("select * from desk.purged(:key)"), {"key": record}).one()
    if purged.rows:
        raise UserError(
            f"该记录的 {purged.rows} 行原始数据已按保存期限清除（{purged.on_day}；{purged.rule}，{purged.clause}）。",
            remedy="台账只留清除的事实和行数。",
            code=4,
        )


def _versions(opened: Any, item: Found, purpose: str) -> list[dict[str, Any]]:
    kind = load_catalogue().kinds[item.kind]
    titles = {name: kind.fields[name].title for name in kind.variants[item.variant]}
    kept = (shapes.applied_to(opened, kind.id) or {}).get("kept", [])
    titles |= {spec["name"]: f"{spec['name']}（已停用）" for spec in kept}
    rules = {rule.id: rule for rule in load_ruleset(kind.id).row_rules}
    rows = opened.execute(
        text(f"""
        select r.*, b.batch_id, b.file_name, b.locator, b.sha256, b.received_at, b.business_date, b.dataset_id,
               b.dag_run, b.state as batch_state, b.current_attempt, a.catalogue_version, a.rules_version,
               a.code_version, {unchanged.OUTCOME} as _outcome, q.state as quarantine_state,
               (select json_agg(json_build_object('rule', v.rule_id, 'severity', v.severity, 'detail', v.detail))
                from ledger.row_verdict v where v.batch_seq = r.batch_seq and v.attempt = r.attempt
                  and v.row_no = r.row_no) as cross_record
        from desk.record_rows(:kind, :record, :seq, :attempt, :row, :purpose) as told (r)
        cross join lateral jsonb_populate_record(cast(null as {kind.raw}), told.r) r
        join ledger.batch b on b.seq = r.batch_seq
        join ledger.attempt a on a.batch_seq = r.batch_seq and a.attempt = r.attempt
        {unchanged.JOINS}
        left join ledger.quarantine q on q.batch_seq = r.batch_seq and q.attempt = r.attempt and q.row_no = r.row_no
        order by r.source_version, r.batch_seq, r.attempt, r.row_no"""),
        {
            "kind": kind.id,
            "record": item.record_id,
            "seq": item.batch_seq,
            "attempt": item.attempt,
            "row": item.row_no,
            "purpose": purpose,
        },
    ).mappings()
    result = []
    for row in rows:
        received = orjson.loads(row["received"]) if row["received"] else {}
        findings = [
            {"rule": code, "severity": severity, "title": rules[code].title if code in rules else code}
            for severity, column in (("错误", "row_errors"), ("提醒", "row_warnings"))
            for code in row[column].split(";")
            if code
        ]
        findings += [
            {
                "rule": verdict["rule"],
                "severity": "错误" if verdict["severity"] == "error" else "提醒",
                "title": verdict["detail"],
            }
            for verdict in row["cross_record"] or []
        ]
        outcome = words.OUTCOME[row["_outcome"]] if row["_outcome"] else words.ACCEPTED
        if row["attempt"] != row["current_attempt"]:
            outcome = "已被重放取代"
        elif row["batch_state"] in WITH_THE_BATCH:
            outcome = WITH_THE_BATCH[row["batch_state"]]
        elif row["quarantine_state"] == QuarantineState.CORRECTED:
            outcome = "退回，已更正"
        result.append(
            {
                **{
                    name: row[name]
                    for name in (
                        "batch_seq",
                        "attempt",
                        "row_no",
                        "sheet",
                        "source_row",
                        "batch_id",
                        "file_name",
                        "locator",
                        "sha256",
                        "received_at",
                        "business_date",
                        "dataset_id",
                        "dag_run",
                        "catalogue_version",
                        "rules_version",
                        "code_version",
                        "source_version",
                    )
                },
                "content_hash": row["content_hash"].hex,
                "outcome": outcome,
                "findings": findings,
                "rules_total": len(rules),
                "rules_passed": len(rules) - len({finding["rule"] for finding in findings} & set(rules)),
                "fields": [
                    {"field": name, "title": title, "value": row[name], "received": str(received.get(name, row[name]))}
                    for name, title in titles.items()
                    if row.get(name) or received.get(name)
                ],
            }
        )
    return result


def _hidden(told: Any) -> Any:
    """What is told, without the vault's tokens."""
    if isinstance(told, str):
        return persons.without_tokens(told, _HIDDEN)
    if isinstance(told, dict):
        return {name: _hidden(value) for name, value in told.items()}
    return [_hidden(value) for value in told] if isinstance(told, list) else told


def story(item: Found, *, purpose: str = "", token: str = "") -> dict[str, Any]:
    """Everything about one record: versions with provenance and verdicts, deliveries, receipts, looks; no token of the vault.

    A person's record is told for a purpose, to whom ``token`` stands for; the database logs the look as it answers.
    Raises UserError (code 2) without a purpose, (code 4) where nobody is signed in who may look.
    """
    return {name: _hidden(value) for name, value in _story(item, persons.mask(purpose.strip()), token).items()}


def _story(item: Found, purpose: str, token: str) -> dict[str, Any]:
    kind = load_catalogue().kinds[item.kind]
    with refusals(), session("reader", token) as opened:
        versions = _versions(opened, item, purpose)
        found = part.told(opened, kind, item.record_id or "", _BESIDE)
    deliveries, events, looks = ([row._asdict() for row in found[name]] for name in _BESIDE)
    for delivery in deliveries:
        delivery["values"] = delivery.pop("payload")
        delivery["operation_title"] = words.OPERATION[delivery["operation"]]
        delivery["state_title"] = words.ITEM[delivery["state"]]
    for event in events:
        event["event_title"] = words.EVENT.get(event["event"], event["event"])
    newest = versions[-1]
    shown = {field["field"]: field["value"] for field in newest["fields"]}
    return {
        "record_id": item.record_id,
        "kind": item.kind,
        "kind_title": kind.title,
        "variant": item.variant,
        "document_no": shown.get(kind.document or "", ""),
        "subject": shown.get("subject_name") or shown.get("name", ""),
        "authority": shown.get("authority_name", ""),
        "state": newest["outcome"],
        "versions": versions,
        "deliveries": deliveries,
        "events": events,
        "looks": looks,
    }
