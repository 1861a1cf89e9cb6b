"""enterprise_registration: the full snapshot of the register, with its own faults."""

from __future__ import annotations

import random
from datetime import timedelta

from district_simulator.book import Book
from district_simulator.decisions.clean import CleanDecisions
from district_simulator.decisions.headings import on_day
from district_simulator.population.enterprises import Population
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Subject

DATASET = "scjg.enterprise_registration"
EACH = 20


def roster_row(subject: Subject) -> Row:
    return Row(DATASET, "qydj", subject.registration(), subject)


def add(book: Book, rng: random.Random, population: Population, clean: CleanDecisions) -> None:
    """Day 1 complete; day 2 truncated (must be held); day 3 complete with a month's changes."""
    day1 = [roster_row(s) for s in population.subjects] + _planted(population)
    rng.shuffle(day1)
    book.deliver(1, DATASET, day1, on_day(DATASET, 1), main=True)
    cut = [r.again() for r in day1[: len(day1) // 3]]
    for row in cut:
        row.case = ""
    book.deliver(
        2,
        DATASET,
        cut,
        on_day(DATASET, 2),
        state="held",
        case="truncated_roster",
        main=True,
        note="名册快照只有三分之一，低于收缩下限：扣留，不得据此注销任何主体",
    )
    book.deliver(3, DATASET, _third_day(book, rng, population, clean, day1), on_day(DATASET, 3), main=True)


def _planted(population: Population) -> list[Row]:
    """E01–E05, R21 and look-alikes on subjects that appear nowhere else."""
    rows: list[Row] = []

    def one(rules: list[str], expect: str, note: str) -> Row:
        row = roster_row(population.subject("company"))
        rows.append(row.plant(f"E{len(rows):04d}", rules, expect, note))
        return row

    for i in range(EACH):
        one(["E01"], "quarantined", "blank_name").put("name", "")
        row = one(["E02"], "quarantined", "bad_uscc")
        good = row.truth["uscc"]
        bad = good[:17] + codes.USCC_ALPHABET[(codes.USCC_ALPHABET.index(good[17]) + 1) % 31]
        row.fix(org_code="").put("uscc", bad if i % 2 else good[:17])
        text = ["1999-02-30", "九九年", "1999年13月", "19990"][i % 4]
        one(["E03"], "quarantined", "bad_date").put("established_on", text, text)
        row = one(["E04"], "accepted", "bad_registration_number")
        number = row.truth["business_reg_no"]
        row.fix(business_reg_no=number[:14] + str((int(number[14]) + 1) % 10))
        row = one(["E05"], "quarantined", "org_code_of_another")
        row.put("org_code", population.subjects[i].org_code)
        row = one(["R21"], "accepted", "lower_case_code")
        row.shown["uscc"] = row.truth["uscc"].lower()
        if row.truth["uscc"].isdigit():
            row.shown["uscc"] = f"{row.truth['uscc'][:8]} {row.truth['uscc'][8:]}"
    for i in range(2 * EACH):
        row = one([], "accepted", "unusual_but_right")
        if i % 4 == 0:
            row.fix(business_reg_no=f"3703992280{i:03d}")  # 13 digits, before 2007
        elif i % 4 == 1:
            row.fix(registered_capital=["1,080(万)", "N/A", "123万美元", "1.5E3万", "208(万元人民币)"][i % 5])
        elif i % 4 == 2:
            row.fix(name=f"（第一名称）{row.truth['name']}（第二名称）{row.truth['name']}北店")
        else:
            row.shown["established_on"] = row.truth["established_on"].replace("-", "/")
    for _ in range(6):
        row = one(["R19"], "quarantined", "mobile_in_address")
        row.put("address", f"{row.truth['address']}，电话{population.mobile()}")
    return rows


def _third_day(
    book: Book, rng: random.Random, population: Population, clean: CleanDecisions, day1: list[Row]
) -> list[Row]:
    """New firms, new names, ended states, a few gone."""
    quiet = [
        r
        for r in day1
        if not r.case
        and r.organisation.kind == "company"
        and r.truth["state"] == "存续"
        and not r.organisation.former_names
    ]
    decided = {r.organisation.uscc for d in book.main.values() for r in d.rows if r.table.endswith("_fr")}
    alone = [r for r in quiet if r.organisation.uscc not in decided][:15]  # those who vanish have no decisions
    gone_codes = {r.organisation.uscc for r in alone}
    clean.forget(gone_codes)
    chosen = rng.sample([r for r in quiet if r.organisation.uscc not in gone_codes], 45) + alone
    renamed, ended, gone = chosen[:25], chosen[25:45], {id(r) for r in chosen[45:]}
    changed = {}
    for i, row in enumerate(renamed):
        old = row.truth["name"]
        new = old.replace("有限公司", "股份有限公司")
        changed[id(row)] = (
            row.clone().fix(name=new, former_names=old).plant(f"E-name-{i:02d}", [], "accepted", "更名：旧名转为曾用名")
        )
    for i, row in enumerate(ended):
        changed[id(row)] = (
            row.clone().fix(state=["注销", "吊销"][i % 2]).plant(f"E-state-{i:02d}", [], "accepted", "登记状态变更")
        )
    rows = [changed.get(id(r), r) for r in day1 if id(r) not in gone]
    rows = [r if id(r) in {id(c) for c in changed.values()} else r.again() for r in rows]
    for row in rows:
        if row.case and not row.case.startswith("E-"):
            row.case = ""
    founded = population.newcomers
    for i, subject in enumerate(founded):
        subject.established = subject.established.replace(year=2026, month=2, day=1) + timedelta(days=i % 20)
    rows += [roster_row(s).plant(f"E-new-{i:02d}", [], "accepted", "新设立") for i, s in enumerate(founded)]
    return rows
