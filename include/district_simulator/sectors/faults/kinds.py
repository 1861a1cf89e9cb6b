"""C01–C03: what must agree within a record of one kind (dates in order, figures in order, a reason given)."""

from __future__ import annotations

from datetime import date, timedelta

from district_simulator.sectors.faults.describe import SectorContext, alike, fault
from district_simulator.vocabulary.rows import Row

# rule → kind → (dates in order: earlier, later)
ORDERED = {
    "C02": {
        "breach_list": ("entered_on", "term_to"),
        "honour": ("decided_on", "valid_to"),
        "statutory_rating": ("decided_on", "valid_to"),
        "practitioner_registration": ("issued_on", "valid_to"),
        "commitment": ("made_on", "due_on"),
        "contract_performance": ("signed_on", "due_on"),
        "judgment_debtor": ("filed_on", "published_on"),
        "labour_violation": ("decision_date", "published_on"),
    },
    "C03": {
        "breach_list": ("entered_on", "removed_on"),
        "honour": ("decided_on", "removed_on"),
        "abnormal_operation": ("entered_on", "removed_on"),
        "judgment_debtor": ("published_on", "removed_on"),
    },
}
# rule → kind → date not after the reception
NOT_AFTER = {
    "C01": {
        "abnormal_operation": "entered_on",
        "breach_list": "entered_on",
        "commitment": "made_on",
        "contract_performance": "evaluated_on",
        "honour": "decided_on",
        "inspection_result": "inspected_on",
        "judgment_debtor": "published_on",
        "labour_violation": "decision_date",
        "organisation_registration": "state_on",
        "practitioner_registration": "issued_on",
        "statutory_rating": "decided_on",
    },
    "C02": {
        "aggregate_count": "denominator_on",
        "disclosure_item": "published_on",
        "social_insurance_payment": "paid_on",
    },
}
# rule → kind → (state field, its value, field that must then be filled)
REASONED = {
    "C01": {
        "disclosure_item": ("publication_state", "网上已公开", "published_on"),
        "social_insurance_payment": ("payment_state", "欠缴", "arrears_wan"),
    },
    "C02": {"inspection_result": ("result", "不合格", "findings")},
    "C03": {
        "commitment": ("fulfilment", "违诺", "breach_detail"),
        "contract_performance": ("performance", "违约", "breach_detail"),
    },
}
AT_MOST = {"C01": {"aggregate_count": ("numerator", "denominator"), "training_count": ("trained_count", "staff_count")}}
_WITH = {"published_on": {"channel": "区政府门户网站"}, "arrears_wan": {"paid_on": ""}}


def _register(rule: str) -> None:
    ordered, after = ORDERED.get(rule, {}), NOT_AFTER.get(rule, {})
    reasoned, most = REASONED.get(rule, {}), AT_MOST.get(rule, {})

    def fits(table) -> bool:
        return any(table.kind in group for group in (ordered, after, reasoned, most))

    def wrong(row: Row, ctx: SectorContext) -> None:
        kind = ctx.table.kind
        if kind in reasoned:
            right(row, ctx)
            row.put(reasoned[kind][2], "", ctx.pick("", "  "))
        elif kind in after:
            row.put(after[kind], (ctx.today + timedelta(days=ctx.pick(12, 40, 300))).isoformat())
        elif kind in ordered:
            first, second = ordered[kind]
            row.put(second, (date.fromisoformat(row.truth[first]) - timedelta(days=1 + ctx.n)).isoformat())
        else:
            part, whole = most[kind]
            if not row.truth[whole]:
                row.fix(**{whole: "60"})
            row.put(part, str(int(row.truth[whole]) + 1 + ctx.n))

    def right(row: Row, ctx: SectorContext) -> None:
        kind = ctx.table.kind
        if kind in reasoned:
            state, value, name = reasoned[kind]
            reason = {"arrears_wan": "0.5", "published_on": ctx.today.isoformat()}.get(name, "已书面说明情形")
            row.fix(**{state: value, name: reason, **_WITH.get(name, {})})
        elif kind in after:
            row.fix(**{after[kind]: ctx.today.isoformat(), **_same_day(row, after[kind], ctx)})
        elif kind in ordered:
            first, second = ordered[kind]
            row.fix(**{second: row.truth[first]})
        else:
            part, whole = most[kind]
            row.fix(**{whole: row.truth[whole] or "60"})
            row.fix(**{part: row.truth[whole]})

    wrong.__name__, right.__name__ = f"{rule.lower()}_of_the_kind", f"{rule.lower()}_just_right"
    fault(rule, fits=fits)(wrong)
    alike(rule, fits=fits)(right)


def _same_day(row: Row, name: str, ctx: SectorContext) -> dict[str, str]:
    """Other dates of a record that begins on the day it is received: later ones move with it, exits fall away."""
    moved = {n: "" for n in ("removed_on", "removal_no", "removal_reason", "fulfilment_on") if row.truth.get(n)}
    if row.truth.get("fulfilment_on"):
        moved |= {"fulfilment": "履行中", "breach_detail": ""}
    for later in ("valid_to", "term_to", "due_on", "published_on"):
        if later != name and row.truth.get(later) and row.truth[later] < ctx.today.isoformat():
            moved[later] = ctx.today.isoformat()
    return moved


for _rule in ("C01", "C02", "C03"):
    _register(_rule)
