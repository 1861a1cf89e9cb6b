"""Publish what leadership reads: page, workbook and PDF of one year, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ... import settings
from ...ledger.session import step
from ...messages import UserError
from . import page, paper, workbook
from .load import load
from .model import Publication


@dataclass(frozen=True)
class Published:
    """Where a publication lies."""

    page: Path
    workbook: Path
    pdf: Path
    year: int
    build_id: int

    @property
    def files(self) -> tuple[Path, Path, Path]:
        return self.page, self.workbook, self.pdf


def _whole(target: Path, write: Callable[[Path], object]) -> Path:
    """Write beside the target, then move into place: a reader of the share never meets half a file."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix)
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def write(publication: Publication, folder: Path, year: int | None = None) -> Published:
    """Write the three files of a publication into ``folder``."""
    years = publication.years
    year = years[-1] if year is None else year
    if year not in years:
        raise UserError(f"没有 {year} 年的数字。", remedy=f"可选年份：{'、'.join(map(str, years))}。", code=2)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"leadership_{publication.business_date}" + ("" if year == years[-1] else f"_{year}")
    return Published(
        _whole(folder / f"{name}.html", lambda path: path.write_text(page.render(publication, year), encoding="utf-8")),
        _whole(folder / f"{name}.xlsx", lambda path: workbook.write(publication, path, year)),
        _whole(folder / f"{name}.pdf", lambda path: paper.write(publication, path, year)), year, publication.build_id)


def publish(year: int | None = None, out: Path | None = None) -> Published:
    """Publish the newest build's figures; the outcome is a step of the ledger."""
    publication = load()
    folder = out or settings.folder("publications", "leadership")
    with step("builder", "publish_leadership", business_date=publication.business_date, build_id=publication.build_id) as record:
        published = write(publication, folder, year)
        record.counts = {path.suffix[1:]: path.stat().st_size for path in published.files}
        record.message = f"第 {publication.build_id} 次构建的领导看板已发布：{published.page.name}"
    return published
