"""装载: what engineers work on, and auditors look at – today by department, receipts, work lists, releases, deliveries, rules."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Path, Query
from fastapi.responses import Response

from ...base import settings
from ...base.messages import UserError
from ...base.run import now
from ...catalogue import load_catalogue
from ...deliver import release as covers
from ...gate import corrections as cases
from ...gate import waivers
from ...ledger import words
from ...ledger.approvals import same_person
from ...ledger.session import session
from ...oversight import outbound, receipts, status, trends
from ...subjects import lookup, worklist
from .. import actions
from ..database import opened
from ..guard import Form, Signed
from ..kept import Kept
from ..person import Person
from ..start import run_now
from . import forms, register
from .register import Told

Seq = Annotated[int, Path(ge=0, le=2**63 - 1)]
Text = Annotated[str, Query(max_length=200)]
_SHOWN = 100  # rows of a list before "more" is asked for
_MOVES = {"set-aside": "搁置", "withdraw": "撤回", "restore": "恢复", "replay": "重放"}
_DECISIONS = {"approve": "批准", "reject": "否决"}


def _overview() -> Told:
    told: Told = status.overview(run_now())
    with session("reader") as read:
        told["delivered"] = outbound.delivered(read, told["business_date"])
    told["at"] = now()
    return told


kept = Kept(_overview, fresh=5, stale=60)


def overview(person: Person) -> Told:
    """The day at a glance, some seconds old at most; the same for everybody of a role."""
    return kept.get((settings.connections_file(), settings.current().district, person.role))


def _departments(told: Told) -> list[Told]:
    """A line per department: what is expected, what arrived, what became of it, whose move it is."""
    lines: dict[str, Told] = {}
    for row in told["datasets"]:
        line = lines.setdefault(
            row["unit_id"],
            {
                "unit_id": row["unit_id"],
                "unit_name": row["unit_name"],
                "expected": 0,
                "arrived": 0,
                "rows_in": 0,
                "open_quarantine": 0,
                "verdicts": {},
                "delivered": told["delivered"].get(row["unit_id"], 0),
                "moves": [],
                "datasets": [],
            },
        )
        arrived = row["last_delivery"] == told["business_date"]
        line["expected"] += 1
        line["arrived"] += arrived
        line["rows_in"] += row["rows_in"] or 0 if arrived else 0
        line["open_quarantine"] += row["open_quarantine"]
        line["verdicts"][row["verdict"]] = line["verdicts"].get(row["verdict"], 0) + 1
        line["datasets"].append(row)
        if row["move"] and row["move"] not in line["moves"]:
            line["moves"].append(row["move"])
    return sorted(lines.values(), key=lambda line: (not line["moves"], line["unit_name"]))


def today(person: Signed) -> Told:
    """Today by department."""
    told = overview(person)
    names = ("business_date", "at", "totals", "city", "open")
    return {name: told[name] for name in names} | {"departments": _departments(told)}


def batches(
    person: Signed, unit: Text = "", dataset: Text = "", limit: Annotated[int, Query(ge=1, le=1000)] = _SHOWN
) -> Told:
    """The newest receipts."""
    with opened(person) as read:
        return {"rows": receipts.batches(read, unit or None, dataset or None, limit), "unit": unit, "dataset": dataset}


def batch(person: Signed, seq: Seq) -> Told:
    """All of one receipt."""
    with opened(person) as read:
        return {"batch": receipts.batch(read, seq), "moves": _MOVES, "catalogue": _titles()}


def _titles() -> dict[str, str]:
    return {dataset.id: dataset.title for dataset in load_catalogue().datasets.values()}


def quarantine(person: Signed, unit: Text = "", batch: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None) -> Told:
    """Returned rows that wait, with the rules they broke and the waivers in force."""
    rows = status.quarantine_rows(unit or None, batch, False, _SHOWN)
    on = run_now().on
    return {
        "rows": rows,
        "rules": status.rule_titles(rows),
        "waivers": waivers.listing(on),
        "datasets": _titles(),
        "business_date": on,
        "unit": unit,
        "batch": batch,
    }


def corrections(person: Signed) -> Told:
    """Delivered rows of which a person has to say what they correct."""
    with opened(person) as read:
        return {"cases": cases.waiting(read)}


def subjects(person: Signed, topic: Text = "") -> Told:
    """What is unclear about organisations."""
    if topic and topic not in words.TOPIC:
        raise UserError("没有这类待办。", remedy="从页面上的链接进入。", code=4)
    with opened(person) as read:
        items = worklist.work(read, topic or None)
    counts = {name: sum(item["topic"] == name for item in items) for name in words.TOPIC}
    return {"items": items[:_SHOWN], "counts": counts, "topic": topic, "reasons": worklist.REASONS}


def subject(person: Signed, key: Text) -> Told:
    """One organisation: identifiers, past ids, judgements."""
    with opened(person) as read:
        return {"subject": lookup.describe(read, lookup.find(run_now(), read, key)), "key": key}


def releases(person: Signed) -> Told:
    """Releases, those that wait first."""
    with opened(person) as read:
        return {"rows": outbound.releases(read)}


def release(person: Signed, release_id: Seq) -> Told:
    """One release: its cover and its items."""
    with opened(person) as read:
        told = outbound.release(read, release_id)
    cover = covers.cover(release_id)
    return {
        "release": told,
        "cover": cover,
        "prepared_by_me": same_person(cover["生成人"], person.who) and not load_catalogue().district.single_handed,
    }


def deliveries(person: Signed) -> Told:
    """Requests to receivers, items in doubt, refusals."""
    with opened(person) as read:
        return outbound.deliveries(read)


def rules(person: Signed, unit: Text = "", days: Annotated[int, Query(ge=1, le=366)] = 30) -> Told:
    """Rows sent back by rule and date."""
    with opened(person) as read:
        return trends.by_rule(read, run_now().on, unit or None, days) | {"days": days, "unit": unit}


def job(person: Signed, job_id: Annotated[str, Path(max_length=40)]) -> Told:
    """A command that was started, as far as it has come."""
    found = actions.of(person, job_id)
    end = found.ended_at or now()
    told = ("id", "title", "back", "started_at", "ended_at", "code", "said", "remedy", "lines", "result")
    return {
        "job": {name: getattr(found, name) for name in told},
        "seconds": round((end - found.started_at).total_seconds(), 1),
        "running": found.code is None,
    }


def move_batch(person: Signed, form: Form, seq: Seq, move: str) -> Response:
    """Set a receipt aside, withdraw it, put it back, land it again."""
    if move not in _MOVES:
        raise UserError("没有这项操作。", remedy="从批次页进入。", code=4)
    reason = forms.text(form, "reason", "理由")
    forms.confirmed(form)
    command = ("replay",) if move == "replay" else ("batches", move)
    started = actions.start(
        person, f"{_MOVES[move]}批次 {seq}", f"/batches/{seq}", (*command, f"--reason={reason}"), str(seq)
    )
    return register.to_job(started)


def gate(person: Signed) -> Response:
    """Judge what has landed, now."""
    return register.to_job(actions.start(person, "立即裁决", "/intake", ("gate",)))


def waive(person: Signed, form: Form) -> Response:
    """Set a check aside for a while."""
    until = forms.day(form, "until", "到期日")
    command = [
        "waive",
        f"--reason={forms.text(form, 'reason', '理由')}",
        f"--owner={forms.text(form, 'owner', '责任人', 60)}",
        f"--until={until.isoformat()}",
    ]
    if form.get("batch"):
        command.append(f"--batch={forms.number(form, 'batch', '批次')}")
    forms.confirmed(form)
    dataset, check = forms.text(form, "dataset", "数据集", 100), forms.text(form, "check", "检查项", 60)
    return register.to_job(actions.start(person, f"豁免 {check}", "/quarantine", tuple(command), dataset, check))


def decide(person: Signed, form: Form, case: Seq) -> Response:
    """Say what a delivered row is: the correction of a returned one, or another record."""
    reason = forms.text(form, "reason", "理由")
    chosen = forms.text(form, "chosen", "认定", 20)
    option = "--new" if chosen == "new" else f"--correction-of={forms.number(form, 'chosen', '退回行')}"
    command = ("corrections", "decide", option, f"--reason={reason}")
    return register.to_job(actions.start(person, f"认定第 {case} 项更正", "/corrections", command, str(case)))


def judge(person: Signed, form: Form, move: str) -> Response:
    """Judge who is who: merge, split, undo."""
    reason = f"--reason={forms.text(form, 'reason', '理由')}"
    if move == "merge":
        values = [forms.text(form, "left", "主体", 200), forms.text(form, "right", "另一主体", 200)]
        command, title = ["subjects", "merge", reason], "合并主体"
    elif move == "split":
        values = [forms.text(form, "subject", "主体", 200)]
        wanted = forms.text(form, "identifiers", "要拆出的标识").splitlines()
        command = ["subjects", "split", reason, *(f"--identifier={line.strip()}" for line in wanted if line.strip())]
        title = "拆分主体"
    elif move == "undo":
        values = [str(forms.number(form, "judgement", "裁定编号"))]
        command, title = ["subjects", "undo", reason], "撤销裁定"
    else:
        raise UserError("没有这项操作。", remedy="从主体待办页进入。", code=4)
    forms.confirmed(form)
    return register.to_job(actions.start(person, title, "/subjects", tuple(command), *values))


def settle(person: Signed, form: Form, release_id: Seq, move: str) -> Response:
    """Approve the release whose fingerprint was shown, never one's own; or turn it down, with the reason."""
    if move not in _DECISIONS:
        raise UserError("没有这项操作。", remedy="从变更单页进入。", code=4)
    if move == "reject":
        option = f"--reason={forms.text(form, 'reason', '理由')}"
    else:
        option = f"--hash={forms.text(form, 'hash', '差异指纹', 64)}"
    forms.confirmed(form)
    title = f"{_DECISIONS[move]}第 {release_id} 号变更单"
    command = ("release", move, option)
    return register.to_job(actions.start(person, title, f"/releases/{release_id}", command, str(release_id)))


def register_all(app: FastAPI) -> None:
    """Put the routes into the application."""
    for path, template, title, data in (
        ("/intake", "intake.html.j2", "装载", today),
        ("/batches", "batches.html.j2", "批次", batches),
        ("/batches/{seq}", "batch.html.j2", "批次", batch),
        ("/quarantine", "quarantine.html.j2", "退回行", quarantine),
        ("/corrections", "corrections.html.j2", "待认定更正", corrections),
        ("/subjects", "subjects.html.j2", "主体待办", subjects),
        ("/subjects/find", "subject.html.j2", "主体", subject),
        ("/releases", "releases.html.j2", "变更单", releases),
        ("/releases/{release_id}", "release.html.j2", "变更单", release),
        ("/deliveries", "deliveries.html.j2", "报送", deliveries),
        ("/trends", "trends.html.j2", "规则趋势", rules),
        ("/jobs/{job_id}", "job.html.j2", "操作", job),
    ):
        register.page(app, path, template, title, data)
    for path, answer in (
        ("/batches/{seq}/{move}", move_batch),
        ("/gate", gate),
        ("/waivers", waive),
        ("/corrections/{case}", decide),
        ("/subjects/{move}", judge),
        ("/releases/{release_id}/{move}", settle),
    ):
        register.plain(app, "POST", path, answer)
