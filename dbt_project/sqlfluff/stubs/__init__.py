"""What the macros ask of dbt beside sqlfluff's own stand-ins: enough to render every file without a database.

``SQLFLUFF_FULL_REFRESH=1`` renders what a full refresh runs, otherwise what a daily build runs.
"""

import os
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


class Relation(str):
    """A relation by its name."""

    def __new__(cls, schema: str, identifier: str):
        return super().__new__(cls, f"{schema}.{identifier}")


def is_incremental() -> bool:
    return os.environ.get("SQLFLUFF_FULL_REFRESH") != "1"


def ref(name: str) -> Relation:
    return Relation("built", name)


def source(name: str, table: str) -> Relation:
    return Relation(name, table)


def var(name: str, default: str = "") -> str | int:
    return {"business_date": "2026-01-01", "build_id": 1}.get(name, default or 7)


def run_query(_: str) -> SimpleNamespace:
    """No kind has inputs, as while dbt parses."""
    return SimpleNamespace(columns=[SimpleNamespace(values=list)])


@pass_context
def dispatch(context: Context, name: str) -> Any:
    """The macro as PostgreSQL has it: what is linted is what runs there."""
    return context[f"postgres__{name}"]


execute = True
project_name = "public_credit"
this = Relation("built", "this_model")
flags = SimpleNamespace(FULL_REFRESH=not is_incremental())
target = SimpleNamespace(database="warehouse", schema="public")
graph = SimpleNamespace(nodes=defaultdict(lambda: SimpleNamespace(schema="built", alias="earlier")))
adapter = SimpleNamespace(
    get_relation=lambda database, schema, identifier: Relation(schema, identifier),
    dispatch=dispatch,
    get_columns_in_relation=lambda relation: [SimpleNamespace(name="record_id")],
)
dbt = SimpleNamespace(
    dateadd=lambda datepart, interval, date: f"{date} + (interval '1 {datepart}' * ({interval}))",
    last_day=lambda date, datepart: f"cast(date_trunc('{datepart}', {date}) as date)",
    date_trunc=lambda datepart, date: f"date_trunc('{datepart}', {date})",
    type_string=lambda: "text",
)
