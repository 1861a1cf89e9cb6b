"""The district's files as they were when they were good last, kept in the ledger: read only while one of them has a mistake."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..ledger.models import DistrictFile
from ..ledger.session import for_itself, session

if TYPE_CHECKING:
    from .load import Catalogue

_recalled: dict[Hashable, tuple[tuple[str, str], ...]] = {}


def recall(stamp: Hashable) -> tuple[tuple[str, str], ...]:
    """(file, text) of every file that is remembered; none while the ledger cannot be asked. Asked once per ``stamp``."""
    if stamp not in _recalled:
        try:
            with for_itself(), session("reader") as opened:
                found = opened.execute(select(DistrictFile.name, DistrictFile.content).order_by(DistrictFile.name))
                rows = tuple((name, content) for name, content in found)
        except (UserError, SQLAlchemyError):  # no database yet, or it is being migrated
            return ()
        _recalled.clear()
        _recalled[stamp] = rows
    return _recalled[stamp]


def remember(opened: Session, catalogue: Catalogue) -> None:
    """Keep the good files of the district, and forget those that are no longer there."""
    known = dict(opened.execute(select(DistrictFile.name, DistrictFile.content)).tuples().all())
    for name, content in sorted(catalogue.good.items()):
        if known.get(name) != content:
            row = insert(DistrictFile).values(name=name, content=content)
            opened.execute(
                row.on_conflict_do_update(index_elements=[DistrictFile.name], set_={"content": row.excluded.content})
            )
    gone = sorted(known.keys() - catalogue.good.keys() - catalogue.left_out.keys())
    if gone:
        opened.execute(delete(DistrictFile).where(DistrictFile.name.in_(gone)))
