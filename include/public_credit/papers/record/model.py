"""What the page of a record tells, as one typed object; ``oversight.record`` assembles it, page, JSON and case file show it.

No field holds a vault token: ``hidden`` is the last step of whoever makes a case. Instants carry their zone, days are those
of the business calendar. ``tone`` is one of ``good``, ``warn``, ``bad``, ``calm``; the word beside it says the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from ...identifiers import persons

HIDDEN = "（号码已隐去）"
T = TypeVar("T")


@dataclass(frozen=True)
class Cause:
    """Why a record is in its state: what, when, by which other record or landed row (``batch/row``), '' where there is none."""

    text: str
    on: date | None = None
    record_id: str = ""
    row: str = ""


@dataclass(frozen=True)
class State:
    """The state of the record itself, with its causes and what else is to be known of it (``marks``: 异议中 …)."""

    word: str
    tone: str
    since: date | None = None
    causes: tuple[Cause, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A hash that was computed again: ``booked`` is what the ledger holds, ``found`` what there is, None where nothing could be read."""

    word: str
    tone: str
    booked: str
    found: str | None
    note: str = ""


@dataclass(frozen=True)
class Source:
    """The receipt a row came with, and its place in it."""

    batch_seq: int
    batch_id: str
    attempt: int
    row_no: int
    sheet: str
    source_row: int | None
    dataset_id: str
    dataset_title: str
    unit: str
    channel: str
    file_name: str
    locator: str
    source_version: str
    size_bytes: int
    received_at: datetime
    business_date: date
    landed_at: datetime | None
    gated_on: date | None
    state: str
    counts: dict[str, int]
    catalogue_version: str
    rules_version: str
    code_version: str
    dag_run: str
    resubmission_of: int | None
    file: Check


@dataclass(frozen=True)
class Value:
    """A field as received, landed and delivered, with what was done on the way; ``delivered`` None: it has not left the house.

    ``column``: the exported column, or the raw one, as lineage names it.
    """

    field: str
    title: str
    received: str
    landed: str
    delivered: str | None
    landing: str
    delivering: str
    column: str


@dataclass(frozen=True)
class Rule:
    """A rule with what it saw in the row; ``asks``: what breaking it means; ``waived_by``: the number of a waiver."""

    id: str
    stage: str
    title: str
    clause: str
    asks: str
    saw: str
    verdict: str
    tone: str
    remedy: str
    waived_by: int | None = None


@dataclass(frozen=True)
class Receipt:
    """One receipt that brought the record: a version (numbered), or not one (returned, unchanged, out of the way).

    ``attempts``: landings of the same receipt, oldest first; a replay makes no version. ``changes``: titles of the fields that
    differ from the version before.
    """

    number: int | None
    word: str
    tone: str
    batch_seq: int
    row_no: int
    place: str
    received_at: datetime
    source_version: str
    content_hash: str
    known_from: date | None
    known_to: date | None
    attempts: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Related:
    """The record before or after a corrected key."""

    role: str
    record_id: str
    document_no: str
    reason: str
    on: date
    batch_seq: int
    row_no: int


@dataclass(frozen=True)
class Returned:
    """A row that was returned and its way back."""

    batch_seq: int
    row_no: int
    state: str
    rules: str
    opened_on: date
    closed_on: date | None
    slip_id: str
    slip_file: str
    slip_sha256: str
    corrected_by: str
    corrected_record: str


@dataclass(frozen=True)
class Waived:
    """A waiver under which the batch was judged."""

    id: int
    check: str
    reason: str
    owner: str
    granted_by: str
    expires_on: date
    revoked_on: date | None


@dataclass(frozen=True)
class Gate:
    """One expectation about the whole batch, as it was evaluated."""

    id: str
    title: str
    severity: str
    success: bool
    observed: str
    remedy: str
    clause: str


@dataclass(frozen=True)
class Built:
    """A build that took the receipt in or out."""

    build_id: int
    on: date
    operation: str
    code_version: str
    built_at: datetime | None


@dataclass(frozen=True)
class Use:
    """Something the record counts in: a list, a grade, a target figure, an assessment, a frozen edition.

    ``figure``: the number by which the figure's records are listed, '' where there is none.
    """

    what: str
    title: str
    detail: str
    on: date | None
    figure: str = ""


@dataclass(frozen=True)
class Delivered:
    """One operation on the record for a receiver, with its release and its receipt."""

    item_id: int
    release_id: int
    release_state: str
    diff_hash: str
    receiver: str
    interface: str
    operation: str
    state: str
    tone: str
    version: str
    released_at: datetime
    sent_at: datetime | None
    due_on: date | None
    receipt_id: str
    receipt_code: str
    receipt_field: str
    receipt_text: str
    city_id: str


@dataclass(frozen=True)
class Told:
    """What a receiver told later, or what a two-sided comparison found."""

    what: str
    word: str
    text: str
    on: date | None


@dataclass(frozen=True)
class Look:
    """Somebody who looked at the record."""

    at: datetime
    who: str
    purpose: str
    action: str
    channel: str


@dataclass(frozen=True)
class RecordCase:
    """Everything about one record, or about one landed or refused row (``record_id`` '' where it tells none)."""

    kind: str
    kind_title: str
    variant: str
    about_person: bool
    record_id: str
    batch_seq: int
    row_no: int
    document_no: str
    subject: str
    authority: str
    unit: str
    event_on: str
    entered: bool  # whether the row this tells of went on into the warehouse
    state: State
    source: Source
    row_hash: Check | None
    values: tuple[Value, ...]
    rules: tuple[Rule, ...]
    receipts: tuple[Receipt, ...]
    related: tuple[Related, ...]
    returned: tuple[Returned, ...]
    waivers: tuple[Waived, ...]
    gate: tuple[Gate, ...]
    builds: tuple[Built, ...]
    uses: tuple[Use, ...]
    deliveries: tuple[Delivered, ...]
    told: tuple[Told, ...]
    looks: tuple[Look, ...]
    district: str
    simulated: bool
    data_on: date | None
    made_at: datetime
    who: str
    purpose: str
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the page is called: the document's number, else the record's, else the row's place."""
        return self.document_no or self.record_id or f"批次 {self.batch_seq} 第 {self.row_no} 行"

    @property
    def passed(self) -> int:
        """Rules that found nothing."""
        return sum(rule.verdict == PASSED for rule in self.rules)

    @property
    def receivers(self) -> list[str]:
        """Receivers that hold the record now, by the last operation each accepted."""
        last = {item.receiver: item for item in self.deliveries if item.tone == "good"}
        return sorted(name for name, item in last.items() if item.operation != WITHDRAWAL)

    @property
    def versions(self) -> int:
        """How many versions there were."""
        return sum(receipt.number is not None for receipt in self.receipts)


PASSED = "通过"
WITHDRAWAL = "撤下"


def as_dict(case: RecordCase) -> dict[str, Any]:
    """The case for JSON, with what is computed from it."""
    more = {"title": case.title, "rules_passed": case.passed, "received_by": case.receivers, "versions": case.versions}
    return more | asdict(case)


def hidden(told: T) -> T:
    """The same, without the vault's tokens, however deep they stand."""
    if isinstance(told, str):
        return persons.without_tokens(told, HIDDEN)  # type: ignore[return-value]  # a str for a str
    if is_dataclass(told) and not isinstance(told, type):
        return replace(told, **{part.name: hidden(getattr(told, part.name)) for part in fields(told)})
    if isinstance(told, tuple | list):
        return type(told)(hidden(one) for one in told)  # type: ignore[return-value]  # the same sort of sequence
    if isinstance(told, dict):
        return {name: hidden(value) for name, value in told.items()}  # type: ignore[return-value]  # a dict for a dict
    return told
