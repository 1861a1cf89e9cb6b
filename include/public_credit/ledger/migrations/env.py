"""Alembic environment: the connection is handed over by ``steps.migrate``."""

from alembic import context
from public_credit.ledger.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_schemas=True,
    version_table_schema="ledger",
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
