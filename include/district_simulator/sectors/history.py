"""Five years before the first day: when organisations got their first record, and the figure that is restated later.

Most firms have a tax rating from 2017 to 2021, most institutions a yearly appraisal, most social organisations a social
insurance record; the rest has what the past year brought, or nothing yet. On day 2 one count of 2020 comes corrected.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from district_simulator.book import Book
from district_simulator.population.enterprises import Population
from district_simulator.population.organisations import Organisations
from district_simulator.sectors.clean import CleanRecords
from district_simulator.sectors.headings import on_day
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Subject

# year → share of all organisations whose first record is of that year
FIRMS = {2017: 0.10, 2018: 0.17, 2019: 0.20, 2020: 0.22, 2021: 0.08}
OTHERS = {2017: 0.25, 2018: 0.40, 2019: 0.15, 2020: 0.12}
PER_YEAR = 8  # items to publish
RESTATED = ("czj.aggregate_count", "政府采购评审专家信用档案数", "2020-12")
RESTATED_ON, RESTATED_BY = 2, 3  # day of the correction, how many fewer


def _year(rng: random.Random, shares: dict[int, float]) -> int | None:
    roll, upto = rng.random(), 0.0
    for year, share in shares.items():
        upto += share
        if roll < upto:
            return year
    return None


def add(book: Book, population: Population, organisations: Organisations, clean: CleanRecords) -> None:
    """The rows of the history, at the end of the first day's deliveries, and the correction of a later day."""
    rng = random.Random(f"{book.seed}/history")
    groups = organisations.groups
    firms = [s for s in population.subjects if s.kind in ("company", "individual", "cooperative")]
    for name, subjects, shares in (
        ("swj.rating", firms, FIRMS),
        ("jgbz.rating", groups.institutions, OTHERS),
        ("rsj.social_insurance_payment", groups.social, OTHERS),
    ):
        rows = book.main[name, 1].rows
        for subject in subjects:
            year = _year(rng, shares)
            if year is not None and subject.state == "存续":
                row = _first(clean, name, subject, date(year, 3, 1) + timedelta(days=rng.randrange(270)))
                row.extra["序号"] = str(len(rows) + 1)
                rows.append(row)
    _published(book, clean, rng)
    _restated(book)


def _published(book: Book, clean: CleanRecords, rng: random.Random) -> None:
    """Items bodies had to publish: two in three on the web in 2017, nearly all later, some a few weeks late."""
    rows = book.main["zfb.disclosure_item", 1].rows
    for year in range(2017, 2025):
        for _ in range(PER_YEAR):
            due = date(year, 1, 10) + timedelta(days=rng.randrange(340))
            online = rng.random() < min(0.98, 0.6 + 0.1 * (year - 2016))
            row = clean.row(
                "zfb.disclosure_item",
                1,
                when=due,
                how="uscc",
                publication_state="网上已公开" if online else "未公开",
                published_on=(due + timedelta(days=rng.randrange(-20, 40))).isoformat() if online else "",
                channel="区政府门户网站" if online else "",
            )
            row.extra["序号"] = str(len(rows) + 1)
            rows.append(row)


def _first(clean: CleanRecords, name: str, subject: Subject, when: date) -> Row:
    values = (
        {"period": f"{when:%Y-%m}", "paid_on": f"{when:%Y-%m}-15", "payment_state": "正常缴费", "arrears_wan": ""}
        if name.startswith("rsj.")
        else {}
    )
    return clean.row(name, 1, subject, when=when, how="uscc", **values)


def _restated(book: Book) -> None:
    """The experts counted for 2020 were too many: the unit says so later."""
    name, measure, month = RESTATED
    row = next(
        r for r in book.main[name, 1].rows if not r.case and (r.truth["measure"], r.truth["month"]) == (measure, month)
    )
    new = row.clone().fix(numerator=str(int(row.truth["numerator"]) - RESTATED_BY))
    new.sjc, new.extra = "", dict(row.extra)
    new.plant("SH-restated", [], "accepted", "2020 年数字更正：定稿不变，另行重列")
    book.deliver(RESTATED_ON, name, [new], on_day(name, RESTATED_ON), main=True)
