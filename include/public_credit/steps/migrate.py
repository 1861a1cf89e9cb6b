"""Bring the database to the current shape: ledger migrations, raw tables of the catalogue, rights."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from ..base import settings
from ..base.messages import UserError
from ..ledger import chain, models, unchanged
from ..ledger.locks import lock
from ..ledger.rights import apply as rights
from ..ledger.states import ChainOperation

DBT_SCHEMAS = ("policy", "staging", "intermediate", "marts", "exports", "published")
SCHEMAS = ("ledger", "raw", "vault", "subjects", "desk", *DBT_SCHEMAS)


_DELIVERED = text("select exists (select 1 from ledger.batch)")


def alembic_config() -> Config:
    """Alembic's configuration; there is no ini file, the connection is passed in."""
    config = Config()
    config.set_main_option("script_location", str(Path(models.__file__).parents[1] / "migrations"))
    return config


def migrate() -> list[str]:
    """Run all migrations as pcw_owner, create the catalogue's raw tables, give every role the rights of the policy.

    Raises UserError (code 3), with nothing changed, for a warehouse with deliveries and no district.
    Returns the kinds whose table differs from the catalogue: ``catalogue apply`` changes these, after a preview.
    """
    from ..catalogue import load_catalogue
    from ..catalogue.remembered import remember
    from ..land import digests, raw_tables, shapes, told_again, whole_table

    kinds = list(load_catalogue().kinds.values())
    with settings.engine("owner").begin() as connection:
        lock(connection, "migrate")
        for schema in SCHEMAS:
            connection.execute(text(f"create schema if not exists {schema}"))
        config = alembic_config()
        config.attributes["connection"] = connection
        before = _revision(connection)
        command.upgrade(config, "head")
        if before and before != (after := _revision(connection)):
            chain.note(connection, ChainOperation.MIGRATED, before=before, after=after)
        rights.write(connection)
        if settings.district_folder() is None and connection.execute(_DELIVERED).scalar():
            raise UserError(
                "没有指定辖区，而数仓里已有报送：不指明就启动，看板和提醒都会失去依据。",
                remedy="把环境变量 PCW_DISTRICT 设为本辖区的文件夹（docs/district.md）后重新启动。",
                code=3,
            )
        for kind in kinds:
            whole_table.set_aside(connection, kind)
        raw_tables.ensure(connection, load_catalogue())
        with Session(connection) as opened:
            remember(opened, load_catalogue())
            opened.flush()
    for kind in kinds:
        left = True
        while left:
            with settings.engine("owner").begin() as connection:
                lock(connection, "migrate")
                left = whole_table.move(connection, kind)
        with settings.engine("owner").begin() as connection:
            lock(connection, "migrate")
            whole_table.finish(connection, kind)
            raw_tables.hash_again(connection, kind.id)
        with settings.engine("owner").begin() as connection:
            lock(connection, "migrate")
            told_again.tell(connection, kind)
        with settings.engine("owner").begin() as connection:
            lock(connection, "migrate")
            shapes.hold(connection, kind.id, shared=False)
            digests.take_missing(connection, kind.id)
    _move_unchanged_rows()
    rights.apply()
    with settings.engine("owner").connect() as connection:
        known = shapes.applied(connection)
    return [kind.id for kind in kinds if shapes.differs(kind, known[kind.id])]


def _revision(connection: Connection) -> str:
    """The migration the database stands at, '' before the first."""
    if connection.execute(text("select to_regclass('ledger.alembic_version')")).scalar() is None:
        return ""
    return str(connection.execute(text("select max(version_num) from ledger.alembic_version")).scalar() or "")


def _move_unchanged_rows() -> None:
    """A transaction a part, so a run that is killed loses one; what was moved counts as before at every moment."""
    owner = settings.engine("owner")
    with owner.connect() as connection:
        parts = list(unchanged.parts(connection))
    moved = False
    for first in parts:
        with owner.begin() as connection:
            lock(connection, "migrate")
            moved |= unchanged.move(connection, first)
    if moved:
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum (full, analyze) ledger.row_outcome"))
