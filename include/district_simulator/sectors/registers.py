"""The registers of bodies, public institutions and social organisations: full snapshots of days 1 and 3, one cut short."""

from __future__ import annotations

from district_simulator.book import Book
from district_simulator.population.organisations import Organisations
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES
from district_simulator.vocabulary.subjects import Organisation, Subject
from district_simulator.vocabulary.units import UNITS
from district_simulator.vocabulary.workcalendar import DAYS

REGISTERS = {
    "jgbz.public_institution": "institutions",
    "jgbz.government_body": "bodies",
    "mzj.organisation_registration": "social",
}
CHANGED = 4


def register_row(name: str, subject: Organisation) -> Row:
    """One line of a register."""
    dataset = SECTOR_DATASETS[name]
    unit = UNITS[dataset.unit]
    given = subject.register_row() | {"source_unit_name": unit.name, "source_unit_uscc": unit.uscc}
    return Row(name, dataset.table, {n: given.get(n, "") for n in SECTOR_TABLES[dataset.table].fields}, subject)


def first_day(organisations: Organisations, name: str) -> list[Row]:
    """Everybody in force on the first day."""
    return [register_row(name, s) for s in getattr(organisations.groups, REGISTERS[name])]


def third_day(book: Book, organisations: Organisations, name: str, day1: list[Row]) -> list[Row]:
    """The same register a week later: some renamed, some closed, some founded, a code re-issued."""
    quiet = [r for r in day1 if not r.case and _changeable(r.organisation)]
    renamed, ended, reissued = quiet[:CHANGED], quiet[CHANGED : 2 * CHANGED], quiet[2 * CHANGED : 2 * CHANGED + 2]
    tag = name.split(".")[1][:6]
    changed: dict[int, Row] = {}
    for i, row in enumerate(renamed):
        name_before = row.truth["subject_name"]
        name_after = name_before.replace("示范区", "示范区第一", 1)
        changed[id(row)] = (
            row.clone()
            .fix(subject_name=name_after, former_names=name_before)
            .plant(f"SE-name-{tag}-{i}", [], "accepted", "更名：旧名转为曾用名")
        )
    for i, row in enumerate(ended):
        changed[id(row)] = (
            row.clone()
            .fix(state="注销", state_on=DAYS[2].isoformat())
            .plant(f"SE-state-{tag}-{i}", [], "accepted", "登记状态变更")
        )
    for i, row in enumerate(reissued):
        changed[id(row)] = _reissued(book, organisations, row).plant(
            f"SE-code-{tag}-{i}", [], "accepted", "代码重新赋码：原代码写在记录中"
        )
    rows = []
    for row in day1:
        new = changed.get(id(row)) or row.again()
        if id(row) not in changed:
            new.case = ""
        rows.append(new)
    make = {"institutions": organisations.institution, "bodies": organisations.body, "social": organisations.social}
    for i in range(3):
        founded = make[REGISTERS[name]]()
        rows.append(register_row(name, founded).plant(f"SE-new-{tag}-{i}", [], "accepted", "新设立"))
    return rows


def _changeable(subject: Subject) -> bool:
    """In force, without a past, and no unit of the district."""
    return (
        subject.state == "存续"
        and not subject.former_names
        and not (isinstance(subject, Organisation) and subject.predecessor)
        and subject.uscc not in {unit.uscc for unit in UNITS.values()}
    )


def _reissued(book: Book, organisations: Organisations, row: Row) -> Row:
    """The same organisation under a new code of the same family."""
    old = row.truth["uscc"]
    new = organisations.code(old[:2])
    book.reissued[old] = new
    fixed = row.clone().fix(uscc=new, org_code=new[8:17], predecessor_uscc=old)
    if fixed.truth["tax_reg_no"]:
        fixed.fix(tax_reg_no=f"370399{new[8:17]}")
    return fixed
