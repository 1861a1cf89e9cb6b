"""Read the YAML files of the product's catalogue and of the district; every mistake names file, line and remedy.

The product's folder holds kinds, code lists, sectors and limits; the district's its departments, receivers and ``district.yml``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ..base import plain_yaml, settings
from ..base.messages import UserError
from .district import NOWHERE, District, check_district
from .models import CodeList, Dataset, Forbidden, Kind, Receiver, Unit
from .sectors import Mistake, Refused, Sector, check_dataset, check_refused, check_sectors

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
    """One mistake in a catalogue file; ``line`` is 1-based."""

    file: str
    line: int
    where: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file} 第 {self.line} 行 {self.where}：{self.reason}。{self.remedy}。"


class CatalogueError(UserError):
    """The catalogue has mistakes; nothing is collected until they are mended."""

    def __init__(self, problems: list[Problem]):
        super().__init__(
            f"目录有 {len(problems)} 处错误：\n" + "\n".join(map(str, problems)),
            remedy="改正后运行 public-credit catalogue check。",
        )
        self.problems = problems


@dataclass(frozen=True)
class Catalogue:
    """Everything the catalogue names."""

    kinds: dict[str, Kind]
    units: dict[str, Unit]
    receivers: dict[str, Receiver]
    forbidden: Forbidden
    version: str
    district: District = NOWHERE
    datasets: dict[str, Dataset] = field(default_factory=dict)
    sectors: dict[str, Sector] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)

    def refusal(self, text: str) -> str | None:
        """Id of the entry of ``refused.yml`` that a dataset's id, a title or a file name speaks of."""
        if text in self.refused:
            return text
        return next((name for name, entry in self.refused.items() if entry.speaks_of(text)), None)

    @property
    def supplier_usccs(self) -> frozenset[str]:
        """Codes that may stand as authority or source unit (rule R15)."""
        return frozenset(
            {unit.uscc for unit in self.units.values()} | {item.uscc for item in self.district.authorities}
        )

    def receiver(self, receiver_id: str) -> Receiver:
        """A receiver of the district. Raises UserError (code 3) when it has none of this id."""
        if receiver_id not in self.receivers:
            raise UserError(
                f"没有接收方 {receiver_id}。", remedy="在辖区文件夹的 receivers 中补上，并设置 PCW_DISTRICT。", code=3
            )
        return self.receivers[receiver_id]


def default_root() -> Path:
    """The product's own catalogue, ``include/catalogue`` of the checkout."""
    return settings.checkout() / "include" / "catalogue"


class _Lines(plain_yaml.Loader):  # type: ignore[misc]  # one of two classes, by how PyYAML was built
    """Loader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"重复的项 {key}", key_node.start_mark)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


class _File:
    """One YAML file with the line of every node."""

    def __init__(self, path: Path, root: Path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        loader = _Lines(self.text)
        try:
            self.node = loader.get_single_node()
            self.content: Any = loader.construct_document(self.node) if self.node is not None else None
        finally:
            loader.dispose()

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
        where = ".".join(str(step) for step in location)
        return Problem(self.name, self.line(location), where, reason, remedy)

    def problems(self, mistakes: Iterable[Mistake], at: tuple[Any, ...] = ()) -> list[Problem]:
        return [self.problem((*at, *location), reason, remedy) for location, reason, remedy in mistakes]


def _parse(
    file: _File, model: type[Model], content: Any, problems: list[Problem], at: tuple[Any, ...] = ()
) -> Model | None:
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


def _no_yaml(name: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or "不是有效的 YAML"
    return Problem(name, mark.line + 1 if mark else 1, "", reason, "检查缩进、冒号和引号")


def _files(root: Path | None, folder: str, problems: list[Problem]) -> Iterator[_File]:
    if root is None:
        return
    for path in sorted((root / folder).glob("*.y*ml")):
        try:
            yield _File(path, root)
        except yaml.YAMLError as error:
            problems.append(_no_yaml(path.relative_to(root).as_posix(), error))


def _kind(file: _File, code_lists: dict[str, Any], problems: list[Problem]) -> Kind | None:
    content = dict(file.content or {})
    fields = content.get("fields")
    if isinstance(fields, dict):
        content["fields"] = {
            name: ({"name": name} | spec if isinstance(spec, dict) else spec) for name, spec in fields.items()
        }
        used = {spec.get("code_list") for spec in fields.values() if isinstance(spec, dict)}
        content["code_lists"] = {name: spec for name, spec in code_lists.items() if name in used}
    return _parse(file, Kind, content, problems)


def _unit(
    file: _File, kinds: dict[str, Kind], forbidden: Forbidden, refused: dict[str, Refused], problems: list[Problem]
) -> Unit | None:
    content = dict(file.content or {})
    datasets = content.get("datasets")
    unit_id = content.get("id")
    if isinstance(datasets, list):
        content["datasets"] = [({"unit": unit_id} | item if isinstance(item, dict) else item) for item in datasets]
    unit = _parse(file, Unit, content, problems)
    if unit is None:
        return None
    for index, dataset in enumerate(unit.datasets):
        at = ("datasets", index)
        if not dataset.id.startswith(f"{unit.id}."):
            problems.append(
                file.problem((*at, "id"), f"数据集编号 {dataset.id} 应以 {unit.id}. 开头", "改为 单位编号.数据集")
            )
        kind = kinds.get(dataset.kind)
        if kind is None:
            problems.append(
                file.problem((*at, "kind"), f"没有记录类型 {dataset.kind}", "可用的类型：" + "、".join(sorted(kinds)))
            )
            continue
        if dataset.variant not in kind.variants:
            problems.append(
                file.problem(
                    (*at, "variant"),
                    f"{kind.title}没有变体 {dataset.variant}",
                    "可用的变体：" + "、".join(kind.variants),
                )
            )
            continue
        unknown = set(dataset.field_exceptions.values()) - set(kind.variants[dataset.variant])
        if unknown:
            problems.append(
                file.problem(
                    (*at, "field_exceptions"), f"字段不存在：{'、'.join(sorted(unknown))}", "右边写本类型的字段英文名"
                )
            )
        if dataset.delivery_mode == "full_snapshot" and not kind.rosters:
            problems.append(
                file.problem(
                    (*at, "delivery_mode"),
                    f"{kind.title}不是名录，不能按全量报送",
                    "写 events 或 changes（新增与变更）",
                )
            )
        problems += file.problems(check_dataset(dataset, refused), at)
        for header in dataset.field_exceptions:
            for limit in forbidden.columns:
                if any(word in header for word in limit.words):
                    problems.append(
                        file.problem(
                            (*at, "field_exceptions", header), f"该列依法不得归集（{limit.reason}）", "删去这一列"
                        )
                    )
    return unit


def _single(root: Path, name: str, problems: list[Problem]) -> _File:
    try:
        return _File(root / name, root)
    except (yaml.YAMLError, FileNotFoundError) as error:
        missing = Problem(name, 1, "", f"{root} 中缺少该文件", "恢复该文件，或改正文件夹")
        problems.append(_no_yaml(name, error) if isinstance(error, yaml.YAMLError) else missing)
        raise CatalogueError(problems) from error


def _entries(file: _File, model: type[Model], problems: list[Problem]) -> dict[str, Model]:
    """The entries of a file that maps ids to entries; mistakes carry the line of the entry."""
    if not isinstance(file.content, dict):
        problems.append(file.problem((), "文件应为键值对", "参照其他同类文件书写"))
        return {}
    parsed = {name: _parse(file, model, content, problems, (name,)) for name, content in file.content.items()}
    return {name: entry for name, entry in parsed.items() if entry}


def _district(folder: Path | None, problems: list[Problem]) -> tuple[_File | None, District]:
    if folder is None:
        return None, NOWHERE
    file = _single(folder, "district.yml", problems)
    return file, _parse(file, District, file.content, problems) or NOWHERE


def read(root: Path, folder: Path | None) -> tuple[Catalogue, list[Problem]]:
    """The catalogue of a product's and a district's folder as far as it can be read, and every mistake found on the way."""
    problems: list[Problem] = []
    code_lists = _single(root, "code_lists.yml", problems)
    for spec in (code_lists.content or {}).values():
        _parse(code_lists, CodeList, spec, problems)
    limits = _single(root, "forbidden.yml", problems)
    forbidden = _parse(limits, Forbidden, limits.content, problems) or Forbidden(columns=[])
    district_file, district = _district(folder, problems)
    sector_file, refused_file = _single(root, "sectors.yml", problems), _single(root, "refused.yml", problems)
    sectors, refused = _entries(sector_file, Sector, problems), _entries(refused_file, Refused, problems)

    kinds: dict[str, Kind] = {}
    for file in _files(root, "kinds", problems):
        if kind := _kind(file, code_lists.content, problems):
            kinds[kind.id] = kind
    units: dict[str, Unit] = {}
    datasets: dict[str, Dataset] = {}
    for file in _files(folder, "departments", problems):
        unit = _unit(file, kinds, forbidden, refused, problems)
        if unit is None:
            continue
        if unit.id in units:
            problems.append(file.problem(("id",), f"单位编号 {unit.id} 重复", "换一个编号"))
        if other := next((known.name for known in units.values() if known.uscc == unit.uscc), ""):
            problems.append(file.problem(("uscc",), f"统一社会信用代码与{other}的相同", "核对两个单位的代码"))
        units[unit.id] = unit
        for index, dataset in enumerate(unit.datasets):
            if dataset.id in datasets:
                problems.append(file.problem(("datasets", index, "id"), f"数据集编号 {dataset.id} 重复", "换一个编号"))
            datasets[dataset.id] = dataset
    problems += sector_file.problems(check_sectors(sectors))
    problems += refused_file.problems(check_refused(refused, datasets))
    if district_file:
        problems += district_file.problems(check_district(district, units, datasets, refused))
    receivers: dict[str, Receiver] = {}
    for file in _files(folder, "receivers", problems):
        receiver = _parse(file, Receiver, file.content, problems)
        if receiver is None:
            continue
        for name, interface in receiver.interfaces.items():
            if interface.kind not in kinds or interface.variant not in kinds[interface.kind].variants:
                problems.append(
                    file.problem(("interfaces", name), "记录类型或变体不存在", "改为目录中已有的类型和变体")
                )
        receivers[receiver.id] = receiver
    digest = hashlib.sha256()
    for place in filter(None, (root, folder)):
        for path in sorted(place.rglob("*.y*ml")):
            digest.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    catalogue = Catalogue(
        kinds, units, receivers, forbidden, digest.hexdigest()[:12], district, datasets, sectors, refused
    )
    return catalogue, problems


@lru_cache(maxsize=4)
def _load(root: Path, folder: Path | None, stamp: tuple[tuple[str, int], ...]) -> Catalogue:
    catalogue, problems = read(root, folder)
    if problems:
        raise CatalogueError(problems)
    return catalogue


def load_catalogue() -> Catalogue:
    """The catalogue, checked; read again when a file changed. Raises CatalogueError, UserError for a district that is none."""
    root, folder = default_root(), settings.district_folder()
    paths = [path for place in (root, folder) if place for path in place.rglob("*.y*ml")]
    return _load(root, folder, tuple(sorted((path.as_posix(), path.stat().st_mtime_ns) for path in paths)))


def dataset_of(batch_seq: int, dataset_id: str) -> Dataset:
    """The dataset of a batch. Raises UserError (code 3) when it has left the catalogue: the batch waits as it is."""
    dataset = load_catalogue().datasets.get(dataset_id)
    if dataset is None:
        raise UserError(
            f"批次 {batch_seq} 的数据集 {dataset_id} 已不在目录内。",
            remedy=f"恢复目录中的数据集，或运行 public-credit batches set-aside {batch_seq} --reason “……”。",
            code=3,
        )
    return dataset
