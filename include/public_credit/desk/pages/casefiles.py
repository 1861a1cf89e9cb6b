"""What an auditor takes along of a record: the case file, and the original as it came; each a look with a purpose, logged before it is read."""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.datastructures import FormData

from ...oversight.record import load
from ...oversight.record import original as originals
from ...papers.record import casefile
from ...papers.record.model import RecordCase
from ..guard import Form, Signed
from ..person import Person
from ..start import run_now
from . import forms, register
from .records import Key
from .work import Seq


def _case(person: Person, asked: load.Asked, form: FormData, action: str) -> tuple[RecordCase, str]:
    purpose = forms.text(form, "purpose", "目的")
    run = person.run(run_now())
    return load.case(run, asked, purpose=purpose, channel="desk", action=action, token=person.token), purpose


def _download(content: bytes, name: str, media_type: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"},
    )


def _case_file(person: Person, asked: load.Asked, form: FormData) -> Response:
    case, _ = _case(person, asked, form, "case")
    name = f"案卷_{case.record_id or f'{case.batch_seq}_{case.row_no}'}.zip"
    return _download(casefile.made(case, originals.for_case_file(case)), name, "application/zip")


def _original(person: Person, asked: load.Asked, form: FormData) -> Response:
    case, purpose = _case(person, asked, form, "explain")
    content = originals.content(person.run(run_now()), case, purpose=purpose, channel="desk")
    name = PurePath(case.source.file_name or f"批次{case.source.batch_seq}").name
    return _download(content, name, "application/octet-stream")


def case_file(person: Signed, form: Form, key: Key) -> Response:
    """The case file of a record."""
    return _case_file(person, load.one(key), form)


def case_file_of_row(person: Signed, form: Form, seq: Seq, row_no: Seq) -> Response:
    """The case file of a row of a receipt."""
    return _case_file(person, load.at_place(seq, row_no), form)


def original(person: Signed, form: Form, key: Key) -> Response:
    """The original a record came with."""
    return _original(person, load.one(key), form)


def original_of_row(person: Signed, form: Form, seq: Seq, row_no: Seq) -> Response:
    """The original of a receipt, asked for at one of its rows."""
    return _original(person, load.at_place(seq, row_no), form)


def register_all(app: FastAPI) -> None:
    """Put the routes into the application."""
    register.plain(app, "POST", "/records/{key}/case", case_file)
    register.plain(app, "POST", "/records/{key}/original", original)
    register.plain(app, "POST", "/batches/{seq}/rows/{row_no}/case", case_file_of_row)
    register.plain(app, "POST", "/batches/{seq}/rows/{row_no}/original", original_of_row)
