"""The grammar of ``expectations/<kind>.yml``: row rules and batch rules (pydantic, strict)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .. import settings
from ..messages import UserError


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RowRule(Strict):
    """One rule about a row: which check with which parameters, who mends it and how."""

    id: str
    title: str
    check: str
    params: dict[str, Any] = Field(default={}, alias="with")
    fields: list[str] = []
    severity: Literal["error", "warning", "refuse"]
    owner: Literal["department", "data_engineer"] = "department"
    remedy: str
    clause: str


class BatchRule(Strict):
    """One expectation about a batch: a bound on a column of the batch's aggregates."""

    id: str
    title: str
    check: Literal["between", "not_null", "fill_rate"]
    column: str | None = None
    fields: list[str] = []
    min: float | str | None = None
    max: float | str | None = None
    when: dict[str, Any] = {}
    severity: Literal["critical", "warning"]
    owner: Literal["department", "data_engineer"] = "department"
    remedy: str
    clause: str


class RuleSet(Strict):
    """All rules of one record kind; ``version`` is a hash of the file."""

    kind: str
    row_rules: list[RowRule]
    batch_rules: list[BatchRule]
    version: str


@lru_cache(maxsize=32)
def _read(path: Path, mtime_ns: int) -> RuleSet:
    raw = path.read_bytes()
    content = yaml.safe_load(raw) or {}
    try:
        ruleset = RuleSet.model_validate(content | {"version": hashlib.sha256(raw).hexdigest()[:12]})
    except ValidationError as error:
        places = "；".join(".".join(map(str, item["loc"])) + " " + item["msg"]
                          for item in error.errors(include_input=False, include_url=False, include_context=False))
        raise UserError(f"规则文件 {path.name} 有误：{places}。", remedy="参照其他规则文件改正。") from None
    seen: set[str] = set()
    for rule in (*ruleset.row_rules, *ruleset.batch_rules):
        if rule.id in seen:
            raise UserError(f"规则文件 {path.name} 中规则编号 {rule.id} 重复。", remedy="换一个编号。")
        seen.add(rule.id)
    return ruleset


def load_ruleset(kind_id: str, folder: Path | None = None) -> RuleSet:
    """The rules of one kind. Raises UserError naming file and place of a mistake."""
    path = (folder or Path(settings.checkout() / "expectations")) / f"{kind_id}.yml"
    if not path.exists():
        raise UserError(f"缺少规则文件 expectations/{path.name}。", remedy="为该记录类型建立规则文件。", code=3)
    return _read(path, path.stat().st_mtime_ns)
