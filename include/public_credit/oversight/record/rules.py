"""Every rule about a row with what it saw there; what the gate found about the whole batch; the waivers it was judged under."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...catalogue.models import Kind
from ...land.rules import RowRule, load_ruleset
from ...land.rules.model import CROSS_RECORD
from ...papers.record.model import PASSED, Gate, Rule, Waived
from .rows import Row

_ASKS = {"error": "违反则退回", "warning": "违反则提醒", "refuse": "属于则拒收"}
_SEVERITY = {"critical": "不通过则扣留", "warning": "不通过则提醒"}
_REQUIRED = "required"  # the check that looks at blank fields (``land.rules.checks.subject``)
_LONGEST = 60  # characters of a value that are shown beside a rule
_VERDICTS = """
    select rule_id, severity, detail from ledger.row_verdict
    where batch_seq = :seq and attempt = :attempt and row_no = :row order by rule_id"""
_RESULTS = """
    select expectation_id, title, severity, success, observed, remedy, clause from ledger.gate_result
    where batch_seq = :seq and attempt = :attempt order by success, expectation_id"""
# Those that were in force on the day the batch was judged, also where one was revoked later.
_WAIVERS = """
    select id, expectation_id as check, reason, owner, granted_by, expires_on, revoked_on from ledger.waiver
    where dataset_id = :dataset and (batch_seq is null or batch_seq = :seq) and granted_at <= :judged
      and expires_on >= :on and (revoked_on is null or revoked_on > :on) order by id"""


def of(opened: Session, kind: Kind, row: Row, waived: tuple[Waived, ...]) -> tuple[tuple[Rule, ...], str]:
    """The rules of a row, those that found something first; and a note where the rules have changed since it was landed."""
    place = {"seq": row.batch_seq, "attempt": row.attempt, "row": row.row_no}
    cross = {found.rule_id: found for found in opened.execute(text(_VERDICTS), place)}
    ruleset = load_ruleset(kind.id)
    by_check = {item.check: item.id for item in waived}
    told = [_told(rule, kind, row, cross, by_check) for rule in ruleset.row_rules]
    known = {rule.id for rule in ruleset.row_rules}
    for code in [*row.errors, *row.warnings, *(name for name in cross if name not in row.errors)]:
        if code not in known:
            known.add(code)
            word = "错误" if code in row.errors or code in cross and cross[code].severity == "error" else "提醒"
            told.append(Rule(code, "入库", "规则已停用", "", "", "", word, "bad" if word == "错误" else "warn", ""))
    order = {"bad": 0, "warn": 1, "calm": 2, "good": 3}
    note = (
        ""
        if row.rules_version == ruleset.version
        else f"规则文件在入库之后改过（入库时 {row.rules_version}，现行 {ruleset.version}）：结论是入库时作出的，题名和依据按现行规则。"
    )
    return tuple(sorted(told, key=lambda rule: order[rule.tone])), note


def _told(rule: RowRule, kind: Kind, row: Row, cross: Mapping[str, Any], waived: Mapping[str, int]) -> Rule:
    across = rule.check == CROSS_RECORD
    verdict, tone, saw = PASSED, "good", _saw(rule, kind, row)
    if rule.id in row.errors or rule.id in cross and cross[rule.id].severity == "error":
        verdict, tone = ("豁免", "warn") if rule.id in waived and row.accepted else ("错误", "bad")
    elif rule.id in row.warnings or rule.id in cross:
        verdict, tone = "提醒", "warn"
    elif across and not row.cross_checked:
        verdict, tone = "未裁决", "calm"
    if rule.id in cross and cross[rule.id].detail not in ("", rule.title):
        saw = f"{saw}；{cross[rule.id].detail}" if saw else cross[rule.id].detail
    return Rule(
        id=rule.id,
        stage="关卡（跨记录）" if across else "入库（逐行）",
        title=rule.title,
        clause=rule.clause,
        asks=_ASKS[rule.severity],
        saw=saw,
        verdict=verdict,
        tone=tone,
        remedy="" if tone == "good" else rule.remedy,
        waived_by=waived.get(rule.id) if verdict == "豁免" else None,
    )


def _saw(rule: RowRule, kind: Kind, row: Row) -> str:
    """The values a rule looked at, by title; of required fields the blank ones."""
    if any(condition.check == _REQUIRED for condition in rule.conditions):
        asked = [name for name in kind.variants[row.variant] if kind.fields[name].required == "yes"]
        blank = [kind.fields[name].title for name in asked if not row.values.get(name)]
        return f"{len(asked)} 个必填项" + (f"，空：{'、'.join(blank)}" if blank else "均已填写")
    names = [name for name in dict.fromkeys([*rule.fields, *_named(rule, kind)]) if name in row.values]
    return "；".join(f"{kind.fields[name].title}：{_short(row.values[name])}" for name in names if name in kind.fields)


def _named(rule: RowRule, kind: Kind) -> Iterator[str]:
    """Fields that the parameters of a rule's checks name, however deep."""
    left: list[Any] = [condition.params for condition in rule.conditions]
    while left:
        one = left.pop(0)
        if isinstance(one, str) and one in kind.fields:
            yield one
        elif isinstance(one, Mapping):
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            left.extend(one)


def _short(value: str) -> str:
    return (value[: _LONGEST - 1] + "…") if len(value) > _LONGEST else value or "（空）"


def results(opened: Session, batch_seq: int, attempt: int) -> tuple[Gate, ...]:
    """What was expected of the whole batch, failures first."""
    found = opened.execute(text(_RESULTS), {"seq": batch_seq, "attempt": attempt})
    return tuple(
        Gate(
            row.expectation_id,
            row.title,
            _SEVERITY.get(row.severity, row.severity),
            row.success,
            _observed(row.observed),
            row.remedy,
            row.clause,
        )
        for row in found
    )


def _observed(observed: Mapping[str, Any]) -> str:
    """The value that was seen, and the bounds it was held against."""
    value = observed.get("value")
    shown = "没有数值" if value is None else f"{value:,.4g}" if isinstance(value, float) else str(value)
    bounds = [
        f"{word} {observed[name]:g}"
        for name, word in (("min", "不小于"), ("max", "不大于"))
        if observed.get(name) is not None
    ]
    return f"{shown}（应{'，'.join(bounds)}）" if bounds else shown


def waivers(opened: Session, batch: Mapping[str, Any]) -> tuple[Waived, ...]:
    """The waivers a batch was judged under; none while it was not judged."""
    if batch["gated_at"] is None:
        return ()
    asked = {
        "dataset": batch["dataset_id"],
        "seq": batch["seq"],
        "judged": batch["gated_at"],
        "on": batch["gated_on"] or batch["business_date"],
    }
    return tuple(Waived(**row) for row in opened.execute(text(_WAIVERS), asked).mappings())


def refused(kind: Kind, rule_id: str) -> Rule:
    """The rule under which a row was turned away."""
    rule = load_ruleset(kind.id).row_rule(rule_id)
    title, clause, remedy = (rule.title, rule.clause, rule.remedy) if rule else ("规则已停用", "", "")
    return Rule(rule_id, "入库（逐行）", title, clause, _ASKS["refuse"], "内容未保存", "拒收", "bad", remedy)
