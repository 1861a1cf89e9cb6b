"""前置库: the departments' side of the exchange database, through SQLAlchemy (PostgreSQL, MariaDB alike)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Engine, Integer, MetaData, String, Table, Text, create_engine
from sqlalchemy.schema import CreateSchema, DropTable

from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.formats import cells, plain
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS
from district_simulator.vocabulary.tables import EXCHANGE_LOCAL, TABLES
from district_simulator.vocabulary.workcalendar import CALENDAR

SCHEMAS: dict[str, dict[str, str]] = {
    "scjg": {"xk_fr": "xk_fr", "cf_fr": "cf_fr", "qydj": "qydj", "jdbg": "events"},
    "rsj": {"xk_fr": "xk_fr", "cf_fr": "cf_fr"},
}
for _dataset in SECTOR_DATASETS.values():
    if _dataset.form == "db":
        SCHEMAS.setdefault(_dataset.unit, {})[_dataset.place] = _dataset.table


class Exchange:
    """One schema per department in the exchange database."""

    def __init__(self, url: str):
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.url = url
        self.engine: Engine = create_engine(url, hide_parameters=True)
        self.tables: dict[tuple[str, str], Table] = {}
        metadata = MetaData()
        for schema, contents in SCHEMAS.items():
            for name, table in contents.items():
                columns = [code.lower() for _, code, _ in TABLES[table]]
                columns += [EXCHANGE_LOCAL] if schema == "rsj" and table in ("xk_fr", "cf_fr") else []
                self.tables[schema, name] = Table(
                    name,
                    metadata,
                    Column("source_id", String(64), primary_key=True),
                    Column("source_record_id", String(32), index=True, nullable=False),
                    Column("source_create_date", DateTime, nullable=False),
                    *(Column(c, Text) for c in columns),
                    schema=schema,
                    mysql_charset="utf8mb4",
                )
            self.tables[schema, "batch_done"] = Table(
                "batch_done",
                metadata,
                Column("source_record_id", String(32), primary_key=True),
                Column("table_name", String(32), primary_key=True),
                Column("row_count", Integer, nullable=False),
                Column("done_at", DateTime, nullable=False),
                schema=schema,
                mysql_charset="utf8mb4",
            )
        self.metadata = metadata

    def reset(self) -> None:
        """Empty schemas, for a new district."""
        with self.engine.begin() as connection:
            for schema in SCHEMAS:
                connection.execute(CreateSchema(schema, if_not_exists=True))
            for table in self.tables.values():
                connection.execute(DropTable(table, if_exists=True))
            self.metadata.create_all(connection)

    def publish(self, delivery: Delivery) -> None:
        """Write one batch; only a finished one enters batch_done."""
        schema = delivery.dataset.split(".")[0]
        table, done = self.tables[schema, delivery.db_table], self.tables[schema, "batch_done"]
        number = delivery.batch_no
        stamp = datetime.combine(CALENDAR[delivery.day], datetime.min.time()).replace(hour=7)
        headings = delivery.dialect.headers
        rows = []
        for i, row in enumerate(delivery.rows):
            values = (plain(v) for v in cells(row, delivery.dialect))
            record = {
                h: (None if v == "" and delivery.dialect.null_blank else v)
                for h, v in zip(headings, values, strict=True)
            }
            rows.append(
                {
                    "source_id": f"{delivery.db_table}-{number}-{i + 1:06d}",
                    "source_record_id": number,
                    "source_create_date": stamp,
                    **record,
                }
            )
        with self.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.source_record_id == number))
            connection.execute(done.delete().where(done.c.source_record_id == number))
            if rows:
                connection.execute(table.insert(), rows)
            if delivery.done:
                connection.execute(
                    done.insert(),
                    [
                        {
                            "source_record_id": number,
                            "table_name": delivery.db_table,
                            "row_count": len(rows),
                            "done_at": stamp.replace(hour=7, minute=30),
                        }
                    ],
                )

    def close(self) -> None:
        self.engine.dispose()
