"""Tables of the ledger and of the vault (SQLAlchemy 2).

Times: ``*_at`` is the real clock (timestamptz), ``*_on`` and ``business_date`` the business calendar.
No column may hold a delivered value except ``delivery_item.payload`` (canonical values, sensitive ones as tokens).
"""

from __future__ import annotations

from .access import AccessLog, Alert, RelationRight, Report, ReportPaper, Secret
from .approvals import Approval
from .base import Base
from .builds import Build, BuildInput, KindShape, PublishedDataset, PublishedUnit
from .chain import ChainEvent, ChainForm, ChainLink, ChainSeal, ChainSent, RawDigest
from .delivery import (
    Delivery,
    DeliveryDay,
    DeliveryItem,
    DeliveryState,
    DeliveryTotal,
    ReceiverEvent,
    Reconciliation,
    ReconciliationDifference,
    Release,
)
from .desk import DeskSession, LoginAttempt
from .district import CalendarDay, DistrictFile, KeyDepartment, MilestoneEvidence, ReportArea, TargetUnit
from .editions import Edition
from .intake import ArchiveObject, Attempt, Attestation, Batch, BusinessDay, RefusedDelivery, RefusedRow, Signal, Step
from .locks import LockHolder
from .retention import Purge, PurgedRow
from .subjects import Judgement
from .verdicts import (
    CorrectionCase,
    GateResult,
    LinkChange,
    Quarantine,
    RecordLink,
    RepeatedRow,
    RowOutcome,
    RowVerdict,
    Slip,
    Stock,
    UnchangedRows,
    Waiver,
)

__all__ = [
    "AccessLog",
    "Alert",
    "Approval",
    "ArchiveObject",
    "Attempt",
    "Attestation",
    "Base",
    "Batch",
    "Build",
    "BuildInput",
    "BusinessDay",
    "CalendarDay",
    "ChainEvent",
    "ChainForm",
    "ChainLink",
    "ChainSeal",
    "ChainSent",
    "CorrectionCase",
    "Delivery",
    "DeliveryItem",
    "DeliveryDay",
    "DeliveryState",
    "DeliveryTotal",
    "DeskSession",
    "DistrictFile",
    "Edition",
    "GateResult",
    "Judgement",
    "KeyDepartment",
    "KindShape",
    "LinkChange",
    "LockHolder",
    "LoginAttempt",
    "MilestoneEvidence",
    "PublishedDataset",
    "PublishedUnit",
    "Purge",
    "PurgedRow",
    "Quarantine",
    "RawDigest",
    "ReceiverEvent",
    "Reconciliation",
    "ReconciliationDifference",
    "RecordLink",
    "RefusedDelivery",
    "RefusedRow",
    "RelationRight",
    "Release",
    "RepeatedRow",
    "Report",
    "ReportArea",
    "ReportPaper",
    "RowOutcome",
    "RowVerdict",
    "Secret",
    "Signal",
    "Slip",
    "Step",
    "Stock",
    "TargetUnit",
    "UnchangedRows",
    "Waiver",
]
