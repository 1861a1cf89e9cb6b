"""Subjects of register histories on a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .registers import ORGANISATION, Registers, body, code, firm, org, reg


@pytest.fixture
def registers(warehouse) -> Iterator[Registers]:
    opened = Registers(warehouse)
    yield opened
    opened.owner.close()


def test_an_old_row_with_only_the_organisation_code_belongs_to_the_subject_that_embeds_it(registers):
    registers.build([firm(1, business_reg_no=reg(1)), body(7, org_code=org(1), institution_cert_no="137039900001")])
    subject = registers.subject("uscc", code(1))
    assert subject and subject == registers.subject("org", org(1)) == registers.subject("inst", "137039900001")
    assert subject == registers.subject("reg", reg(1)) == registers.subject("name", "示范区甲000001商贸有限公司")
    assert registers.query("select count(*) from subjects.subject") == [(1,)]
