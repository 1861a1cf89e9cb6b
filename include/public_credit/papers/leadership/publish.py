"""Publish what leadership reads: page, workbook and PDF of one year, written whole or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from ...base import files, progress, settings
from ...base.messages import UserError
from ...base.run import Run
from ...ledger import locks
from ...ledger.models import Step
from ...ledger.session import session, step
from ...ledger.states import StepName, Verdict
from . import drawings, lists, page, paper, workbook
from .load import load
from .model import Publication


@dataclass(frozen=True)
class Published:
    """Where a publication lies."""

    page: Path
    workbook: Path
    pdf: Path
    lists: tuple[Path, ...]
    year: int
    build_id: int

    @property
    def files(self) -> tuple[Path, ...]:
        """Page, workbook, PDF and the lists of those not covered."""
        return self.page, self.workbook, self.pdf, *self.lists


def _named(publication: Publication, folder: Path, year: int | None = None) -> Published:
    """Where the three files of a publication lie in ``folder``."""
    years = publication.years
    year = years[-1] if year is None else year
    if year not in years:
        raise UserError(f"没有 {year} 年的数字。", remedy=f"可选年份：{'、'.join(map(str, years))}。", code=2)
    name = f"leadership_{publication.business_date}" + ("" if year == years[-1] else f"_{year}")
    page, workbook, pdf = (folder / f"{name}.{suffix}" for suffix in ("html", "xlsx", "pdf"))
    named = [lists.name(publication, unit) for unit in publication.units]
    beside = (*(folder / each for each in named if each), folder / lists.assessment_name(publication, year))
    return Published(page, workbook, pdf, beside, year, publication.build_id)


def write(publication: Publication, folder: Path, year: int | None = None) -> Published:
    """Write page, workbook, PDF and lists of a publication into ``folder``."""
    named = _named(publication, folder, year)
    folder.mkdir(parents=True, exist_ok=True)
    lists.write(publication, folder)
    lists.write_assessment(publication, folder, named.year)
    progress.say(f"发布  名单与考核表 {len(named.lists)} 份已写，正在写网页")
    files.write(named.page, page.render(publication, named.year), files.SHARED)
    progress.say(f"发布  {named.page}，正在写工作簿")
    with files.whole(named.workbook, files.SHARED) as part:
        workbook.write(publication, part, named.year)
    progress.say(f"发布  {named.workbook}，正在写 PDF")
    with files.whole(named.pdf, files.SHARED) as part:
        paper.write(publication, part, named.year)
    progress.say(f"发布  {named.pdf}")
    return named


def _fingerprint(run: Run, publication: Publication, named: Published) -> str:
    """The same for the same content, published by the same code to the same place."""
    content = run.code_version, str(named.page), named.year, publication
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def _last_published() -> str:
    with session("reader") as opened:
        return (
            opened.scalars(
                select(Step.message)
                .where(Step.name == StepName.PUBLISH_LEADERSHIP, Step.verdict == Verdict.OK)
                .order_by(Step.id.desc())
                .limit(1)
            ).first()
            or ""
        )


def publish(run: Run, year: int | None = None, out: Path | None = None, *, again: bool = True) -> Published:
    """Publish the newest build's figures; the outcome is a step of the ledger.

    With ``again=False`` nothing is written when the last publication has the same content and its files are there.
    Raises Busy while another publication runs.
    """
    with locks.alone("builder", locks.PUBLISH, "看板发布", run.holder):
        return _publish(run, year, out, again)


def _publish(run: Run, year: int | None, out: Path | None, again: bool) -> Published:
    publication = load(run)
    folder = out or settings.folder("publications", "leadership")
    with step(
        run.at(publication.business_date), "builder", StepName.PUBLISH_LEADERSHIP, build_id=publication.build_id
    ) as record:
        named = _named(publication, folder, year)
        message = (
            f"第 {publication.build_id} 次构建的领导看板已发布：{named.page.name}"
            f"（内容指纹 {_fingerprint(run, publication, named)}）"
        )
        if not again and message == _last_published() and all(path.exists() for path in named.files):
            record.verdict, record.message = Verdict.NOTHING_DUE, f"内容未变，不重新发布：{named.page.name}"
            return named
        with drawings.kept(settings.folder("publications", ".drawings")):
            published = write(publication, folder, year)
        record.counts = {
            path.suffix[1:]: path.stat().st_size for path in (published.page, published.workbook, published.pdf)
        }
        record.counts["lists"] = len(published.lists)
        record.message = message
    return published
