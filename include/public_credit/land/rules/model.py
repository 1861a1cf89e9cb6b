"""The grammar of ``expectations/<kind>.yml``: row rules and batch rules (pydantic, strict)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...base import plain_yaml, settings
from ...base.messages import UserError

Owner = Literal["department", "data_engineer"]
BATCH_COLUMNS = frozenset(
    {
        "rows_in",
        "landed",
        "refused",
        "records",
        "accepted",
        "quarantined",
        "duplicate",
        "error_share",
        "duplicate_share",
        "unknown_code_share",
        "ragged_share",
        "rows_against_last_good",
        "in_force",
        "kept",
        "added",
        "ended",
        "kept_share",
        "growth",
        "days_since_newest_event",
        "doubts",
    }
)


CROSS_RECORD = "cross_record"  # judged set-based after landing, see gate.cross_record
Finding = Literal["registry_name_differs", "registry_lacks_code", "decision_repeated", "decision_unknown"]
Fed = Literal["unknown_code_share", "ragged_share"]


class Strict(BaseModel):
    """Base of the rules' models: unknown keys are refused, nothing is changed once read, errors hold no value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)


class Condition(Strict):
    """One condition of a row rule: a named check (``rules/checks``) and its parameters."""

    check: str
    params: dict[str, Any] = Field(default={}, alias="with")


class RowRule(Strict):
    """One rule about a row: condition (or ``any`` of several), columns shown, who mends it and how.

    ``feeds``: the share of a batch that the marked rows make up.
    """

    id: str = Field(pattern=r"^[A-Z][0-9]{2}W?$")
    title: str = Field(min_length=2)
    check: str | None = None
    params: dict[str, Any] = Field(default={}, alias="with")
    any: list[Condition] = []
    fields: list[str] = []
    feeds: Fed | None = None
    severity: Literal["error", "warning", "refuse"]
    owner: Owner
    remedy: str = Field(min_length=2)
    clause: str = Field(min_length=2)

    @model_validator(mode="after")
    def _one_form(self) -> RowRule:
        if (self.check is None) == (not self.any):
            raise ValueError("一条规则写 check，或写 any（若干条件之一），不能都写或都不写")
        if self.any and self.params:
            raise ValueError("写了 any 的规则，参数 with 写在各条件里")
        if self.check == CROSS_RECORD:
            if list(self.params) != ["finds"] or self.params["finds"] not in get_args(Finding):
                raise ValueError(f"cross_record 的参数写 finds，取值为 {'、'.join(get_args(Finding))} 之一")
            if self.severity == "refuse" or self.feeds:
                raise ValueError("cross_record 的规则不能拒收（refuse），也不能写 feeds")
        return self

    @property
    def conditions(self) -> list[Condition]:
        """The conditions of which any marks a row; one where the rule names a single check."""
        return self.any or [Condition(check=self.check or "", params=self.params)]


class BatchRule(Strict):
    """One expectation about a batch: bounds on a column of the batch's aggregates (``gate/profile.py``, ``gate/in_force.py``).

    ``min`` and ``max`` may name a setting of the dataset (``dataset.floor``); ``when`` tells to which batches it
    applies: ``delivery_mode`` one of a list, ``<column>_min`` a number.
    """

    id: str = Field(pattern=r"^B[0-9]{2}$")
    title: str = Field(min_length=2)
    check: Literal["between", "not_null", "fill_rate"]
    column: str | None = None
    fields: list[str] = []
    min: float | Literal["dataset.floor", "dataset.shrink_floor", "dataset.overlap_floor"] | None = None
    max: float | Literal["dataset.growth_ceiling"] | None = None
    when: dict[str, Any] = {}
    severity: Literal["critical", "warning"]
    owner: Owner
    remedy: str = Field(min_length=2)
    clause: str = Field(min_length=2)

    @model_validator(mode="after")
    def _computable(self) -> BatchRule:
        if self.check == "fill_rate":
            if not self.fields or self.column:
                raise ValueError("fill_rate 写 fields，不写 column")
        elif self.column not in BATCH_COLUMNS:
            raise ValueError(f"column 只能是 {'、'.join(sorted(BATCH_COLUMNS))}")
        if self.check != "not_null" and self.min is None and self.max is None:
            raise ValueError("至少写 min 或 max 之一")
        for key, value in self.when.items():
            if key == "delivery_mode":
                if not set(value) <= {"events", "changes", "full_snapshot"}:
                    raise ValueError("when.delivery_mode 是报送方式的列表")
            elif key.removesuffix("_min") not in BATCH_COLUMNS or not key.endswith("_min"):
                raise ValueError(f"when 中的条件 {key} 不存在")
        return self


class RuleSet(Strict):
    """All rules of one record kind; ``version`` is a hash of the file."""

    kind: str
    row_rules: list[RowRule]
    batch_rules: list[BatchRule]
    version: str

    @property
    def filled_fields(self) -> set[str]:
        """Fields whose fill rate a batch rule looks at."""
        columns = {
            rule.column.removeprefix("fill_rate__")
            for rule in self.batch_rules
            if rule.column and rule.column.startswith("fill_rate__")
        }
        return columns.union(*(rule.fields for rule in self.batch_rules))

    def row_rule(self, rule_id: str) -> RowRule | None:
        """The row rule of an id, None when there is none."""
        return next((rule for rule in self.row_rules if rule.id == rule_id), None)

    @property
    def findings(self) -> dict[str, RowRule]:
        """What the gate looks for across records, and the rule it books for it."""
        return {rule.params["finds"]: rule for rule in self.row_rules if rule.check == CROSS_RECORD}

    def feeding(self, share: Fed) -> set[str]:
        """Ids of the rules whose rows make up a share of the batch."""
        return {rule.id for rule in self.row_rules if rule.feeds == share}


@lru_cache(maxsize=32)
def _read(path: Path, _mtime_ns: int) -> RuleSet:
    raw = path.read_bytes()
    advice = "参照其他规则文件改正。"
    try:
        content = plain_yaml.load(raw) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "某处"
        raise UserError(f"规则文件 {path.name} {where}不是正确的 YAML。", remedy=advice) from None
    if not isinstance(content, dict):
        raise UserError(f"规则文件 {path.name} 应是键值结构（kind、row_rules、batch_rules）。", remedy=advice)
    try:
        ruleset = RuleSet.model_validate(content | {"version": hashlib.sha256(raw).hexdigest()[:12]})
    except ValidationError as error:
        places = "；".join(
            f"{_place(content, item['loc'])}：{item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise UserError(f"规则文件 {path.name} 有误：{places}。", remedy=advice) from None
    if ruleset.kind != path.stem:
        raise UserError(f"规则文件 {path.name} 的 kind 是 {ruleset.kind}，与文件名不符。", remedy=advice)
    seen: set[str] = set()
    rules: list[RowRule | BatchRule] = [*ruleset.row_rules, *ruleset.batch_rules]
    for rule in rules:
        if rule.id in seen:
            raise UserError(f"规则文件 {path.name} 中规则编号 {rule.id} 重复。", remedy="换一个编号。")
        seen.add(rule.id)
    return ruleset


def _place(content: dict[str, Any], location: tuple[int | str, ...]) -> str:
    """Where a mistake is, with the rule's own id instead of its position."""
    if len(location) > 1 and isinstance(location[1], int):
        rule = content[str(location[0])][location[1]]
        name = rule.get("id") if isinstance(rule, dict) else None
        return ".".join(map(str, (name or f"{location[0]} 第 {location[1] + 1} 条", *location[2:])))
    return ".".join(map(str, location))


def load_ruleset(kind_id: str, folder: Path | None = None) -> RuleSet:
    """The rules of one kind. Raises UserError naming file and place of a mistake."""
    path = (folder or Path(settings.checkout() / "expectations")) / f"{kind_id}.yml"
    if not path.exists():
        raise UserError(f"缺少规则文件 expectations/{path.name}。", remedy="为该记录类型建立规则文件。", code=3)
    return _read(path, path.stat().st_mtime_ns)
