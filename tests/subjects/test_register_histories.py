"""Subjects of register histories on a real database."""

from __future__ import annotations

import pytest

from tests.helpers.registers import body, code, firm, org, reg
from tests.helpers.runs import run_on


def test_an_old_row_with_only_the_organisation_code_belongs_to_the_subject_that_embeds_it(registers):
    registers.build([firm(1, business_reg_no=reg(1)), body(7, org_code=org(1), institution_cert_no="137039900001")])
    subject = registers.subject("uscc", code(1))
    assert subject and subject == registers.subject("org", org(1)) == registers.subject("inst", "137039900001")
    assert subject == registers.subject("reg", reg(1)) == registers.subject("name", "示范区甲000001商贸有限公司")
    assert registers.query("select count(*) from subjects.subject") == [(1,)]


def test_a_code_that_was_issued_again_is_the_same_subject_and_the_old_id_still_resolves(registers):
    registers.build([firm(5)])
    old = registers.subject("uscc", code(5))
    registers.build([firm(2, predecessor_uscc=code(5), name=firm(5)["name"])])
    new = registers.subject("uscc", code(2))
    assert registers.subject("uscc", code(5)) == new == registers.subject("org", org(5)) == registers.now(old)
    assert registers.query("select uscc from subjects.subject") == [(code(2),)]
    assert registers.query("select past_id, subject_id, reason from subjects.alias") == [(old, new, "renumbered")]
    changed = dict(
        registers.query("select scheme || ':' || value, old_subject_id from subjects.change where build_id = 2")
    )
    assert changed[f"uscc:{code(5)}"] == old and changed[f"uscc:{code(2)}"] is None


def test_a_former_code_that_was_never_registered_here_resolves_too(registers):
    registers.build([firm(2, predecessor_uscc=code(5)), body(7, org_code=org(5))])
    assert registers.subject("uscc", code(5)) == registers.subject("uscc", code(2)) == registers.subject("org", org(5))
    assert registers.query("select count(*) from subjects.subject") == [(1,)]


@pytest.mark.parametrize(
    ("past", "doubt"),
    [(firm(5), "predecessor_alive_under_another_name"), (firm(5, kind="93"), "predecessor_of_another_kind")],
)
def test_a_doubtful_former_code_merges_nothing_and_goes_to_a_person(registers, past, doubt):
    registers.build([past, firm(2, predecessor_uscc=past["uscc"], name="示范区另一家有限公司")])
    assert registers.subject("uscc", past["uscc"]) != registers.subject("uscc", code(2))
    assert registers.query("select reason from subjects.work_item") == [(doubt,)]


def test_two_successors_of_one_code_merge_with_neither(registers):
    past = firm(5, state="注销")
    registers.build([past, firm(2, predecessor_uscc=past["uscc"]), firm(3, predecessor_uscc=past["uscc"])])
    assert len({registers.subject("uscc", code(number)) for number in (2, 3, 5)}) == 3
    assert registers.query("select distinct reason from subjects.work_item") == [("predecessor_of_several",)]


def test_an_individual_business_turned_enterprise_is_two_subjects_and_a_succession(registers):
    shop = firm(5, kind="92")
    registers.build([shop])
    registers.build([firm(2, predecessor_uscc=shop["uscc"])])
    old, new = registers.subject("uscc", shop["uscc"]), registers.subject("uscc", code(2))
    assert old != new
    assert registers.query("select old_subject_id, new_subject_id, kind from subjects.succession") == [
        (old, new, "converted")
    ]


def test_a_shared_wrong_number_identifies_nobody_and_merges_nothing(registers):
    registers.build([firm(1, business_reg_no=reg(9))])
    first = registers.subject("uscc", code(1))
    assert registers.subject("reg", reg(9)) == first
    registers.build([firm(2, business_reg_no=reg(9))])
    assert registers.subject("reg", reg(9)) is None
    assert registers.subject("uscc", code(1)) == first != registers.subject("uscc", code(2))
    assert registers.query("select topic, key, detail ->> 'usccs', state from subjects.work_item") == [
        ("shared_identifier", f"reg:{reg(9)}", f'["{code(1)}", "{code(2)}"]', "open")
    ]
    registers.build([firm(2, business_reg_no=reg(2))])
    assert registers.subject("reg", reg(9)) == first
    assert registers.query("select state, closed_on is not null from subjects.work_item") == [("done", True)]


def test_a_chain_of_numbers_never_merges_two_codes(registers):
    bridge = body(7, business_reg_no=reg(1), institution_cert_no="137039900002")
    registers.build(
        [firm(1, business_reg_no=reg(1)), body(8, uscc=code(2, "12"), institution_cert_no="137039900002"), bridge]
    )
    assert registers.subject("reg", reg(1)) == registers.subject("uscc", code(1))
    assert registers.subject("inst", "137039900002") == registers.subject("uscc", code(2, "12"))
    assert registers.query("select reason from subjects.work_item") == [("identifiers_contradict",)]


def test_placeholder_codes_are_nobodys(registers):
    registers.build(
        [
            body(1, uscc="00000000000000000X", org_code="000000000", business_reg_no="000000000000000"),
            body(
                2,
                uscc="00000000000000000X",
                business_reg_no="000000000000000",
                institution_cert_no="123456789012",
                social_org_cert_no="XXXXXXXXXXXX",
            ),
        ]
    )
    assert registers.query("select scheme, count(*) from subjects.identifier group by 1") == [("name", 2)]
    assert registers.query("select count(*) from subjects.subject") == [(2,)]


def test_a_name_resolves_only_while_one_subject_has_or_had_it(registers):
    registers.build([firm(1, name="示范区旧名（集团）有限公司", former_names="示范区更早有限公司")])
    first = registers.subject("uscc", code(1))
    assert (
        registers.subject("name", "示范区旧名(集团)有限公司")
        == registers.subject("name", "示范区更早有限公司")
        == first
    )
    registers.build([firm(2, former_names="示范区更早有限公司")])
    assert registers.subject("name", "示范区更早有限公司") is None
    assert registers.subject("name", "示范区旧名(集团)有限公司") == first
    assert (1,) in registers.query(
        "select count(*) from subjects.change where build_id = 2 and old_subject_id = %s", [first]
    )


def test_a_row_with_nothing_but_a_name_follows_the_only_subject_of_that_name(registers):
    registers.build([body(1)])
    alone = registers.subject("name", body(1)["subject_name"])
    assert registers.query("select canonical_key from subjects.subject") == [(f"name:{body(1)['subject_name']}",)]
    registers.build([body(1, uscc=code(1, "12"))])
    known = registers.subject("uscc", code(1, "12"))
    assert registers.subject("name", body(1)["subject_name"]) == known == registers.now(alone)
    registers.build([body(2, subject_name=body(1)["subject_name"], uscc=code(2, "12"))])
    assert registers.subject("name", body(1)["subject_name"]) is None
    assert registers.now(alone) == alone, "with two of that name it is its own subject again"


def test_a_short_name_may_be_a_persons_and_never_resolves(registers):
    registers.build([firm(1, kind="92", name="甲小一")])
    assert registers.subject("name", "甲小一") == "absent"


def test_a_record_that_left_the_roster_is_gone_and_keeps_its_history(registers):
    registers.deliver([firm(1), firm(2)], mode="full_snapshot", dataset="roster")
    registers.build()
    registers.deliver([firm(2)], mode="full_snapshot", dataset="roster")
    registers.build()
    assert registers.query("select uscc, gone from subjects.subject order by 1") == [(code(1), True), (code(2), False)]
    assert registers.subject("name", firm(1)["name"]) == registers.subject("uscc", code(1))
    registers.deliver([firm(1), firm(2)], mode="full_snapshot", dataset="roster")
    registers.build()
    assert registers.query("select bool_or(gone) from subjects.subject") == [(False,)]


def test_a_late_older_version_changes_nothing(registers):
    registers.deliver([firm(1, name="示范区新的名称有限公司")], versions="2026-02-25")
    registers.build()
    registers.deliver([firm(1, name="示范区旧的名称有限公司")], versions="2026-02-01")
    registers.build()
    assert registers.query("select name from subjects.subject") == [("示范区新的名称有限公司",)]


def test_a_replayed_batch_takes_its_rows_back(registers):
    (seq,) = registers.deliver([firm(1), firm(2)])
    registers.build()
    second = registers.subject("uscc", code(2))
    registers.replay(seq, "enterprise_registration", [firm(1)])
    registers.build()
    assert registers.subject("uscc", code(2)) == "absent"
    assert registers.query("select gone from subjects.subject where subject_id = %s", [second]) == [(True,)]
    assert registers.now(second) == second


def test_an_identifier_that_moves_on_takes_the_past_ids_with_it(registers):
    registers.build([body(1, org_code=org(3))])
    by_code = registers.subject("org", org(3))
    registers.build([firm(3, kind="93")])
    second = registers.subject("uscc", code(3, "93"))
    registers.build([firm(1, kind="93", predecessor_uscc=code(3, "93"), name=firm(3)["name"])])
    third = registers.subject("uscc", code(3, "93"))
    assert len({by_code, second, third}) == 3
    assert registers.now(by_code) == registers.now(second) == third


def test_a_build_is_resolved_once(registers):
    from public_credit import subjects as resolve

    build = registers.build([firm(1)])
    assert resolve.run(run_on(registers.query("select current_date")[0][0]), build) == {}
