"""Identity as a pure function: of any rows in any order, resolved together, apart or by scipy."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.subjects.component import Judgement, Outcome, resolve
from public_credit.subjects.nodes import Row, node
from public_credit.subjects.whole import resolve_all

from tests.helpers.registers import ON, body, code, firm, org, record_id, reg

from .worlds import judgements, rows

_FIELDS = (
    "uscc",
    "org_code",
    "business_reg_no",
    "tax_reg_no",
    "institution_cert_no",
    "social_org_cert_no",
    "predecessor_uscc",
    "state",
)


def _rows(given_rows: list[dict[str, str]]) -> list[Row]:
    found = {}
    for number, row in enumerate(given_rows):
        name = row.get("name") or row.get("subject_name", "")
        found[record_id(row)] = Row(
            record_id=record_id(row),
            kind=row["kind"],
            newest=("", number, 1),
            gone=False,
            name=name,
            name_key=name,
            former_keys=row.get("former_names", ""),
            known_on=ON,
            **dict[str, Any](uscc="") | {field: row[field] for field in _FIELDS if field in row},
        )
    return list(found.values())


def _judgements(found: list[tuple[str, str, str]]) -> list[Judgement]:
    return [
        Judgement(number, decision == "same", node(left), node(right))
        for number, (decision, left, right) in enumerate(found, start=1)
    ]


def _content(outcome: Outcome) -> tuple:
    return (
        outcome.rows,
        outcome.owners,
        sorted(outcome.successions),
        sorted((item.topic, item.key, item.reason, repr(item.detail)) for item in outcome.items),
    )


@settings(max_examples=400, deadline=None)
@given(st.lists(rows, max_size=12), st.lists(judgements, max_size=3), st.randoms(use_true_random=False))
def test_neither_the_order_nor_the_way_of_computing_matters(given_rows, judged, rng: random.Random):
    found, decided = _rows(given_rows), _judgements(judged)
    expected = _content(resolve(found, decided))
    shuffled, other = list(found), list(decided)
    rng.shuffle(shuffled)
    rng.shuffle(other)
    assert _content(resolve(shuffled, other)) == expected
    assert _content(resolve_all(shuffled, other)) == expected


@settings(max_examples=400, deadline=None)
@given(st.lists(rows, max_size=12))
def test_two_codes_are_one_subject_only_where_a_register_says_so(given_rows):
    found = _rows(given_rows)
    outcome = resolve(found)
    stated: dict[str, set[str]] = {}
    for row in found:
        if row.uscc:
            stated.setdefault(row.uscc, set())
            if row.predecessor_uscc and row.predecessor_uscc[:2] == row.uscc[:2]:
                stated[row.uscc].add(row.predecessor_uscc)
                stated.setdefault(row.predecessor_uscc, set()).add(row.uscc)
    for scheme, value in outcome.owners:
        owner = outcome.owners[scheme, value][0]
        if scheme != "uscc":
            continue
        assert owner is not None, "a code is never ambiguous"
        reached, waiting = {value}, [value]
        while waiting:
            for other in stated.get(waiting.pop(), set()) - reached:
                reached.add(other)
                waiting.append(other)
        assert owner[1] in reached


def test_another_organisation_code_is_another_subject_even_where_a_number_ties_the_rows():
    found = _rows([firm(1, business_reg_no=reg(1)), body(2, org_code=org(8), business_reg_no=reg(1))])
    outcome = resolve(found)
    assert outcome.owners["org", org(8)] == (("org", org(8)), "") and outcome.owners["reg", reg(1)] == (None, "shared")
    assert outcome.owners["uscc", code(1)] == (("uscc", code(1)), "")
    assert _content(resolve_all(found, [])) == _content(outcome)
