"""``public-credit subjects``: who is who by a person's judgement, dated and reversible; organisations only."""

from __future__ import annotations

import json

from public_credit.identifiers.codes import make_id_number

from tests.helpers.commands import credit
from tests.helpers.registers import body, code, firm, org, reg

NUMBER = make_id_number("37039919800101003")  # of the reserved region
WHY = ("--reason", "登记机关来函说明", "--date", "2026-02-25")


def test_a_merge_is_booked_at_once_takes_effect_with_the_next_build_and_can_be_undone(registers):
    registers.build([firm(1, name="示范区合并甲有限公司"), firm(2, name="示范区合并乙有限公司")])
    first, second = registers.subject("uscc", code(1)), registers.subject("uscc", code(2))
    answer = credit("subjects", "merge", first, "示范区合并乙有限公司", *WHY)
    assert answer.code == 0 and "下一次构建" in answer.out
    assert registers.subject("uscc", code(2)) == second, "not before the next build"
    registers.build()
    merged = registers.subject("uscc", code(1))
    assert merged == registers.subject("uscc", code(2)) == registers.now(first) == registers.now(second)
    assert credit("subjects", "show", second, "--json").json["subject_id"] == merged
    assert credit("subjects", "merge", first, second, *WHY).code == 4
    assert credit("subjects", "undo", 1, *WHY).code == 0
    assert credit("subjects", "undo", 1, *WHY).code == 4
    registers.build()
    assert (registers.subject("uscc", code(1)), registers.subject("uscc", code(2))) == (first, second)
    assert registers.query("select count(*) from subjects.alias") == [(0,)]
    assert registers.query("select decided_by, undone_by, undone_at is not null from ledger.judgement") == [
        ("数据工程师甲（engineer）", "数据工程师甲（engineer）", True)
    ]


def test_a_split_takes_identifiers_away_and_a_later_row_does_not_bring_them_back(registers):
    registers.build([firm(1), body(7, org_code=org(1), institution_cert_no="137039900001")])
    subject = registers.subject("uscc", code(1))
    answer = credit("subjects", "split", subject, "--identifier", f"org:{org(1)}", *WHY)
    assert answer.code == 0, answer.err
    registers.build()
    other = registers.subject("org", org(1))
    assert other not in (subject, None, "absent") and registers.subject("uscc", code(1)) == subject
    assert registers.subject("inst", "137039900001") == other
    registers.build([firm(1, org_code=org(1), business_reg_no=reg(1))])
    assert registers.subject("org", org(1)) == other


def test_a_stated_former_code_can_be_judged_wrong(registers):
    registers.build([firm(5, state="注销"), firm(2, predecessor_uscc=code(5))])
    subject = registers.subject("uscc", code(2))
    assert credit("subjects", "split", code(2), "--identifier", f"uscc:{code(5)}", *WHY).code == 0
    registers.build()
    assert registers.subject("uscc", code(5)) != registers.subject("uscc", code(2))
    assert registers.now(subject) in (registers.subject("uscc", code(5)), registers.subject("uscc", code(2)))


def test_a_shared_number_can_be_judged_to_be_ones(registers):
    registers.build([firm(1, business_reg_no=reg(9)), firm(2, business_reg_no=reg(9))])
    assert registers.subject("reg", reg(9)) is None
    assert credit("subjects", "merge", f"uscc:{code(2)}", f"reg:{reg(9)}", *WHY).code == 0
    registers.build()
    assert registers.subject("reg", reg(9)) == registers.subject("uscc", code(2)) != registers.subject("uscc", code(1))
    assert registers.query("select state from subjects.work_item") == [("done",)]


def test_calls_that_make_no_sense_are_refused_with_a_remedy(registers):
    registers.build([firm(1), firm(2, former_names=firm(1)["name"])])
    subject = registers.subject("uscc", code(1))
    for words, exit_code in (
        (("show", "s" + "0" * 31), 4),
        (("show", code(9)), 4),
        (("show", firm(1)["name"]), 4),
        (("show", NUMBER), 2),
        (("show", "〔P1234〕"), 2),
        (("show", "reg:000000000000000"), 2),
        (("merge", subject, subject, *WHY), 4),
        (("merge", subject, code(2), "--reason", " "), 2),
        (("split", subject, "--identifier", f"reg:{reg(5)}", *WHY), 4),
        (("split", subject, "--identifier", f"uscc:{code(1)}", "--identifier", f"org:{org(1)}", *WHY), 2),
        (("split", subject, "--identifier", f"name:{firm(1)['name']}", *WHY), 2),
        (("undo", 99, *WHY), 4),
        (("work", "--topic", "x"), 2),
    ):
        answer = credit("subjects", *words)
        assert answer.code == exit_code, (words, answer)
        assert NUMBER not in answer.out + answer.err
    assert registers.query("select count(*) from ledger.judgement") == [(0,)]


def test_show_and_work_say_what_is_known(registers):
    registers.build(
        [
            firm(1, business_reg_no=reg(9), legal_rep_name="张三示范"),
            firm(2, business_reg_no=reg(9)),
            firm(5, kind="92"),
            firm(6, predecessor_uscc=code(5, "92")),
        ]
    )
    told = credit("subjects", "show", code(6))
    assert told.code == 0 and "个转企" in told.out and code(6) in told.out
    told = credit("subjects", "show", code(1))
    assert "待办" in told.out and "张三示范" not in told.out
    assert f"reg:{reg(9)}" in credit("subjects", "work").out
    items = credit("subjects", "work", "--topic", "shared_identifier", "--json").json
    assert [item["key"] for item in items] == [f"reg:{reg(9)}"]
    assert json.dumps(items, ensure_ascii=False).count("张三示范") == 0
