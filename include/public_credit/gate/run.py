"""Run the gate over all landed attempts, one process, one transaction per attempt.

Order: registers first (later verdicts rest on them), then decisions, then events about decisions; within that by
receipt. The run holds one advisory lock, so two gates never judge at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from ..base import faults, progress, settings
from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import dataset_of, load_catalogue
from ..land import shapes
from ..land.rules import load_ruleset
from ..ledger import locks, published, words
from ..ledger.models import Attempt, Batch, GateResult, Step
from ..ledger.states import OUT_OF_THE_WAY, AttemptState, BatchState, StepName, Verdict
from . import cross_record, empty, in_force, profile, quarantine, waivers
from .suite import Evaluation, Suite

KIND_ORDER = (
    "enterprise_registration",
    "organisation_registration",
    "administrative_licence",
    "administrative_penalty",
)
LAST_KINDS = ("decision_event", "decision_ledger")
_PATIENCE = 30.0  # seconds for a batch that is being landed, waived or set aside
FAILED = "裁决时出错（{}），其他批次照常处理"


@dataclass(frozen=True)
class GateOutcome:
    """Fate of one attempt: the batch's new state, counts and the message a person reads."""

    batch_seq: int
    batch_id: str
    dataset_id: str
    state: str
    counts: dict[str, int]
    message: str


def pending(session: Session, batch_seqs: Iterable[int] | None = None) -> list[tuple[int, int]]:
    """Landed attempts nobody judged yet as (batch, attempt); with ``batch_seqs`` also held batches among them."""
    held = Batch.seq.in_(list(batch_seqs)) if batch_seqs is not None else text("true")
    query = select(Attempt.batch_seq, Attempt.attempt).join(Batch, Batch.seq == Attempt.batch_seq).where(held)
    waiting = (Attempt.state == AttemptState.LANDED) & Batch.state.not_in(OUT_OF_THE_WAY)
    if batch_seqs is not None:
        waiting = waiting | ((Batch.state == BatchState.HELD) & (Attempt.attempt == Batch.current_attempt))
    rank = func.coalesce(func.array_position([*KIND_ORDER, "", *LAST_KINDS], Batch.kind), len(KIND_ORDER) + 1)
    found = session.execute(query.where(waiting).order_by(rank, Batch.seq, Attempt.attempt))
    return [(seq, attempt) for seq, attempt in found]


def _message(state: str, counts: dict[str, int], failed: list[Evaluation], doubts: list[str]) -> str:
    if state == BatchState.HELD:
        reasons = [f"{item.title}（{item.shown}）" for item in failed if item.severity == "critical"]
        return "扣留：" + "；".join(reasons + doubts)
    warned = "".join(f"；提醒：{item.title}（{item.shown}）" for item in failed)
    if state == BatchState.ACCEPTED_WITH_QUARANTINE:
        return f"放行，退回 {counts['quarantined']} 行{warned}"
    return f"放行{warned}"


def _judge(
    run: Run, session: Session, suite: Suite, seq: int, attempt_no: int, heads: dict[str, cross_record.Heads]
) -> GateOutcome:
    catalogue, on = load_catalogue(), run.on
    batch = session.get_one(Batch, seq)
    attempt = session.get_one(Attempt, (seq, attempt_no))
    kind, dataset = catalogue.kinds[batch.kind], dataset_of(seq, batch.dataset_id)
    ruleset = load_ruleset(kind.id)
    waived = waivers.active(session, batch.dataset_id, seq, on)
    cross_record.prepare_batch(session, kind, seq, attempt_no, heads[kind.id])
    cross_record.book_verdicts(session, kind, seq, attempt_no, ruleset, heads)
    counts = cross_record.outcomes(session, kind, seq, attempt_no, sorted(waived), heads[kind.id])
    row = profile.aggregates(session, kind, dataset, batch, attempt, suite.filled_fields, counts, on)
    row |= in_force.compared(session, kind, batch, attempt_no, heads[kind.id], row["landed"], row["records"])
    counts = {name: row[name] for name in ("accepted", "quarantined", "duplicate")}
    evaluations = suite.evaluate(row, dataset, batch)
    session.execute(
        text("delete from ledger.gate_result where batch_seq = :seq and attempt = :attempt"),
        {"seq": seq, "attempt": attempt_no},
    )
    if evaluations:
        session.execute(insert(GateResult), [item.row(seq, attempt_no) for item in evaluations])
    failed = [item for item in evaluations if not item.success and item.id not in waived]
    if any(item.severity == "critical" for item in failed):
        state = BatchState.HELD
    else:
        state = BatchState.ACCEPTED_WITH_QUARANTINE if counts["quarantined"] else BatchState.ACCEPTED
    message = _message(state, counts, failed, profile.doubts(session, seq, attempt_no) if row["doubts"] else [])
    takes_over = state != BatchState.HELD or batch.state in (BatchState.LANDED, BatchState.HELD, BatchState.FAILED)
    if takes_over:
        if batch.current_attempt not in (None, attempt_no):
            old = session.get_one(Attempt, (seq, batch.current_attempt))
            old.state = AttemptState.SUPERSEDED
        attempt.state = AttemptState.GATED
        batch.state, batch.current_attempt, batch.message = state, attempt_no, message
        batch.rows_in, batch.refused = attempt.rows_in, attempt.refused
        batch.accepted, batch.quarantined = counts["accepted"], counts["quarantined"]
        batch.duplicate = counts["duplicate"]
        batch.catalogue_version, batch.rules_version = catalogue.version, ruleset.version
        batch.code_version = run.code_version
        batch.gated_at = session.scalar(select(func.now()))
        batch.gated_on = batch.gated_on if batch.gated_on and state != BatchState.HELD and attempt_no > 1 else on
        session.flush()
        if state != BatchState.HELD:
            quarantine.open_entries(session, kind, batch, attempt_no, on)
            if not attempt.rows_in:
                empty.attest(session, batch)
            empty.settle(session, batch)
    else:
        attempt.state = AttemptState.FAILED
    _book(run, session, batch, attempt_no, state, counts, message)
    return GateOutcome(seq, batch.batch_id, batch.dataset_id, state, counts, message)


def _failed(run: Run, session: Session, seq: int, attempt_no: int, error: BaseException) -> GateOutcome:
    """Book a judgement that ended in an error: the receipt is ``failed``, an earlier attempt that passed stays live.

    What is amiss for all receipts alike (a rule file, say) leaves this one landed: the next run judges it again.
    """
    batch, attempt = session.get_one(Batch, seq), session.get_one(Attempt, (seq, attempt_no))
    message = FAILED.format(faults.text(error))
    if faults.of_receipt(error) and attempt.state == AttemptState.LANDED:
        attempt.state = AttemptState.FAILED
        if batch.state == BatchState.LANDED:
            message += f"；修正后运行 public-credit replay {seq}，或用 batches set-aside 搁置"
            batch.state, batch.message = BatchState.FAILED, message
    session.add(
        Step(
            name=StepName.GATE,
            unit_id=batch.unit_id,
            dataset_id=batch.dataset_id,
            batch_seq=seq,
            attempt=attempt_no,
            business_date=run.on,
            ended_at=func.clock_timestamp(),
            verdict=Verdict.FAILED,
            message=message,
            owner="data_engineer",
            dag_run=run.dag_run,
        )
    )
    progress.say(f"裁决 批次 {seq}（{batch.dataset_id}）  {words.BATCH[BatchState.FAILED]}：{message}")
    return GateOutcome(seq, batch.batch_id, batch.dataset_id, BatchState.FAILED, {}, message)


def _book(
    run: Run, session: Session, batch: Batch, attempt: int, state: str, counts: dict[str, int], message: str
) -> None:
    verdict = {BatchState.HELD: Verdict.HELD, BatchState.ACCEPTED_WITH_QUARANTINE: Verdict.WARNING}.get(
        BatchState(state), Verdict.OK
    )
    owner = {BatchState.HELD: "data_engineer", BatchState.ACCEPTED_WITH_QUARANTINE: "department"}.get(
        BatchState(state), ""
    )
    session.add(
        Step(
            name=StepName.GATE,
            unit_id=batch.unit_id,
            dataset_id=batch.dataset_id,
            batch_seq=batch.seq,
            attempt=attempt,
            business_date=run.on,
            ended_at=func.clock_timestamp(),
            verdict=verdict,
            message=message,
            owner=owner,
            counts=counts | {"rows_in": batch.rows_in},
            dag_run=run.dag_run,
        )
    )
    progress.say(
        f"裁决 批次 {batch.seq}（{batch.dataset_id}，{batch.rows_in or 0:,} 行）  {words.BATCH[BatchState(state)]}：{message}"
    )


class InUse(Exception):
    """Somebody is at a batch right now: whoever lands it has it judged afterwards."""


class _Desk:
    """What the judgements of one run share on their connection: current versions per kind, the registry, suites."""

    def __init__(self, run: Run, session: Session, between_builds: bool):
        self.run = run
        self.session = session
        self.built = between_builds and published.ready(session)
        self.suites: dict[str, Suite] = {}
        self.heads: dict[str, cross_record.Heads] = {}
        self.accepted: list[tuple[str, int, int]] = []
        self._registry_for: str | None = None

    def _head(self, kind_id: str) -> None:
        if kind_id not in self.heads:
            self.heads[kind_id] = cross_record.Heads(self.session, load_catalogue().kinds[kind_id], built=self.built)

    def judge(self, seq: int, attempt: int, patience: float) -> GateOutcome | None:
        """Judge one attempt and commit; None when there is nothing to judge any more.

        Raises NotApplied, and InUse for a batch that somebody else is at for longer than ``patience`` (seconds).
        """
        if not locks.lock_within(self.session, locks.batch(seq), patience):
            raise InUse
        batch, judged = self.session.get_one(Batch, seq), self.session.get_one(Attempt, (seq, attempt))
        self.session.refresh(batch)
        self.session.refresh(judged)
        held = (
            batch.state == BatchState.HELD and batch.current_attempt == attempt and judged.state == AttemptState.GATED
        )
        if batch.state in OUT_OF_THE_WAY or not (judged.state == AttemptState.LANDED or held):
            self.session.commit()
            return None
        shapes.require(self.session, load_catalogue().kinds[batch.kind])
        self.prepare(batch.kind)
        if batch.kind not in self.suites:
            self.suites[batch.kind] = Suite(batch.kind)
        outcome = _judge(self.run, self.session, self.suites[batch.kind], seq, attempt, self.heads)
        if outcome.state != BatchState.HELD:
            self.accepted.append((batch.kind, seq, attempt))
        self.session.commit()
        return outcome

    def prepare(self, kind_id: str) -> None:
        """Bring what a batch of this kind is compared with up to date."""
        for accepted in self.accepted:
            if accepted[0] in self.heads:
                self.heads[accepted[0]].add(self.session, *accepted[1:])
        self.accepted.clear()
        self._head(kind_id)
        if cross_record.against_decisions(load_catalogue().kinds[kind_id]):
            for name in cross_record.DECISION_KINDS:
                self._head(name)
        version = cross_record.registry_version(self.session)
        if cross_record.against_registry(load_catalogue().kinds[kind_id]) and version != self._registry_for:
            for name in cross_record.REGISTRY_KINDS:
                self._head(name)
            cross_record.prepare_registry(self.session, [self.heads[name] for name in cross_record.REGISTRY_KINDS])
            self._registry_for = version


def run(run: Run, batch_seqs: Iterable[int] | None = None) -> list[GateOutcome]:
    """Judge all landed attempts (or those of the given batches); outcomes in the order they were judged.

    An error ends the judgement it arose in (outcome ``failed``); only what concerns the database is raised.
    """
    outcomes: list[GateOutcome] = []
    with (
        locks.hold("collector", locks.GATE, waiting="另一个质量关卡正在运行，等它完成后继续。", holder=run.holder),
        settings.engine("collector").connect() as connection,
    ):
        try:
            with locks.hold("collector", locks.FIGURES, shared=True) as between_builds, Session(connection) as session:
                todo = pending(session, batch_seqs)
                session.commit()
                desk = _Desk(run, session, between_builds)
                in_use: list[tuple[int, int]] = []
                for patience, attempts in ((0, todo), (_PATIENCE, in_use)):  # the others first
                    for seq, attempt in attempts:
                        try:
                            outcome = desk.judge(seq, attempt, patience)
                        except InUse:
                            if not patience:
                                in_use.append((seq, attempt))
                            continue
                        except BaseException as error:
                            if not faults.of_receipt(error) and not isinstance(error, UserError):
                                raise
                            faults.note(f"batch {seq} could not be judged", error)
                            session.rollback()
                            desk = _Desk(run, session, between_builds)  # the rollback took its temporary tables
                            outcome = _failed(run, session, seq, attempt, error)
                            session.commit()
                        if outcome is not None:
                            outcomes.append(outcome)
                cross_record.refresh_statistics(session, {session.get_one(Batch, seq).kind for seq, _ in todo})
                session.commit()
        finally:
            connection.rollback()
            connection.execute(text("discard temporary"))
            connection.commit()
    return outcomes
