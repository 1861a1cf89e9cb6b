"""A raw table is indexed by what its kind's records are asked for by."""

from __future__ import annotations

from typing import Any

import pytest
from public_credit.base import settings
from public_credit.catalogue import load_catalogue
from public_credit.land import raw_tables

INDEXED = """select a.attname from pg_attribute a where a.attrelid = to_regclass('raw.ix_honour_document')"""


@pytest.mark.parametrize(
    ("document", "indexed"), [("honour_title", "honour_title"), (None, None), ("not_applied_yet", "document_no")]
)
def test_the_index_follows_the_field_the_catalogue_names(warehouse: Any, document: str, indexed: str) -> None:
    kind = load_catalogue().kinds["honour"]
    with settings.engine("owner").begin() as connection:
        raw_tables.equip(connection, kind.model_copy(update={"document": document}))
    with warehouse.connect() as owner:
        assert owner.execute(INDEXED).fetchone() == (indexed and (indexed,))
