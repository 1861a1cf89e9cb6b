"""A person's own report: by ID number from standard input, logged first, masked, that person's facts only."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from public_credit.base.messages import UserError
from public_credit.custody import vault
from public_credit.identifiers.codes import make_id_number
from public_credit.papers import person

from tests.helpers.commands import Answer, credit
from tests.helpers.evidence import asleep
from tests.helpers.profiles import ID_NUMBER, Profiles
from tests.helpers.runs import run_on

UNKNOWN = make_id_number("37039919850505002")


def _ask(monkeypatch: pytest.MonkeyPatch, folder: Path, number: str, *words: str) -> Answer:
    monkeypatch.setattr(sys, "stdin", io.StringIO(number + "\n"))
    return credit("report", "person", *words, "-o", folder)


def test_own_report_shows_that_persons_facts_masked_and_is_logged(
    profiles: Profiles, warehouse, tmp_path, monkeypatch
) -> None:
    token = profiles.person()
    answer = _ask(monkeypatch, tmp_path, ID_NUMBER, "--purpose", "本人申请查询")
    assert answer.code == 0, answer.err
    html = next(tmp_path.glob("*.html")).read_text(encoding="utf-8")
    assert "执业药师注册" in html and "道路运输从业资格" in html and "去年的罚款" in html
    assert "另一人" not in html and "六年前的罚款" not in html, "another's facts, and what is past its five years"
    everything = html + answer.out + answer.err + next(tmp_path.glob("*.xlsx")).name
    assert ID_NUMBER not in everything and token not in everything
    assert "3703************" in html
    with warehouse.connect() as owner:
        assert owner.execute("select purpose, action, subject_ref from ledger.access_log").fetchall() == [
            ("本人申请查询", "report_person", token)
        ]


def test_nothing_is_looked_up_without_purpose_or_with_a_bad_number(
    profiles: Profiles, warehouse, tmp_path, monkeypatch
) -> None:
    profiles.person()
    assert _ask(monkeypatch, tmp_path, ID_NUMBER).code == 2
    wrong = _ask(
        monkeypatch, tmp_path, ID_NUMBER[:-1] + ("1" if ID_NUMBER[-1] != "1" else "2"), "--purpose", "本人申请查询"
    )
    assert wrong.code == 2 and ID_NUMBER[:10] not in wrong.err
    with warehouse.connect("reader") as reader:
        assert reader.execute("select count(*) from ledger.access_log").fetchone()[0] == 0
    assert credit("report", "person", ID_NUMBER, "--purpose", "x").code == 2, "a number on the command line is refused"


def test_unknown_number_is_logged_answered_and_not_stored(profiles: Profiles, warehouse, tmp_path, monkeypatch) -> None:
    answer = _ask(monkeypatch, tmp_path, UNKNOWN, "--purpose", "本人申请查询")
    assert answer.code == 0 and "没有对应的记录" in answer.out
    with warehouse.connect("owner") as owner:
        assert owner.execute("select count(*) from vault.secret").fetchone()[0] == 0
        ((asked,),) = owner.execute("select subject_ref from ledger.access_log").fetchall()
        assert asked == f"miss:{vault.asked(UNKNOWN)}" and UNKNOWN not in asked


def test_who_asks_for_many_that_nobody_here_has_must_wait(profiles: Profiles, warehouse) -> None:
    profiles.person()
    run = run_on(who="甲")
    for serial in range(10):
        person.gather(run, make_id_number(f"370399198505050{serial:02d}"), purpose="核查")
    with pytest.raises(UserError, match="暂停查询"):
        person.gather(run, ID_NUMBER, purpose="核查")
    assert person.gather(run_on(who="乙"), ID_NUMBER, purpose="核查").roles
    with warehouse.connect("owner") as owner:
        assert owner.execute("select count(distinct subject_ref) from ledger.access_log").fetchone() == (11,)
        with asleep(owner, "ledger.access_log"):
            owner.execute("update ledger.access_log set at = at - interval '2 hours'")
    assert person.gather(run, ID_NUMBER, purpose="核查").roles


def test_look_is_in_the_log_even_when_the_report_fails(profiles: Profiles, warehouse) -> None:
    profiles.person()
    with warehouse.connect("builder") as builder:
        builder.execute("drop table marts.mart_subjects__natural_person")
    with pytest.raises(Exception, match="natural_person"):
        person.gather(run_on(who="甲"), ID_NUMBER, purpose="本人申请查询")
    with warehouse.connect("reader") as reader:
        assert reader.execute("select count(*) from ledger.access_log").fetchone()[0] == 1
