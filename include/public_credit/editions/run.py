"""Frozen editions of the targets' figures: compute, decide, freeze, restate, compare.

An edition holds a year's figures as of 31 December, the items each figure is made of, and what each figure was taken to mean,
so a restatement can say which record came, went or changed and by how much it moved which figure, and which figure is another
one because it means something else. The database refuses any change of a frozen edition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers import persons
from ..ledger import locks, published, words
from ..ledger.approvals import by_another
from ..ledger.models import Build, Edition
from ..ledger.session import session, step, written
from ..ledger.states import UNDECIDED, BuildState, EditionKind, EditionState, StepName, Verdict
from . import definitions

_FIGURES = """
    insert into ledger.edition_figure (edition_id, target_id, goal_no, unit_id, figure_id, numerator, denominator,
        denominator_source, denominator_on, percent, goal, distance, pace, state, suppressed)
    select :edition, p.target_id, p.goal_no, p.unit_id, t.figure_id, p.numerator, p.denominator, p.denominator_source,
        p.denominator_on, p.percent, p.goal, p.distance, p.pace, p.state, p.suppressed
    from marts.mart_targets__progress p join policy.target t on t.target_id = p.target_id and t.goal_no = p.goal_no
    where p.month_end = :as_of"""
_ITEMS = """
    insert into ledger.edition_item (edition_id, figure_id, item_key, unit_id, label, record_id, numerator, denominator, missing)
    select :edition, c.figure_id, c.item_key, max(c.unit_id), max(c.label), coalesce(max(c.record_id), ''),
        sum(c.numerator), sum(c.denominator), sum(c.missing)
    from published.contributions c
    where c.valid_from <= :as_of and (c.valid_to is null or c.valid_to > :as_of)
    group by c.figure_id, c.item_key"""
_UNEXPLAINED = """
    with items as (
        select figure_id, sum(numerator) as numerator, sum(denominator) as denominator, sum(missing) as missing
        from ledger.edition_item where edition_id = :edition group by figure_id)
    select f.target_id from ledger.edition_figure f left join items i on i.figure_id = f.figure_id
    where f.edition_id = :edition and f.unit_id = '' and (f.numerator <> coalesce(i.numerator, 0)
          or (f.denominator is not null and f.denominator <> i.denominator))"""
_HASH = """
    select encode(sha256(convert_to(string_agg(line, chr(10) order by line), 'UTF8')), 'hex') from (
        select concat_ws('|', 'f', target_id, goal_no, unit_id, numerator, denominator, percent, goal, state) as line
        from ledger.edition_figure where edition_id = :edition
        union all
        select concat_ws('|', 'i', figure_id, item_key, unit_id, record_id, numerator, denominator, missing)
        from ledger.edition_item where edition_id = :edition) content"""


class NothingYet(UserError):
    """The year is not over, or nothing was built of it."""


@dataclass(frozen=True)
class Drafted:
    """What a draft became; ``edition_id`` is None when the newest edition of the year says the same already."""

    edition_id: int | None
    message: str
    content_hash: str = ""
    figures: int = 0


def _one(opened: Session, edition_id: int, *, locked: bool = False) -> Edition:
    found = opened.get(Edition, edition_id, with_for_update=locked)
    if found is None:
        raise UserError(f"没有第 {edition_id} 号年度定稿。", remedy="用 public-credit editions list 查看编号。", code=4)
    return found


def newest(opened: Session, year: int) -> Edition | None:
    """The newest frozen edition of a year."""
    return opened.scalar(
        select(Edition)
        .where(Edition.year == year, Edition.state == EditionState.FROZEN)
        .order_by(Edition.id.desc())
        .limit(1)
    )


def last_year(on: date) -> int:
    """The newest year that is over on a business date."""
    return on.year if (on.month, on.day) == (12, 31) else on.year - 1


def draft(run: Run, year: int, reason: str = "") -> Drafted:
    """Compute a year's figures from the newest build: an original edition, or a restatement of the frozen one.

    A draft that says what the newest edition says is not kept. Raises NothingYet when the year is not over or not built,
    UserError when a restatement comes without a reason.
    """
    as_of = date(year, 12, 31)
    with (
        locks.between_builds("builder"),
        locks.alone("builder", locks.EDITION, "年度定稿", run.holder),
        session("builder") as opened,
    ):
        build = opened.scalar(
            select(Build).where(Build.state == BuildState.BUILT).order_by(Build.build_id.desc()).limit(1)
        )
        if build is None or build.business_date < as_of:
            raise NothingYet(f"{year} 年尚未结束或尚未构建，不能定稿。", remedy="年度终了并构建后再运行。", code=4)
        published.require(opened)
        waiting = opened.scalar(select(Edition).where(Edition.year == year, Edition.state.in_(UNDECIDED)))
        if waiting is not None and waiting.state == EditionState.APPROVED:
            return Drafted(waiting.id, f"第 {waiting.id} 号已批准，等待定稿", waiting.content_hash)
        before = newest(opened, year)
        made = Edition(
            year=year,
            kind=EditionKind.RESTATEMENT if before else EditionKind.ORIGINAL,
            restates=before.id if before else None,
            as_of=as_of,
            business_date=build.business_date,
            build_id=build.build_id,
            computed_by=run.who,
            reason=persons.mask(reason.strip()),
        )
        attempt = opened.begin_nested()
        if waiting is not None:
            waiting.state, waiting.decided_by, waiting.reason = (
                EditionState.REJECTED,
                run.who,
                waiting.reason or "被新的草稿取代",
            )
            waiting.decided_at = func.clock_timestamp()
            opened.flush()
        opened.add(made)
        opened.flush()
        figures = written(opened.execute(text(_FIGURES), {"edition": made.id, "as_of": as_of}))
        opened.execute(text(_ITEMS), {"edition": made.id, "as_of": as_of})
        definitions.keep(opened, made.id)
        unexplained: Sequence[str] = opened.execute(text(_UNEXPLAINED), {"edition": made.id}).scalars().all()
        if not figures or unexplained:
            raise UserError(
                f"{year} 年的数字与其明细不符：{'、'.join(unexplained) or '没有数字'}。",
                remedy="先运行 public-credit build；仍不符时请数据管理员核查。",
                code=1,
            )
        digest: str = opened.execute(text(_HASH), {"edition": made.id}).scalar_one()
        made.content_hash = digest
        if before is not None and before.content_hash == digest:
            attempt.rollback()
            return Drafted(None, f"{year} 年数字与第 {before.id} 号定稿一致，无须重列", digest)
        if waiting is not None and waiting.content_hash == digest:
            attempt.rollback()
            return Drafted(waiting.id, f"第 {waiting.id} 号草稿仍是最新，等待审批", digest, figures)
        if before is not None and not made.reason:
            raise UserError(f"{year} 年已定稿，重列须写明原因。", remedy="加上 --reason “……”。", code=2)
        flushed = made.id
        attempt.commit()
        result = Drafted(
            flushed,
            f"第 {flushed} 号{words.EDITION_KIND[made.kind]}草稿：{figures} 个数字，截至 {as_of}",
            digest,
            figures,
        )
        on, build_id = build.business_date, build.build_id
    with step(run.at(on), "builder", StepName.EDITION, build_id=build_id) as record:
        record.message, record.verdict, record.owner = result.message, Verdict.HELD, "leadership"
    return result


def approve(run: Run, edition_id: int, content_hash: str) -> None:
    """Approve a draft another one made (idempotent); the hash must be the one it was shown with. Raises UserError otherwise."""
    with session("builder", run.token or "") as opened:
        found = _one(opened, edition_id, locked=True)
        if found.state in (EditionState.APPROVED, EditionState.FROZEN) and found.content_hash == content_hash:
            return
        if found.state != EditionState.DRAFT:
            raise UserError(
                f"第 {edition_id} 号{words.EDITION[found.state]}，不在等待审批。",
                remedy="用 public-credit editions list 查看。",
                code=4,
            )
        if found.content_hash != content_hash:
            raise UserError(
                "内容指纹不符，未批准。", remedy=f"用 public-credit editions show {edition_id} 核对后重试。", code=4
            )
        found.decided_alone = by_another(
            run, found.computed_by, load_catalogue().district.single_handed, f"起草了第 {edition_id} 号，自己起草"
        )
        found.state, found.decided_by, found.decided_at = EditionState.APPROVED, run.who, func.clock_timestamp()


def reject(run: Run, edition_id: int, reason: str) -> None:
    """Turn a draft down, with the reason; it stays to be read and never becomes an edition."""
    if not reason.strip():
        raise UserError("否决须写明理由。", remedy="加上 --reason “……”。")
    with session("builder") as opened:
        found = _one(opened, edition_id, locked=True)
        if found.state not in UNDECIDED:
            raise UserError(
                f"第 {edition_id} 号{words.EDITION[found.state]}，不能否决。", remedy="更正以重列方式进行。", code=4
            )
        found.state, found.decided_by, found.decided_at = EditionState.REJECTED, run.who, func.clock_timestamp()
        found.reason = "；".join(filter(None, [found.reason, persons.mask(reason.strip())]))


def freeze(run: Run, edition_id: int) -> None:
    """Freeze an approved edition (idempotent); from now on the database refuses any change."""
    with (
        locks.hold("builder", locks.EDITION, waiting="另一个年度定稿正在运行，等它完成后定稿。", holder=run.holder),
        session("builder") as opened,
    ):
        found = _one(opened, edition_id, locked=True)
        if found.state == EditionState.FROZEN:
            return
        if found.state != EditionState.APPROVED:
            raise UserError(f"第 {edition_id} 号{words.EDITION[found.state]}，不能定稿。", remedy="先审批。", code=4)
        found.state, found.frozen_at = EditionState.FROZEN, func.clock_timestamp()
        year, on, build_id = found.year, found.business_date, found.build_id
    with step(run.at(on), "builder", StepName.EDITION, build_id=build_id) as record:
        record.message = f"第 {edition_id} 号（{year} 年）已定稿"


def listing() -> list[dict[str, Any]]:
    """All editions, newest first."""
    with session("reader") as opened:
        return [
            dict(row)
            for row in opened.execute(
                text("""
            select e.id, e.year, e.kind, e.restates, e.state, e.as_of, e.business_date, e.computed_at, e.computed_by,
                   e.decided_by, e.decided_at, e.frozen_at, e.reason, e.content_hash,
                   (select count(*) from ledger.edition_figure f where f.edition_id = e.id and f.unit_id = '') as figures
            from ledger.edition e order by e.id desc""")
            ).mappings()
        ]


def show(edition_id: int, unit: str = "") -> dict[str, Any]:
    """An edition and its figures of the district, or of one unit."""
    with session("reader") as opened:
        _one(opened, edition_id)
        figures = [
            dict(row)
            for row in opened.execute(
                text("""
            select f.*, t.title, t.due_on, t.goal_text from ledger.edition_figure f
            left join policy.target t on t.target_id = f.target_id and t.goal_no = f.goal_no
            where f.edition_id = :edition and f.unit_id = :unit order by f.target_id, f.goal_no"""),
                {"edition": edition_id, "unit": unit},
            ).mappings()
        ]
    edition = next(row for row in listing() if row["id"] == edition_id)
    return {"edition": edition, "figures": figures}


def percent(numerator: int, denominator: int) -> Decimal | None:
    """The percent of the marts, with four digits; none without a denominator."""
    return round(Decimal(100) * numerator / denominator, 4) if denominator else None
