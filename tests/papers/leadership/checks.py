"""What every published page must hold, checked in the browser: nothing overflows, nothing overlaps, nothing is cut or empty."""

from __future__ import annotations

from typing import Any

from public_credit.papers.leadership import corrections, views, words
from public_credit.papers.leadership.model import Figure, Publication, Target

LAYOUT = """(() => {
  const seen = e => e.getClientRects().length > 0, found = [], root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) found.push('page is ' + root.scrollWidth + ' wide in ' + window.innerWidth);
  for (const e of document.querySelectorAll('main *, header.top *')) {
    if (!seen(e) || e.closest('.box')) continue;
    const r = e.getBoundingClientRect();
    if (!e.closest('svg') && (r.right > window.innerWidth + 1 || r.left < -1)) found.push('outside: ' + e.className + ' ' + e.textContent.slice(0, 30));
    if (!e.closest('svg') && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline' && getComputedStyle(e).overflow !== 'visible')
      found.push('cut: ' + e.className + ' ' + e.textContent.slice(0, 30));
  }
  for (const box of document.querySelectorAll('.row summary, .tiles, .steps li, .asks li, .cards tr, .controls')) {
    if (!seen(box)) continue;
    const parts = [...box.children].filter(seen).map(e => [e, e.getBoundingClientRect()]);
    for (let i = 0; i < parts.length; i++) for (let j = i + 1; j < parts.length; j++) {
      const a = parts[i][1], b = parts[j][1];
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.5)
        found.push('overlap: ' + parts[i][0].textContent.trim().slice(0, 20) + ' | ' + parts[j][0].textContent.trim().slice(0, 20));
    }
    for (const [e] of parts) for (const text of e.querySelectorAll('*')) {
      const r = text.getBoundingClientRect(), o = e.getBoundingClientRect();
      if (seen(text) && !text.closest('svg') && !text.closest('.box') && r.right > o.right + 2) found.push('sticks out: ' + text.textContent.slice(0, 30));
    }
  }
  for (const chart of document.querySelectorAll('svg.chart')) {
    if (!seen(chart)) continue;
    const r = chart.getBoundingClientRect();
    if (r.height < 50 || r.width < 120) found.push('small chart');
    if (!chart.querySelector('use') && chart.querySelectorAll('path[d]:not([d=""])').length < 3) found.push('empty chart');
  }
  if (![...document.querySelectorAll('.tile')].every(t => [...t.querySelectorAll('.big')].filter(seen).length === 1)) found.push('a tile without its figure');
  return [...new Set(found)];
})()"""

FIGURES = """[...document.querySelectorAll('[data-figure]')].map(e => [e.dataset.figure,
  ...['.chip', '.pct', '.frac', '.gap', '.left', 'span.due'].map(s => e.querySelector(s).textContent.trim())])"""
RATES = "[...document.querySelectorAll('[data-rate]')].map(e => [e.dataset.rate, e.textContent.trim().split(/\\s/)[0]])"
COUNTED = "[...document.querySelectorAll('[data-counted]')].map(e => [e.dataset.counted, e.textContent.trim()])"
MET = "[...document.querySelectorAll('[data-met]')].map(e => [e.dataset.met, e.textContent.trim()])"
RESTATED = "[...document.querySelectorAll('[data-restated]')].map(e => [e.dataset.restated, e.textContent.trim()])"
SILENCE = "[...document.querySelectorAll('[data-silence]')].map(e => [e.dataset.silence, e.textContent.trim()])"
SHOWN = """[...document.querySelectorAll('[data-figure]')].filter(e => e.getClientRects().length).map(e => e.dataset.figure)"""


def _left(figure: Figure, target: Target) -> str:
    """How many are missing to the goal, counted in whole numbers."""
    if target.about_persons or figure.suppressed or figure.numerator is None or not figure.denominator:
        return words.NONE
    thousandths = round(target.goal * 1000) * figure.denominator
    count = max(0, -(-thousandths // 1000) - figure.numerator)
    return f"还差 {count:,} {target.measure}" if count else "不差"


def _overdue(figure: Figure, target: Target) -> str:
    judged = figure.percent is not None and not target.about_persons
    if not judged or figure.percent >= target.goal or target.due_on >= figure.month_end:
        return ""
    years = next(n for n in range(100) if figure.month_end < target.due_on.replace(year=target.due_on.year + n + 1))
    return f"逾期 {years} 年" if years else "逾期不足 1 年"


def wrong_figures(tab: Any, publication: Publication) -> list[str]:
    """Figures of the page (all views, seen or not) that are not the publication's."""
    wrong = []
    targets = {target.key: target for target in publication.targets}
    figures = tab.evaluate(FIGURES)
    assert figures, "the page shows no target"
    for name, chip, percent, fraction, gap, left, due in figures:
        target_id, goal_no, unit, year = name.split("/")
        key = (target_id, int(goal_no), unit)
        edition = publication.editions.get(int(year))
        figure = (edition.figures.get(key) if edition else None) or publication.figure_at[
            (*key, publication.month_of(int(year)))
        ]
        state, target = publication.state_of[figure.state], targets[key[:2]]
        expected = (
            f"{state.symbol}{state.name}",
            words.percent(figure.percent),
            words.fraction(figure),
            words.missing(figure.distance),
            f"{target.goal_text} · {target.due_on.year}" + _overdue(figure, target),
        )
        if (chip, percent, fraction, gap, due) != expected:
            wrong.append(f"{name}: {(chip, percent, fraction, gap, due)} instead of {expected}")
        if left != _left(figure, target):
            wrong.append(f"{name}: {left} instead of {_left(figure, target)}")
        if percent != words.NONE and figure.denominator is None:
            wrong.append(f"{name}: a percent without a denominator")
    for name, shown in tab.evaluate(RATES):
        metric, unit, year = name.split("/")
        quality = publication.quality_of.get((unit, year, ""))
        if shown != words.percent(getattr(quality, metric) if quality else None):
            wrong.append(f"{name}: {shown}")
    for name, shown in tab.evaluate(COUNTED):
        target_id, unit, year = name.split("/")
        figure = publication.figure_at[(target_id, 1, unit, publication.month_of(int(year)))]
        if shown != words.number(figure.numerator):
            wrong.append(f"{name}: {shown}")
    corrected = {item.name: item for item in corrections.corrections(publication) if item.name}
    told = tab.evaluate(RESTATED)
    assert len(told) == 2 * len(corrected)
    for name, shown in told:
        item, side = name.rsplit("/", 1)
        value = corrected[item].before if side == "old" else corrected[item].after
        if shown != f"{words.percent(value.percent)} {words.ratio(value.numerator, value.denominator)}":
            wrong.append(f"{name}: {shown}")
    for name, shown in tab.evaluate(SILENCE):
        unit, year = name.split("/")
        silence = publication.silence_of.get((unit, int(year)))
        if shown != " / ".join(
            words.number(value) for value in ((silence.silent_weeks, silence.attestations) if silence else (None, None))
        ):
            wrong.append(f"{name}: {shown}")
    for name, shown in tab.evaluate(MET):
        unit, year = name.split("/")
        if shown != str(views.met(publication, int(year), unit)[0]):
            wrong.append(f"{name}: {shown} met")
    return wrong


def choose(tab: Any, year: int, unit: str) -> None:
    """Use the switches of the page as a reader does."""
    tab.evaluate(f"""(() => {{ document.querySelector('[data-set-year="{year}"]').click();
        const s = document.getElementById('scope'); s.value = '{unit or "all"}'; s.dispatchEvent(new Event('change')); }})()""")


def shown_rows(tab: Any) -> list[str]:
    return tab.evaluate(SHOWN)


def expected_rows(publication: Publication, year: int, unit: str) -> list[str]:
    return [
        f"{row.target.target_id}/{row.target.goal_no}/{row.figure.unit_id}/{year}"
        for row in views.rows(publication, year, unit)
    ]
