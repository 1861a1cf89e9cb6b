"""The departments' own side: files on SFTP and in shared folders, signed interfaces, an exchange database."""

from __future__ import annotations

import csv
import io
import os
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import psycopg
import xlwt
from district_simulator.servers.http_api import ApiStore, DepartmentApi
from district_simulator.servers.runtime import Runtime
from district_simulator.servers.sftp import SftpDepartments
from psycopg import sql
from public_credit.catalogue import load_catalogue
from public_credit.catalogue.models import Dataset, DropFolder, ExchangeDb, HttpApi, Sftp
from public_credit.papers.template import example

from tests.helpers.month import Row

JOINING = {"slj": Sftp, "qxj": HttpApi}  # departments that are none of the district's on the first day


class Departments:
    """All servers of the departments; they run while this process does, whoever of them is in the catalogue."""

    def __init__(self, home: Path, exchange: str):
        self.home, self.exchange = home, exchange
        self.files = 0
        self.headers: dict[str, str] = {}  # dataset → how its heads of columns are written now
        self.runtime = Runtime()
        self.stores = {unit: ApiStore() for unit in _units(HttpApi)}
        self.apis = {unit: DepartmentApi(store, unit, f"{unit}-secret") for unit, store in self.stores.items()}
        accounts = {unit: f"{unit}-secret" for unit in _units(Sftp)}
        self.sftp = SftpDepartments(home / "sftp", home / "keys", accounts)
        port = self.runtime.run(self.sftp.start(0))
        key = quote(self.sftp.public_key, safe="")
        self.connections = {
            f"sftp_{unit}": f"sftp://{unit}:{password}@127.0.0.1:{port}/?host_key={key}"
            for unit, password in accounts.items()
        }
        for unit, api in self.apis.items():
            self.connections[f"api_{unit}"] = f"http://{unit}:{unit}-secret@127.0.0.1:{self.runtime.web(api.app, 0)}"
        for unit in _units(DropFolder):
            folder = home / "drop" / unit
            folder.mkdir(parents=True)
            self.connections[f"drop_{unit}"] = folder.as_uri()
        self.connections |= {f"exchange_{unit}": exchange for unit in _units(ExchangeDb)}
        self.offer()

    def stop(self) -> None:
        self.runtime.run(self.sftp.stop())
        self.runtime.stop()

    def offer(self) -> None:
        """Interfaces and tables of the catalogue are there before anything is in them."""
        for dataset in load_catalogue().datasets.values():
            channel = dataset.channel
            if isinstance(channel, HttpApi):
                self.stores[dataset.unit].offer(_interface(channel))
            elif isinstance(channel, ExchangeDb):
                self._table(channel, [])

    def down(self, unit: str, *, down: bool) -> None:
        """One department's server is out of order, or works again."""
        if unit in self.apis:
            self.apis[unit].down = down
        else:
            (self.sftp.down.add if down else self.sftp.down.discard)(unit)

    # --- a delivery ------------------------------------------------------------------------------------------------------
    def deliver(self, on: date, dataset_id: str, changes: list[Row]) -> None:
        """Put a delivery where the product fetches it: the example row of its dataset, changed for every row."""
        catalogue, self.files = load_catalogue(), self.files + 1
        dataset = catalogue.datasets[dataset_id]
        unit, kind = catalogue.units[dataset.unit], catalogue.kinds[dataset.kind]
        rows = [example(kind, dataset.variant, unit.name, unit.uscc) | change for change in changes]
        names = list(dict.fromkeys(name for row in rows for name in row))
        heads = [self._head(kind.fields[name], dataset) for name in names]
        if self.headers.get(dataset_id) == "turned":
            names, heads = names[::-1], heads[::-1]
        lines = [[row.get(name, "") for name in names] for row in rows]
        channel = dataset.channel
        if isinstance(channel, HttpApi):
            version = f"{on}T{9 + self.files // 3600 % 9:02}:{self.files // 60 % 60:02}:{self.files % 60:02}"
            self.stores[unit.id].publish(
                version, _interface(channel), [dict(zip(heads, line, strict=True)) | {"SJC": version} for line in lines]
            )
        elif isinstance(channel, ExchangeDb):
            self._batch(on, channel, heads, lines)
        elif isinstance(channel, Sftp | DropFolder):
            folder = self.home / (
                f"sftp/{unit.id}/{channel.folder}" if isinstance(channel, Sftp) else f"drop/{unit.id}"
            )
            name = channel.patterns[0].replace("*", f"{on:%Y%m%d}_{self.files:04}")
            self._put(folder / name, _file(channel, name, [heads, *lines]))

    def _head(self, field: Any, dataset: Dataset) -> str:
        """As the catalogue writes it, or as a system that was replaced does: by the official code."""
        return (field.codes.get(dataset.variant) if self.headers.get(dataset.id) else "") or field.title

    def _put(self, path: Path, content: bytes) -> None:
        """Complete at once, and written a while ago: nobody waits until it stands still."""
        part = path.with_name(path.name + ".part")
        part.write_bytes(content)
        moment = time.time() - 100_000 + self.files
        os.utime(part, (moment, moment))
        part.rename(path)

    def _table(self, channel: ExchangeDb, heads: list[str]) -> sql.Identifier:
        schema, _, name = channel.table.partition(".")
        with psycopg.connect(self.exchange) as connection:
            connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
            connection.execute(
                f"create table if not exists {schema}.batch_done (source_record_id text, table_name text, row_count integer)"
            )
            table = sql.Identifier(schema, name)
            connection.execute(
                sql.SQL(
                    "create table if not exists {} (source_id text primary key, source_record_id text, source_create_date timestamp)"
                ).format(table)
            )
            for head in heads:
                connection.execute(
                    sql.SQL("alter table {} add column if not exists {} text").format(table, sql.Identifier(head))
                )
        return table

    def _batch(self, on: date, channel: ExchangeDb, heads: list[str], lines: list[list[str]]) -> None:
        heads, (schema, _, name) = [head.lower() for head in heads], channel.table.partition(".")
        table, number = self._table(channel, heads), f"{on:%Y%m%d}{self.files:04}"
        columns = [sql.Identifier(column) for column in ("source_id", "source_record_id", "source_create_date", *heads)]
        insert = sql.SQL("insert into {} ({}) values ({})").format(
            table, sql.SQL(", ").join(columns), sql.SQL(", ").join(sql.Placeholder() * len(columns))
        )
        with psycopg.connect(self.exchange) as connection:
            at = datetime(on.year, on.month, on.day, 7)
            for place, line in enumerate(lines):
                connection.execute(insert, [f"{number}-{place:04}", number, at, *line])
            connection.execute(f"insert into {schema}.batch_done values (%s, %s, %s)", [number, name, len(lines)])


def _units(channel: type) -> list[str]:
    """Units with a dataset that comes by such a channel, those that will join included."""
    there = [
        unit.id
        for unit in load_catalogue().units.values()
        if any(isinstance(d.channel, channel) for d in unit.datasets)
    ]
    return there + [unit for unit, its in JOINING.items() if its is channel]


def _interface(channel: HttpApi) -> str:
    return channel.path.rpartition("/")[2]


def _file(channel: Sftp | DropFolder, name: str, table: list[list[str]]) -> bytes:
    """The table in the format its name says."""
    if name.endswith(".csv"):
        text = io.StringIO()
        csv.writer(text).writerows(table)
        return text.getvalue().encode("gb18030" if channel.encoding == "gb18030" else "utf-8")
    target = io.BytesIO()
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for line in table:
            book.active.append(line)
        book.save(target)
    else:
        old = xlwt.Workbook(encoding="utf-8")
        sheet = old.add_sheet("Sheet1")
        for number, line in enumerate(table):
            for column, value in enumerate(line):
                sheet.write(number, column, value)
        old.save(target)
    return target.getvalue()
