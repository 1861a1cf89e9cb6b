"""The states, steps and outcomes that are written to the database, one enum each; words for people are in ``ledger.words``.

A member is the text that is stored. Check constraints and SQL are made of the members (``sql``); nothing else spells them.
"""

from __future__ import annotations

from enum import StrEnum


class BatchState(StrEnum):
    """A receipt on its way."""

    RECEIVED = "received"
    LANDED = "landed"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_QUARANTINE = "accepted_with_quarantine"
    HELD = "held"
    BROKEN = "broken"
    FAILED = "failed"
    SET_ASIDE = "set_aside"
    WITHDRAWN = "withdrawn"


GOOD = (BatchState.ACCEPTED, BatchState.ACCEPTED_WITH_QUARANTINE)
OUT_OF_THE_WAY = (BatchState.SET_ASIDE, BatchState.WITHDRAWN)
UNCOUNTED = (BatchState.RECEIVED, BatchState.FAILED, BatchState.SET_ASIDE)


class AttemptState(StrEnum):
    """One landing of a receipt."""

    LANDING = "landing"
    LANDED = "landed"
    GATED = "gated"
    SUPERSEDED = "superseded"
    FAILED = "failed"


class StepName(StrEnum):
    """What a row of ``ledger.step`` tells of."""

    COLLECT_UNIT = "collect_unit"
    COLLECT = "collect"
    RECEIVE = "receive"
    ATTEST = "attest"
    LAND = "land"
    GATE = "gate"
    GATE_RUN = "gate_run"
    FOLLOW_UP = "follow_up"
    SET_ASIDE = "set_aside"
    WITHDRAW = "withdraw"
    REPLAY = "replay"
    RESTORE = "restore"
    DECIDE = "decide"
    RESOLVE = "resolve"
    BUILD = "build"
    CATALOGUE_APPLY = "catalogue_apply"
    RELEASE = "release"
    DELIVER = "deliver"
    RECEIPT = "receipt"
    RECONCILE = "reconcile"
    EDITION = "edition"
    PUBLISH_LEADERSHIP = "publish_leadership"
    ALERT = "alert"
    SWEEP = "sweep"
    PURGE = "purge"
    TIDY = "tidy"
    SET_PASSWORD = "set_password"
    SEAL = "seal"
    AUDIT = "audit"


class DigestReason(StrEnum):
    """Why the digest of an attempt's landed rows was taken."""

    LANDED = "landed"
    FOUND = "found"
    RESHAPED = "reshaped"
    PURGED = "purged"


class ChainOperation(StrEnum):
    """What an event of the chain of evidence tells: of rows of a table, or of the chain itself."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    FOUND = "found"
    BEGUN = "begun"
    WATCHED = "watched"
    MIGRATED = "migrated"
    RESTORED = "restored"
    REKEYED = "rekeyed"
    VERIFIED = "verified"
    EXPLAINED = "explained"


class Verdict(StrEnum):
    """How a step ended; ``incomplete`` from its beginning, for ever when it is killed."""

    INCOMPLETE = "incomplete"
    OK = "ok"
    WARNING = "warning"
    HELD = "held"
    FAILED = "failed"
    NOTHING_DUE = "nothing_due"


class Outcome(StrEnum):
    """A landed row that was not accepted."""

    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"


class QuarantineState(StrEnum):
    """A returned row's way back."""

    OPEN = "open"
    RETURNED = "returned"
    CORRECTED = "corrected"
    WAIVED = "waived"
    WITHDRAWN = "withdrawn"


class CaseReason(StrEnum):
    """Why only a person can tell what a delivered row has to do with a returned one."""

    OTHER_ROW = "other_row"
    AMBIGUOUS = "ambiguous"
    NO_SUCH_PLACE = "no_such_place"
    OLD_STAYS = "old_stays"


class CaseState(StrEnum):
    """A correction a person decides."""

    OPEN = "open"
    CORRECTION = "correction"
    NEW = "new"


NOT_BACK = (QuarantineState.OPEN, QuarantineState.RETURNED)


class BuildState(StrEnum):
    """A build, from the list of its inputs to the end of dbt."""

    OPEN = "open"
    BUILT = "built"


class InputOperation(StrEnum):
    """What a build does with an attempt."""

    ADD = "add"
    REMOVE = "remove"


class UnitRole(StrEnum):
    """What a unit has to do with a figure of the target ledger."""

    RESPONSIBLE = "responsible"
    CONTRIBUTING = "contributing"


class ReleaseState(StrEnum):
    """A frozen difference: waiting for an approval, decided, or overtaken by later ones before anybody decided."""

    WAITING = "waiting"
    RELEASED = "released"
    REJECTED = "rejected"
    OVERTAKEN = "overtaken"


class Operation(StrEnum):
    """What a receiver is asked to do with a record."""

    ADD = "ADD"
    MOD = "MOD"
    DEL = "DEL"


class ItemState(StrEnum):
    """One operation on its way to a receiver."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


IN_DOUBT = (ItemState.SENDING, ItemState.UNKNOWN)
UNDERWAY = (ItemState.PENDING, *IN_DOUBT)


class ReceiverEvent(StrEnum):
    """What a receiver tells later of a record; of ``unreadable`` one it cannot be said what, or of which."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    OBJECTION = "objection"
    REPAIRED = "repaired"
    UNREADABLE = "unreadable"


class Difference(StrEnum):
    """What a two-sided comparison finds of a record both sides do not agree on."""

    MISSING = "missing"
    SURPLUS = "surplus"
    DIFFERING = "differing"
    UNSETTLED = "unsettled"


class RequestState(StrEnum):
    """How one request to a receiver ended; ``sending`` from its beginning, for ever when the sender is killed."""

    SENDING = "sending"
    EMPTY = "empty"
    ANSWERED = "answered"
    REFUSED = "refused"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"


class EditionState(StrEnum):
    """A year's figures on their way to being frozen."""

    DRAFT = "draft"
    APPROVED = "approved"
    FROZEN = "frozen"
    REJECTED = "rejected"


UNDECIDED = (EditionState.DRAFT, EditionState.APPROVED)


class EditionKind(StrEnum):
    """Whether a year's figures are the first or correct frozen ones."""

    ORIGINAL = "original"
    RESTATEMENT = "restatement"


class Irreversible(StrEnum):
    """What is done only when a second person agreed."""

    REKEY = "rekey"
    PURGE = "purge"
    EXPLAIN = "explain"


class ApprovalState(StrEnum):
    """What was asked for, on its way to being done."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    USED = "used"


class ReportKind(StrEnum):
    """What was asked about: one subject, or a list of applicants."""

    SUBJECT = "subject"
    REVIEW = "review"


class PaperForm(StrEnum):
    """A file a report is handed out as."""

    PAGE = "page"
    WORKBOOK = "workbook"


class Decision(StrEnum):
    """A person's judgement of two identifiers."""

    SAME = "same"
    DIFFERENT = "different"


class SubjectClass(StrEnum):
    """Which of the two databases of organisations a subject is in."""

    ENTERPRISE = "enterprise"
    NON_ENTERPRISE = "non_enterprise"


class PastId(StrEnum):
    """Why an id of a subject is past."""

    MERGED = "merged"
    RENUMBERED = "renumbered"


class Conversion(StrEnum):
    """How a subject followed another."""

    CONVERTED = "converted"


class Topic(StrEnum):
    """What a person has to look at."""

    SEVERAL_USCCS = "several_usccs"
    SHARED_IDENTIFIER = "shared_identifier"
    UNRESOLVED_RECORD = "unresolved_record"
    POSSIBLE_DUPLICATE = "possible_duplicate"


class WorkState(StrEnum):
    """An item of the work list."""

    OPEN = "open"
    DONE = "done"


class RecordState(StrEnum):
    """A record of the marts (``dbt_project/macros``): written by the models, read by reports and pages."""

    CURRENT = "current"
    EXPIRED = "expired"
    ENDED = "ended"
    REVOKED = "revoked"
    REPLACED = "replaced"
    REPAIRED = "repaired"


class Audience(StrEnum):
    """Whom a page of the desk is for: the role of an account."""

    ENGINEER = "engineer"
    LEADERSHIP = "leadership"
    AUDITOR = "auditor"
    CLERK = "clerk"


APPROVERS = frozenset({Audience.ENGINEER, Audience.LEADERSHIP})  # who agrees to what another one prepared


class Channel(StrEnum):
    """Through what a person is signed in."""

    DESK = "desk"
    CLI = "cli"


class SignIn(StrEnum):
    """What came of an attempt to sign in."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    THROTTLED = "throttled"


def sql(words: StrEnum | tuple[StrEnum, ...]) -> str:
    """A member as an SQL literal, several as a list in brackets: ``state in {sql(GOOD)}``."""
    return f"'{words}'" if isinstance(words, StrEnum) else f"({', '.join(map(sql, words))})"
