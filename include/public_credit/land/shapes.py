"""The shape of the raw tables as it was applied last (``ledger.kind_shape``), beside what the catalogue says now.

A catalogue that was edited is no reason to change a table: ``catalogue apply`` does, after a preview. Until then what
would read or write the table by the new catalogue waits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..catalogue.models import Kind
from ..ledger.locks import lock
from ..ledger.models import KindShape

Shape = dict[str, Any]
CONTENT_HASH = "blake2b-128"  # the function that made the content hashes of a table
STORED = "partitions"  # how the rows of a table lie; an earlier version had one table a kind, with ids as text

# What an organisation or a person is told by: part of a record's key, of the same name in every kind.
SUBJECT = frozenset(
    {"subject_name", "uscc", "org_code", "business_reg_no", "tax_reg_no", "institution_cert_no", "social_org_cert_no"}
    | {"id_no"}
)
# What gate and resolution read by name in raw tables, beside the subject.
_REGISTER = {"former_names", "predecessor_uscc", "established_on", "state", "address", "legal_rep_name"}
READ_BY_NAME = {
    "administrative_licence": frozenset({"decision_no", "authority_uscc", "decision_date", "licence_content"}),
    "administrative_penalty": frozenset(
        {"decision_no", "authority_uscc", "decision_date", "penalty_content", "violation_facts", "penalty_category"}
    ),
    "decision_event": frozenset({"decision_no", "authority_uscc", "decision_table"}),
    "enterprise_registration": frozenset(_REGISTER | {"name", "entity_type"}),
    "organisation_registration": frozenset(_REGISTER | {"org_type"}),
}


def read_by_name(kind: Kind) -> frozenset[str]:
    """Fields of a kind that the code of gate and resolution knows by name: the catalogue alone cannot change these."""
    about_subject = "subject" in kind.key or kind.id in READ_BY_NAME
    return READ_BY_NAME.get(kind.id, frozenset()) | (SUBJECT if about_subject else frozenset())


class NotApplied(UserError):
    """The catalogue and the raw table of a kind differ; what was received waits until the data engineer has applied it."""

    def __init__(self, kind: Kind):
        super().__init__(
            f"记录类型 {kind.id}（{kind.title}）的字段在目录中改过，尚未套用到数据库，这一类的批次原样等待。",
            remedy="由数据工程师运行 public-credit catalogue apply 预览，加 --yes 套用；等待的批次随后照常入库、裁决。",
            code=3,
        )


def of(kind: Kind) -> Shape:
    """The shape the catalogue gives a kind."""
    fields = [
        {"name": name, "type": kind.fields[name].type, "code_list": kind.fields[name].code_list or ""}
        for name in kind.columns
    ]
    shape = {"key": kind.key, "variants": kind.variants, "fields": fields, "kept": []}
    return shape | {"content_hash": CONTENT_HASH, "stored": STORED}


def found(kind: Kind, columns: set[str]) -> Shape:
    """The shape of a table that was made before shapes were kept: its columns, of the types the catalogue gives them."""
    shape = of(kind)
    return shape | {
        "content_hash": "",
        "stored": "",
        "variants": {
            variant: [name for name in fields if name in columns] for variant, fields in shape["variants"].items()
        },
        "fields": [spec for spec in shape["fields"] if spec["name"] in columns]
        + [{"name": name, "type": "text", "code_list": ""} for name in sorted(columns - set(kind.columns))],
    }


def applied(connection: Connection | Session) -> dict[str, Shape]:
    """The applied shape of every kind that has a table."""
    return {row.kind: row.shape for row in connection.execute(select(KindShape.kind, KindShape.shape))}


def applied_to(connection: Connection | Session, kind_id: str) -> Shape | None:
    """The applied shape of one kind, None where it has no table."""
    return connection.execute(select(KindShape.shape).where(KindShape.kind == kind_id)).scalar_one_or_none()


def differs(kind: Kind, shape: Shape | None) -> bool:
    """Whether the catalogue gives a kind another shape than its table has (columns kept of dropped fields apart)."""
    return shape is None or {**shape, "kept": []} != of(kind)


def hold(connection: Connection | Session, kind_id: str, *, shared: bool) -> None:
    """Keep the shape of a kind until the transaction ends: for the one who changes it, or (shared) for those who use it."""
    lock(connection, f"shape {kind_id}", shared=shared)


def require(connection: Connection | Session, kind: Kind) -> None:
    """Go on only when the kind's table has the shape of the catalogue, which it keeps until the transaction ends.

    Raises NotApplied.
    """
    hold(connection, kind.id, shared=True)
    if differs(kind, connection.execute(select(KindShape.shape).where(KindShape.kind == kind.id)).scalar()):
        raise NotApplied(kind)
