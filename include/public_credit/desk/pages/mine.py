"""我的报送: what a clerk sees and does, strictly of his own unit."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI
from fastapi import Path as InPath
from fastapi.responses import FileResponse, Response
from starlette.datastructures import FormData, UploadFile

from ...base import settings
from ...base.messages import UserError
from ...base.run import now
from ...catalogue import Dataset, load_catalogue
from ...collect import attest as attestations
from ...ledger.looks import refusals
from ...ledger.states import BatchState
from ...oversight import assessed, receipts, status
from ...oversight.record import looked
from .. import actions
from ..database import opened
from ..guard import Form, Signed
from ..person import Person
from ..start import run_now
from . import forms, register
from .register import Told
from .work import Seq

SlipId = Annotated[str, InPath(max_length=120)]
_COPY = 1024 * 1024  # bytes at a time
_LONGEST_NAME = 200  # bytes of an upload's name; a file system takes 255


def mine(person: Signed) -> Told:
    """Datasets, receipts, slips, 零报送, what is open, and the assessment, of the clerk's unit."""
    told = status.of_unit(run_now(), person.unit_id)
    with opened(person) as read:
        return {
            "unit_name": load_catalogue().unit_name(person.unit_id),
            "business_date": told["business_date"],
            "at": now(),
            "datasets": told["datasets"],
            "open": told["open"],
            "batches": receipts.batches(read, person.unit_id, None, 30),
            "slips": receipts.slips(read, person.unit_id, limit=100),
            "attestations": attestations.listing(unit_id=person.unit_id, limit=30),
            "assessment": assessed.of_unit(read, person.unit_id),
        }


def batch(person: Signed, seq: Seq) -> Told:
    """One receipt of the unit; before the gate has decided, what the rules of rows say of it."""
    with opened(person) as read:
        told = receipts.batch(read, seq, unit=person.unit_id)
    told["steps"] = [
        {name: step[name] for name in ("id", "name", "verdict", "started_at", "ended_at", "message")}
        for step in told["steps"]
    ]
    waiting = told["state"] in (BatchState.LANDED, BatchState.RECEIVED)
    return {"batch": told, "moves": {}, "catalogue": {d.id: d.title for d in _datasets(person)}, "waiting": waiting}


def _datasets(person: Person) -> list[Dataset]:
    unit = load_catalogue().units.get(person.unit_id)
    return list(unit.datasets) if unit else []


def _slip(person: Person, slip_id: str) -> Told:
    with opened(person) as read:
        found = receipts.slips(read, person.unit_id, slip=slip_id)
    if not found:
        raise UserError("本单位没有这份退回单。", remedy="从“我的报送”中选择。", code=4)
    return found[0]


def slip(person: Signed, slip_id: SlipId) -> Response:
    """The slip's workbook; that it was fetched stands in the access log, as it names whom the rows are about."""
    found = _slip(person, slip_id)
    path = settings.slips_folder(person.unit_id) / Path(found["file_name"]).name
    if not path.is_file():
        raise UserError("退回单的文件不在了。", remedy="请数据管理员重新出具。", code=4)
    with refusals(), opened(person) as read:
        looked.visit(read, "slip", "更正退回行", slip_id)
    return FileResponse(path, filename=path.name)


def _name(given: str) -> str:
    """The name an upload is kept under: without its path, its stem cut where it is too long for a file system, between two characters."""
    name = Path(given.replace("\\", "/")).name.lstrip(".") or "file"
    stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    if len(suffix.encode()) > _LONGEST_NAME // 4:
        stem, dot, suffix = name, "", ""
    room = _LONGEST_NAME - len(f"{dot}{suffix}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}{dot}{suffix}"


def _taken(person: Person, dataset_id: str, form: FormData, title: str) -> Response:
    """Put the file where the command line finds it, have it landed, and take it away again: the archive has it then."""
    given: UploadFile = forms.file(form)
    kept = settings.folder("uploads", person.unit_id, secrets.token_hex(8))
    try:
        path = kept / _name(given.filename or "")
        with path.open("xb") as out:
            shutil.copyfileobj(given.file, out, _COPY)
        command = ("ingest", "--land-only", f"--file={path}")
        job = actions.start(
            person, title, "/mine", command, dataset_id, after=lambda: shutil.rmtree(kept, ignore_errors=True)
        )
    except BaseException:
        shutil.rmtree(kept, ignore_errors=True)
        raise
    return register.to_job(job, patience=9.0)


def correct(person: Signed, form: Form, slip_id: SlipId) -> Response:
    """Take the corrected rows of a slip: landed at once, judged by the gate."""
    return _taken(person, _slip(person, slip_id)["dataset_id"], form, "上传更正")


def _own_dataset(person: Person, form: FormData) -> str:
    dataset = forms.text(form, "dataset", "数据集", 100)
    if dataset not in {one.id for one in _datasets(person)}:
        raise UserError("本单位没有这个数据集。", remedy="从列表中选择。", code=4)
    return dataset


def hand_in(person: Signed, form: Form) -> Response:
    """Take a file of one of the unit's datasets."""
    return _taken(person, _own_dataset(person, form), form, "上传报送文件")


def attest(person: Signed, form: Form) -> Response:
    """State that nothing was due."""
    dataset = _own_dataset(person, form)
    start, end = forms.day(form, "from", "起始日期"), forms.day(form, "to", "截止日期")
    reason = forms.text(form, "reason", "依据")
    forms.confirmed(form)
    command = ("attest", f"--from={start}", f"--to={end}", f"--reason={reason}")
    return register.to_job(actions.start(person, "登记零报送", "/mine", command, dataset), patience=5.0)


def register_all(app: FastAPI) -> None:
    """Put the routes into the application."""
    register.page(app, "/mine", "mine.html.j2", "我的报送", mine)
    register.page(app, "/mine/batches/{seq}", "batch.html.j2", "批次", batch)
    register.plain(app, "GET", "/mine/slips/{slip_id}", slip)
    register.plain(app, "POST", "/mine/slips/{slip_id}", correct)
    register.plain(app, "POST", "/mine/hand-in", hand_in)
    register.plain(app, "POST", "/mine/attest", attest)
