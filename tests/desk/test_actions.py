"""What a page sets going is done by the command line, in the person's name; a form of any kind is answered with a sentence."""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from public_credit.base import settings
from public_credit.desk import actions, rights
from public_credit.desk.pages import mine
from public_credit.ledger.states import Audience
from starlette.testclient import TestClient

from tests.helpers import penalties

from .conftest import Desk


def _post(desk: Desk, role: str, path: str, *, files: Any = None, **form: str) -> Any:
    return desk.client(role).post(path, data={"csrf": desk.people[role].csrf} | form, files=files)


def _ended(desk: Desk, role: str, answer: Any, patience: float = 90.0) -> dict[str, Any]:
    """The job an answer leads to, once it has ended."""
    assert answer.status_code == 303, answer.text
    deadline = time.monotonic() + patience
    while (told := desk.client(role).get(f"/api{answer.headers['location']}").json())["running"]:
        assert time.monotonic() < deadline, told
        time.sleep(0.2)
    page = desk.client(role).get(answer.headers["location"])
    assert page.status_code == 200 and told["job"]["title"] in page.text
    return told["job"]


def test_a_receipt_is_set_aside_and_put_back_in_the_persons_name(desk: Desk, tmp_path: Path) -> None:
    seq = penalties.land(tmp_path, "aside.csv", penalties.csv_bytes(penalties.rows(1)))
    for move in ("set-aside", "restore"):
        job = _ended(
            desk, "engineer", _post(desk, "engineer", f"/batches/{seq}/{move}", reason="--json 核实", confirm="yes")
        )
        assert job["code"] == 0, job
    told = [
        row[0]
        for row in desk.query(
            "select message from ledger.step where batch_seq = %s and name in ('set_aside', 'restore')", seq
        )
    ]
    assert (
        all("数据工程师甲（engineer）" in message and "--json 核实" in message for message in told) and len(told) == 2
    )
    page = desk.client("engineer").get(f"/batches/{seq}").text
    assert "搁置批次" in page and "数据工程师甲（engineer）" in page


def test_without_reason_or_confirmation_nothing_is_done(desk: Desk) -> None:
    before = desk.query("select count(*) from ledger.step")
    for form in ({"confirm": "yes"}, {"reason": "  ", "confirm": "yes"}, {"reason": "核实"}):
        answer = _post(desk, "engineer", f"/batches/{desk.good}/withdraw", **form)
        assert answer.status_code == 400 and re.search("没有填写理由|没有确认", answer.text)
    assert desk.query("select count(*) from ledger.step") == before


def test_what_a_command_refuses_is_told_with_its_remedy(desk: Desk) -> None:
    job = _ended(
        desk, "engineer", _post(desk, "engineer", "/subjects/undo", judgement="77", reason="核实", confirm="yes")
    )
    assert job["code"] in (2, 4) and job["said"] and job["remedy"]


def test_a_job_is_its_persons_alone(desk: Desk) -> None:
    answer = _post(desk, "engineer", "/subjects/undo", judgement="78", reason="核实", confirm="yes")
    for role in ("auditor", "clerk", "leadership"):
        assert desk.client(role).get(answer.headers["location"]).status_code == 404
    _ended(desk, "engineer", answer)


def test_a_release_is_approved_by_somebody_who_did_not_prepare_it(desk: Desk) -> None:
    desk.query("insert into ledger.build (business_date, state) values ('2026-02-25', 'built') returning build_id")
    ((release,),) = desk.query(
        "insert into ledger.release (build_id, receiver, business_date, state, adds, mods, dels, diff_hash, unusual, prepared_by, cover) "
        "select max(build_id), 'city', '2026-02-25', 'waiting', 1, 0, 0, 'abc', '新增过多', '数据工程师甲（engineer）', "
        """jsonb_build_object('新增', 1, '<b>', '<script>') from ledger.build returning release_id"""
    )
    page = desk.client("engineer").get(f"/releases/{release}").text
    assert "须由另一人批准" in page and "<script>x" not in page and "&lt;script&gt;" in page
    own = _ended(desk, "engineer", _post(desk, "engineer", f"/releases/{release}/approve", hash="abc", confirm="yes"))
    assert own["code"] == 4 and "不能自己批准" in own["said"]
    stale = _ended(
        desk, "leadership", _post(desk, "leadership", f"/releases/{release}/approve", hash="abd", confirm="yes")
    )
    assert stale["code"] == 4 and "指纹不符" in stale["said"]
    assert _post(desk, "auditor", f"/releases/{release}/approve", hash="abc", confirm="yes").status_code == 403
    done = _ended(
        desk, "leadership", _post(desk, "leadership", f"/releases/{release}/approve", hash="abc", confirm="yes")
    )
    assert done["code"] == 0, done
    assert desk.query("select state, decided_by from ledger.release where release_id = %s", release) == [
        ("released", "分管区领导（leader）")
    ]


def test_a_release_is_turned_down_with_a_reason_by_who_prepared_it_too(desk: Desk) -> None:
    desk.query("insert into ledger.build (business_date, state) values ('2026-02-25', 'built') returning build_id")
    ((release,),) = desk.query(
        "insert into ledger.release (build_id, receiver, business_date, state, adds, mods, dels, diff_hash, unusual, prepared_by) "
        "select max(build_id), 'city', '2026-02-25', 'waiting', 1, 0, 0, 'abc', '新增过多', '数据工程师甲（engineer）' "
        "from ledger.build returning release_id"
    )
    path = f"/releases/{release}/reject"
    assert path in desk.client("engineer").get(f"/releases/{release}").text
    assert path not in desk.client("auditor").get(f"/releases/{release}").text
    assert _post(desk, "auditor", path, reason="误报", confirm="yes").status_code == 403
    assert _post(desk, "engineer", path, reason=" ", confirm="yes").status_code == 400
    assert _post(desk, "engineer", path, reason="误报").status_code == 400, "not without the tick"
    forged = desk.client("engineer").post(path, data={"csrf": "x", "reason": "误报", "confirm": "yes"})
    assert forged.status_code == 403
    done = _ended(desk, "engineer", _post(desk, "engineer", path, reason="名单有误", confirm="yes"))
    assert done["code"] == 0, done
    assert desk.query("select state, decided_by, decided_why from ledger.release where release_id = %s", release) == [
        ("rejected", "数据工程师甲（engineer）", "名单有误")
    ]
    page = desk.client("engineer").get(f"/releases/{release}").text
    assert "已否决" in page and "名单有误" in page and path not in page


def test_a_clerk_fetches_his_slip_corrects_it_and_sees_what_the_rules_say(desk: Desk, tmp_path: Path) -> None:
    clerk = desk.client("clerk")
    slip = clerk.get(f"/mine/slips/{desk.slip}")
    assert slip.status_code == 200 and slip.content[:2] == b"PK"
    assert desk.query("select who, action, subject_ref from ledger.access_log where channel = 'desk'") == [
        ("综合执法局报送员（clerk）", "slip", desk.slip)
    ]
    path = tmp_path / "slip.xlsx"
    path.write_bytes(slip.content)
    book = openpyxl.load_workbook(path)
    mended = 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if str(cell.value).startswith("2099"):
                    cell.value, mended = "2026-02-20", mended + 1
    assert mended
    book.save(path)
    begun = time.monotonic()
    answer = _post(desk, "clerk", f"/mine/slips/{desk.slip}", files={"file": ("../../更正 单.xlsx", path.read_bytes())})
    job = _ended(desk, "clerk", answer)
    assert job["code"] == 0, job
    (seq,) = job["result"]["batches"]
    assert time.monotonic() - begun < 60
    page = clerk.get(f"/mine/batches/{seq}").text
    assert "待关卡裁决" in page and "更正 单.xlsx" in page
    ((state, unit),) = desk.query("select state, unit_id from ledger.batch where seq = %s", seq)
    assert (state, unit) == ("landed", "zhzf"), "only the gate decides"
    assert not [path for path in (settings.home() / "uploads").rglob("*") if path.is_file()], "the archive has it now"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("..\\..\\更正 单.xlsx", "更正 单.xlsx"),
        ("案" * 100 + ".xlsx", "案" * 65 + ".xlsx"),
        ("a" + "案" * 100 + ".csv", "a" + "案" * 65 + ".csv"),
        ("x." + "案" * 100, "x." + "案" * 66),
        ("..", "file"),
    ],
)
def test_the_name_of_an_upload_fits_a_file_system(given: str, kept: str) -> None:
    assert mine._name(given) == kept and len(kept.encode()) <= 200


def test_a_file_with_a_long_name_is_taken_and_nothing_is_left_of_one_that_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ("案" * 120 + ".csv", penalties.csv_bytes(penalties.rows(2)))
    job = _ended(desk, "clerk", _post(desk, "clerk", "/mine/hand-in", files={"file": file}, dataset=penalties.DATASET))
    assert job["code"] == 0 and job["result"]["batches"], job

    def full(*given: object, **named: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(actions, "start", full)
    assert _post(desk, "clerk", "/mine/hand-in", files={"file": file}, dataset=penalties.DATASET).status_code == 500
    assert not list((settings.home() / "uploads" / "zhzf").iterdir())


def test_a_clerk_states_that_nothing_was_due(desk: Desk) -> None:
    dataset = next(
        row["dataset_id"]
        for row in desk.client("clerk").get("/api/mine").json()["datasets"]
        if row["dataset_id"] != penalties.DATASET
    )
    form = {"dataset": dataset, "from": "2026-02-01", "to": "2026-02-02", "reason": "〔2026〕1号函", "confirm": "yes"}
    job = _ended(desk, "clerk", _post(desk, "clerk", "/mine/attest", **form))
    assert job["code"] == 0, job
    assert desk.query("select attested_by from ledger.attestation where dataset_id = %s", dataset) == [
        ("综合执法局报送员（clerk）",)
    ]
    assert "〔2026〕1号函" in desk.client("clerk").get("/mine").text
    for path in ("/mine/attest", "/mine/hand-in"):
        other = _post(
            desk, "clerk", path, files={"file": ("a.csv", b"x")}, **(form | {"dataset": "scjg.annual_reports"})
        )
        assert other.status_code == 404, "a dataset of another unit"


def test_another_units_slip_is_not_there(desk: Desk) -> None:
    desk.query("update ledger.slip set unit_id = 'scjg' where slip_id = %s returning slip_id", desk.slip)
    try:
        assert desk.client("clerk").get(f"/mine/slips/{desk.slip}").status_code == 404
        refused = _post(desk, "clerk", f"/mine/slips/{desk.slip}", files={"file": ("a.xlsx", b"x")})
        assert refused.status_code == 404
    finally:
        desk.query("update ledger.slip set unit_id = 'zhzf' where slip_id = %s returning slip_id", desk.slip)


def test_every_role_has_a_home(desk: Desk) -> None:
    for role in Audience:
        client: TestClient = desk.client(str(role))
        home = client.get("/").headers["location"]
        assert home == rights.HOME[role] and client.get(home).status_code == 200


def test_an_auditor_takes_the_case_file_and_the_original_along_with_a_purpose(desk: Desk) -> None:
    place = f"/batches/{desk.returned}/rows/1"
    page = desk.client("auditor").get(place).text
    assert f'action="{place}/case"' in page and f'formaction="{place}/original"' in page
    for part in ("case", "original"):
        refused = _post(desk, "auditor", f"{place}/{part}", purpose="  ")
        assert refused.status_code == 400 and "没有填写目的" in refused.text
        assert _post(desk, "engineer", f"{place}/{part}", purpose="核查").status_code == 403
    before = desk.query("select count(*) from ledger.access_log")[0][0]
    taken = _post(desk, "auditor", f"{place}/case", purpose="专项审计")
    assert taken.status_code == 200 and taken.headers["content-type"] == "application/zip", taken.text
    with zipfile.ZipFile(io.BytesIO(taken.content)) as packed:
        sums = {line[66:]: line[:64] for line in packed.read("SHA256SUMS").decode().splitlines()}
        assert {"record.html", "record.json", "original/wrong.csv"} < set(sums)
        for name, digest in sums.items():
            assert hashlib.sha256(packed.read(name)).hexdigest() == digest, name
        assert "2099-01-01" in packed.read("original/wrong.csv").decode()
    original = _post(desk, "auditor", f"{place}/original", purpose="专项审计")
    assert original.status_code == 200 and "wrong.csv" in original.headers["content-disposition"]
    assert desk.query("select sha256 from ledger.batch where seq = %s", desk.returned) == [
        (hashlib.sha256(original.content).hexdigest(),)
    ]
    booked = desk.query("select action, purpose, channel from ledger.access_log order by id offset %s", before)
    assert ("case", "专项审计", "desk") in booked and ("original", "专项审计", "desk") in booked
