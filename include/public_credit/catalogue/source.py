"""One YAML file of the catalogue with the line of every node, and what is wrong with it as a sentence."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ..base import plain_yaml
from ..base.files import why
from .sectors import Mistake

Model = TypeVar("Model", bound=BaseModel)
_REASONS = {
    "missing": "缺少必填项",
    "extra_forbidden": "不认识的项",
    "literal_error": "取值不在允许范围内",
    "union_tag_invalid": "不认识的渠道类型",
    "union_tag_not_found": "缺少渠道类型 type",
    "string_type": "应为文字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "list_type": "应为列表",
    "dict_type": "应为键值对",
    "date_from_datetime_parsing": "应为日期，写成 2026-03-01",
    "date_type": "应为日期，写成 2026-03-01",
    "greater_than": "数值太小",
    "greater_than_equal": "数值太小",
    "less_than_equal": "数值太大",
    "string_too_short": "内容太短",
    "string_pattern_mismatch": "格式不对",
    "too_short": "不能为空",
    "model_type": "应为键值对",
}
_REMEDIES = {
    "missing": "补上这一项",
    "extra_forbidden": "删去这一项或改正拼写；不在目录语法内的内容一律不收",
    "string_type": "数字样的文字（如代码）请加引号",
}


@dataclass(frozen=True)
class Problem:
    """One mistake in a catalogue file; ``line`` is 1-based, ``at`` the way to the place: names and, in lists, numbers."""

    file: str
    line: int
    where: str
    reason: str
    remedy: str
    at: tuple[Any, ...] = ()

    def __str__(self) -> str:
        where = f" {self.where}" if self.where else ""
        return f"{self.file} 第 {self.line} 行{where}：{self.reason}。{self.remedy}。"


class Unreadable(Exception):
    """A file that is no YAML; ``problem`` says where it ceases to be one."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


class _Lines(plain_yaml.Loader):  # type: ignore[misc]  # one of two classes, by how PyYAML was built
    """Loader that refuses a key given twice, and tells the line of a value Python cannot make (30 February)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "列表或键值对不能作项的名称", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"重复的项 {key}", key_node.start_mark)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError):
            raise yaml.constructor.ConstructorError(None, None, "没有这样的日期或数字", node.start_mark) from None


def _no_yaml(name: str, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
    said = getattr(error, "problem", None) or ""
    reason = "不是有效的 YAML" if said.isascii() else said  # the library's own words are not for our readers
    return Problem(name, line, "", reason, "检查缩进、冒号和引号")


class File:
    """One YAML file with the line of every node."""

    def __init__(self, name: str, text: str):
        """``name``: what messages call it. Raises Unreadable."""
        self.name, self.text = name, text
        try:
            loader = _Lines(text)
            try:
                self.node = loader.get_single_node()
                self.content: Any = loader.construct_document(self.node) if self.node is not None else None
            finally:
                loader.dispose()
        except yaml.YAMLError as error:
            raise Unreadable(_no_yaml(name, text, error)) from None
        except RecursionError:
            raise Unreadable(Problem(name, 1, "", "层次太深", "参照其他同类文件书写")) from None

    def line(self, location: tuple[Any, ...]) -> int:
        """Line of the deepest node on the way to ``location`` that the file has."""
        node, line = self.node, 1
        for step in location:
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == str(step):
                        node, line = value, key.start_mark.line + 1
                        break
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
        return line

    def problem(self, location: tuple[Any, ...], reason: str, remedy: str) -> Problem:
        """A mistake at a place in the file."""
        where = ".".join(str(step) for step in location)
        return Problem(self.name, self.line(location), where, reason, remedy, location)

    def problems(self, mistakes: Iterable[Mistake], at: tuple[Any, ...] = ()) -> list[Problem]:
        """Mistakes at places below ``at``."""
        return [self.problem((*at, *location), reason, remedy) for location, reason, remedy in mistakes]


def parse(
    file: File, model: type[Model], content: Any, problems: list[Problem], at: tuple[Any, ...] = ()
) -> Model | None:
    """The content as a model; None where it is none, with what is wrong and its line among ``problems``."""
    if not isinstance(content, dict):
        problems.append(file.problem(at, "应为键值对", "参照其他同类文件书写"))
        return None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False, include_context=False):
            location = at + tuple(
                step
                for step in item["loc"]
                if step not in ("http_api", "sftp", "drop_folder", "exchange_db", "hand_in")
            )
            kind = item["type"]
            reason = (
                item["msg"].removeprefix("Value error, ") if kind == "value_error" else _REASONS.get(kind, item["msg"])
            )
            problems.append(file.problem(location, reason, _REMEDIES.get(kind, "按目录说明改正")))
        return None


def opened(path: Path, root: Path, problems: list[Problem]) -> File | None:
    """A file of the folder ``root``; None where it cannot be read as YAML, with the reason among ``problems``."""
    name = path.relative_to(root).as_posix()
    try:
        content = path.read_bytes()
        return File(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(Problem(name, line, "", "不是 UTF-8 编码", "用 UTF-8 编码另存"))
    except OSError as error:
        reason = f"文件读不了（{why(error)}）"
        problems.append(Problem(name, 1, "", reason, "检查文件是否存在、是否有读取权限"))
    except Unreadable as error:
        problems.append(error.problem)
    return None


def files(root: Path, folder: str = "") -> list[Path]:
    """The YAML files of a folder below ``root`` by name; what an editor hides beside them is none."""
    return [path for path in sorted((root / folder).glob("*.y*ml")) if not path.name.startswith(".")]
