"""一户一档: food and drug firms whose record decides their grade.

The rule in words (a department's notice, not the product's table): 严重失信 for a serious penalty (吊销, 责令关闭, 限制从业)
or an entry on a food or drug breach list within 12 months; 失信 for any other food or drug penalty or two failed
samplings within 12 months; 示范守信 for none of it within 36 months and an honour or red list in force; 守信 otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from district_simulator.book import Book
from district_simulator.decisions.clean import CleanDecisions
from district_simulator.decisions.events import event_of
from district_simulator.population.enterprises import Population
from district_simulator.population.organisations import Organisations
from district_simulator.sectors.clean import CleanRecords
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Organisation
from district_simulator.vocabulary.workcalendar import DAYS

PENALTIES, LICENCES, EVENTS = "scjg.penalty_entity", "xzsp.licence_entity", "scjg.decision_event"
SEVERE = ("责令关闭", "限制从业")
_RECENT, _OLDER, _ANCIENT = date(2025, 10, 14), date(2024, 12, 18), date(2022, 10, 18)
_LEAVING = date(2025, 2, 27)  # 12 months are over between day 2 and day 3


@dataclass(frozen=True)
class Story:
    """What is on record of one firm: dates of penalties (grave or not), failed samplings, list entries, honours."""

    count: int
    grave: tuple[date, ...] = ()
    fined: tuple[date, ...] = ()
    failed: tuple[date, ...] = ()
    listed: tuple[date, ...] = ()
    honoured: tuple[tuple[date, date], ...] = ()
    revoked: bool = False  # the penalty is revoked on day 2
    later: str = ""  # what happens on day 2


_IN_FORCE = (date(2025, 6, 5), date(2027, 6, 4))
STORIES = (
    Story(5, grave=(_RECENT,)),
    Story(4, listed=(date(2025, 9, 16),)),
    Story(5, fined=(_RECENT,)),
    Story(4, failed=(date(2025, 7, 8), date(2025, 11, 12))),
    Story(4, failed=(date(2025, 11, 12),)),
    Story(3, fined=(_OLDER,), honoured=(_IN_FORCE,)),
    Story(5),
    Story(6, honoured=(_IN_FORCE,)),
    Story(2, honoured=((date(2023, 5, 10), date(2025, 5, 9)),)),
    Story(1, grave=(date(2024, 6, 12),), honoured=(_IN_FORCE,)),
    Story(1, fined=(_ANCIENT,), honoured=(_IN_FORCE,)),
    Story(2, fined=(_LEAVING,)),
    Story(2, fined=(_RECENT,), revoked=True),
    Story(2, later="fined"),
    Story(2, failed=(date(2025, 11, 12),), later="failed"),
)


def firms(organisations: Organisations) -> list[tuple[Story, Organisation]]:
    """Each firm with its story."""
    told = [story for story in STORIES for _ in range(story.count)]
    return list(zip(told, organisations.groups.food, strict=True))


def drug(firm: Organisation) -> bool:
    return firm.scope == "药品零售"


def add_decisions(book: Book, population: Population, organisations: Organisations) -> None:
    """Licences and penalties among the ordinary decisions (before the monthly ledgers are counted)."""
    source = CleanDecisions(f"{book.seed}/food", population)
    serial = 0
    for story, firm in firms(organisations):
        serial += 1
        book.insert(1, _licence(source, firm, serial))
        for grave, days in ((True, story.grave), (False, story.fined)):
            for when in days:
                row = book.insert(1, _penalty(source, firm, when, serial, grave))
                if story.revoked:
                    book.revoked_penalties.append(row)
        if story.later == "fined":
            book.insert(2, _penalty(source, firm, date(2026, 2, 24), serial, False))


def _licence(source: CleanDecisions, firm: Organisation, serial: int) -> Row:
    name = "药品经营许可证" if drug(firm) else "食品经营许可证"
    row = source.row(LICENCES, day=date(2025, 9, 10), subject=firm)
    return row.fix(
        decision_no=f"示审食许〔2025〕第{serial:04d}号",
        decision_title=f"{name[:4]}许可准予决定书",
        certificate_name=name,
        licence_no=f"SFSY2025{serial:04d}",
        licence_content=firm.scope,
        licence_category="普通",
        licence_state="1",
        valid_from="2025-09-10",
        valid_to="2030-09-09",
        legal_rep_id_type="",
        legal_rep_id_no="",
    )


def _penalty(source: CleanDecisions, firm: Organisation, when: date, serial: int, grave: bool) -> Row:
    law = "《中华人民共和国药品管理法》第一百二十六条" if drug(firm) else "《中华人民共和国食品安全法》第一百二十四条"
    what = "未遵守药品经营质量管理规范" if drug(firm) else "经营超过保质期的食品"
    row = source.row(PENALTIES, day=when, subject=firm)
    kind = SEVERE[serial % 2] if grave else "罚款"
    content = {"责令关闭": "责令关闭。", "限制从业": "限制从业五年。", "罚款": "处以罚款5000元。"}[kind]
    return row.fix(
        decision_no=f"示市监食罚〔{when.year}〕第{serial:04d}号",
        violation_type=what,
        legal_basis=law,
        violation_facts=f"当事人（{firm.name}）{what}，违法事实清楚，证据确凿。",
        penalty_category=kind,
        penalty_content=content,
        fine_amount_wan="" if grave else "0.5",
        confiscated_amount_wan="",
        suspended_or_revoked_licence="",
        publication_end="",
        legal_rep_id_type="",
        legal_rep_id_no="",
    )


def records(organisations: Organisations, clean: CleanRecords) -> list[tuple[int, Row]]:
    """(day, row): inspections, samplings, list entries and honours of the firms."""
    told: list[tuple[int, Row]] = []
    make = clean.row
    for story, firm in firms(organisations):
        area = "药品" if drug(firm) else "食品"
        good = {"inspection_area": area, "result": "合格", "findings": ""}
        told.append((1, make("scjg.inspection", 1, firm, when=date(2025, 8, 20), how="uscc", **good)))
        told.append((1, _sampled(clean, 1, firm, date(2025, 10, 21), True)))
        told += [(1, _sampled(clean, 1, firm, when, False)) for when in story.failed]
        if story.later == "failed":
            told.append((2, _sampled(clean, 2, firm, date(2026, 2, 24), False)))
        for when in story.listed:
            name = "药品安全严重违法名单" if drug(firm) else "食品安全严重违法生产经营者名单"
            told.append(
                (
                    1,
                    make(
                        "scjg.breach_list",
                        1,
                        firm,
                        when=when,
                        how="uscc",
                        list_name=name,
                        removed_on="",
                        removal_no="",
                        removal_reason="",
                        reason=f"{area}安全违法情节严重",
                    ),
                )
            )
        for since, until in story.honoured:
            told.append(
                (
                    1,
                    make(
                        "scjg.honour",
                        1,
                        firm,
                        when=since,
                        how="uscc",
                        valid_to=until.isoformat(),
                        removed_on="",
                        removal_reason="",
                        honour_title="诚信经营红名单",
                        honour_kind="红名单",
                    ),
                )
            )
    return told


def _sampled(clean: CleanRecords, day: int, firm: Organisation, when: date, passed: bool) -> Row:
    area = "药品" if drug(firm) else "食品"
    return clean.row(
        "scjg.sampling",
        day,
        firm,
        when=when,
        how="uscc",
        inspection_area=area,
        product_name="板蓝根颗粒" if drug(firm) else "熟肉制品",
        result="合格" if passed else "不合格",
        findings="" if passed else "检验项目不符合标准",
    )


def revocations(book: Book) -> list[Row]:
    """Notices of day 2 that end a penalty."""
    return [event_of(row, 2, "撤销", "行政复议决定撤销", EVENTS) for row in book.revoked_penalties]


def months_before(day: date, months: int) -> date:
    """The day ``months`` earlier (28 February for a 29th)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, 28) if month + 1 == 2 else day.day)


def grade(day: int, story: Story) -> str:
    """The grade at the end of a day, from the words above."""
    today = DAYS[day]
    year, three = months_before(today, 12), months_before(today, 36)
    fined = () if story.revoked and day >= 2 else story.fined
    failed = story.failed
    if story.later and day >= 2:
        late = (date(2026, 2, 24),)
        fined, failed = (fined + late, failed) if story.later == "fined" else (fined, failed + late)
    if any(when > year for when in story.grave + story.listed):
        return "严重失信"
    if any(when > year for when in fined) or sum(when > year for when in failed) >= 2:
        return "失信"
    clean = not any(when > three for when in story.grave + story.listed + fined) and not failed
    honoured = any(since <= today <= until for since, until in story.honoured)
    return "示范守信" if clean and honoured else "守信"
