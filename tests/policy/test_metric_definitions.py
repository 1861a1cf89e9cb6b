"""One definition per metric: the page, the documents and the assessment say what the seed says."""

from __future__ import annotations

from public_credit.base import settings
from public_credit.papers.leadership.model import RATES
from public_credit.policy import seeds

DEFINED = {row["metric"]: row for row in seeds.seed("metric_definition", "targets")}


def test_the_document_gives_numerator_and_denominator_as_the_seed_does() -> None:
    text = (settings.checkout() / "docs" / "targets.md").read_text(encoding="utf-8")
    columns = ("title", "numerator", "denominator", "exclusions", "clause")
    rates = [row for row in DEFINED.values() if row["numerator"]]
    assert len(rates) > 8
    for row in rates:
        assert "| " + " | ".join(row[name] or "—" for name in columns) + " |\n" in text, row["metric"]


def test_every_rate_of_the_page_and_of_the_assessment_has_its_definition() -> None:
    for metric in RATES:
        assert DEFINED[metric]["denominator"] and "领导页" in DEFINED[metric]["pages"], metric
    for rule in seeds.seed("supervision_rule", "targets"):
        assert DEFINED[rule["figure"]]["clause"], rule["item"]


def test_every_definition_has_its_version_and_day() -> None:
    assert all(row["version"].isdigit() and row["valid_from"] for row in DEFINED.values())
