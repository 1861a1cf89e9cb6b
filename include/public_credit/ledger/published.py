"""What the code reads of dbt: these relations and these columns, by type, and nothing else.

Schema ``published`` is made for the code (``dbt_project/models/published``); the marts are contracts of their own, and so are
the seeds of policy by their column types. Tests compare the list with dbt's contracts and with every SQL text of the code.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..base.messages import UserError
from .models import Build
from .states import BuildState

_PROFILE = {
    "text": "subject_id uscc name org_type state address legal_rep_name on_lists latest_ratings food_drug_grade",
    "date": "established_on last_event_on",
    "boolean": "left_register food_drug",
    "integer": "records adverse_records positive_records licences penalties open_list_entries",
}
_SUPERVISION = {
    "bigint": "backlog generated received_of_generated surplus received accepted due running late organisations linked "
    "to_publish published",
    "numeric(9,6)": "reporting_rate timely_rate late_rate compliance_rate link_rate publication_rate",
}

RELATIONS: dict[str, dict[str, str]] = {  # schema.relation → type → columns
    "published.heads": {
        "text": "kind record_id variant dataset_id source_version content_hash subject_name uscc decision_no "
        "authority_uscc former_names",
        "bigint": "batch_seq",
        "integer": "row_no",
    },
    "published.versions": {
        "text": "kind record_id source_version content_hash",
        "bigint": "batch_seq",
        "integer": "row_no",
    },
    "published.record_links": {
        "text": "record_id kind unit_id dataset_id subject_class lookup_scheme lookup_value subject_id link_state "
        "link_reason",
        "bigint": "build_id",
    },
    "published.record_changes": {"bigint": "build_id", "text": "record_id change"},
    "published.contributions": {
        "text": "figure_id item_key label unit_id record_id",
        "date": "valid_from valid_to",
        "integer": "numerator denominator missing",
    },
    "published.export_changes": {
        "text": "receiver interface record_id operation_hint reason",
        "bigint": "build_id",
        "date": "due_on",
        "jsonb": "payload",
    },
    "marts.mart_targets__progress": {
        "text": "target_id unit_id denominator_source quality_note state",
        "integer": "goal_no year",
        "date": "month_end denominator_on",
        "bigint": "numerator denominator",
        "numeric(9,4)": "percent distance pace",
        "numeric(7,4)": "goal",
        "boolean": "suppressed",
    },
    "marts.mart_targets__target": {
        "text": "target_id figure_id title clause population subject_type goal_text figure_kind responsible_units "
        "contributing_units definition note",
        "integer": "goal_no",
        "numeric(7,4)": "goal",
        "date": "due_on",
        "boolean": "advances",
    },
    "marts.mart_supervision__assessment_line": {
        "text": "item line_key record_id unit_id note",
        "integer": "year",
        "date": "event_on",
        "numeric(12,2)": "counted out_of",
    },
    "marts.mart_targets__uncovered": {"text": "target_id uscc name unit_id reason", "date": "counted_since"},
    "marts.mart_supervision__decision_month": {
        "text": "unit_id decision_table decision_month unreported_reason",
        "bigint": "generated own_site_published received unreported accepted published",
    },
    "marts.mart_supervision__clock": {
        "text": "unit_id",
        "bigint": "due_today due_next breached impossible_date provisional",
    },
    "marts.mart_supervision__returned": {
        "text": "unit_id",
        "bigint": "returned open_rows corrected",
        "date": "oldest_on",
        "numeric(9,1)": "fix_days",
    },
    "marts.mart_supervision__assessment": {
        "text": "unit_id title formula clause",
        "integer": "year sort_order",
        "numeric(6,2)": "points max_points",
    },
    "marts.mart_attention__line": {
        "text": "rule title unit_id about_title measure remedy clause",
        "integer": "place",
        "bigint": "amount",
        "date": "since deadline",
        "boolean": "shown deadline_provisional",
    },
    "marts.mart_targets__milestone": {
        "text": "milestone_id title clause state evidence document_no responsible_units",
        "integer": "year",
        "date": "due_on state_on",
    },
    "marts.mart_supervision__yearly": {"text": "unit_id decision_table ledger_to", "integer": "year"} | _SUPERVISION,
    "marts.mart_supervision__unit_month": {"text": "unit_id month"} | _SUPERVISION,
    "marts.mart_supervision__unit_year": {
        "text": "unit_id",
        "integer": "year",
        "bigint": "batches silent_weeks attestations",
        "boolean": "nothing_yet not_due",
    },
    "marts.fct_records__version": {
        "text": "record_id kind variant dataset_id unit_id subject_class lookup_scheme lookup_value nature topic title "
        "detail document_no authority_name authority_uscc severity_class",
        "bigint": "version_no batch_seq",
        "smallint": "attempt",
        "integer": "row_no",
        "date": "known_from known_to event_on ends_on exited_on revoked_on replaced_on repaired_on objected_on "
        "objection_closed_on",
    },
    "marts.mart_subjects__enterprise": _PROFILE,
    "marts.mart_subjects__non_enterprise_legal_person": _PROFILE,
    "marts.mart_subjects__natural_person": {
        "text": "person_ref role record_id kind nature topic title detail document_no authority_name state disclosure "
        "dataset_id unit_id",
        "date": "event_on ends_on exited_on",
        "boolean": "objected",
    },
    "marts.mart_subjects__timeline": {
        "text": "subject_id record_id kind variant dataset_id unit_id disclosure subject_class nature topic title detail "
        "document_no authority_name severity_class state",
        "date": "event_on ends_on exited_on",
        "boolean": "objected",
    },
    "marts.mart_subjects__food_drug_grade": {"text": "subject_id grade rule explanation clause", "integer": "months"},
    "marts.mart_subjects__food_drug_grade_basis": {
        "text": "subject_id record_id role document_no title authority_name",
        "date": "event_on",
    },
    "marts.mart_lists__entry": {
        "text": "record_id subject_id list_kind list_name document_no reason legal_basis state authority_name disclosure",
        "date": "entered_on term_to",
        "boolean": "objected",
    },
    "marts.mart_shuanggongshi__penalty": {"text": "record_id legal_basis"},
    "policy.target": {
        "text": "target_id figure_id title subject_type goal_text population numerator_rule denominator_rule definition",
        "integer": "goal_no",
        "date": "due_on",
        "numeric(7,4)": "goal",
    },
    "policy.target_state_rule": {"text": "state symbol hatch explanation", "integer": "worst_first"},
    "policy.metric_definition": {
        "text": "metric title definition numerator denominator exclusions cohort source mart pages",
        "integer": "version",
    },
    "policy.notice_rule": {"text": "metric clause reason", "numeric(7,2)": "threshold"},
    "policy.quality_note_rule": {"text": "fact metrics shown_in words clause", "integer": "place at_least at_most"},
    "policy.goal_line": {"text": "metric clause word", "numeric(7,4)": "goal"},
}


def contract() -> str:
    """Fingerprint of schema ``published`` as this code reads it; a finished build remembers it."""
    made = {name: columns for name, columns in RELATIONS.items() if name.startswith("published.")}
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:16]


def ready(opened: Session) -> bool:
    """Whether schema ``published`` is there as this code reads it: the newest build is finished and made it so.

    Not before the first build, not in a warehouse that an older version built last, and not while a build is open.
    """
    newest = opened.scalar(select(Build).order_by(Build.build_id.desc()).limit(1))
    return (
        newest is not None
        and newest.state == BuildState.BUILT
        and (newest.made_from or {}).get("published") == contract()
    )


def require(opened: Session) -> None:
    """Raises UserError (code 3) while schema ``published`` is not ready."""
    if not ready(opened):
        raise UserError(
            "还没有完成过构建，或最近一次构建没有完成，或由旧版程序完成。",
            remedy="先运行 public-credit build。",
            code=3,
        )
