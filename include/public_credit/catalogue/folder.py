"""A district's folder: ``district.yml``, departments, receivers; a file with a mistake is left out and nothing else.

What a file said when it was good last stays in force for what is there already – titles, names, disclosure, who may stand in a
record –, as far as it is remembered (``remembered``); nothing new is collected by it (docs/decisions/0058-a-broken-file-leaves-its-unit-out.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .district import NOWHERE, District, check_district
from .models import Dataset, Receiver, Unit
from .product import Product
from .sectors import check_dataset
from .source import File, Problem, Unreadable, files, opened, parse
from .users import NAME as USERS
from .users import Account, read_users


@dataclass
class Folder:
    """What a district's folder says.

    ``left_out``: file → its mistakes; ``stale``: unit → its file, of units that are in force as their file was when it was good
    last; ``good``: file → text, of the files that may be remembered.
    """

    district: District = NOWHERE
    units: dict[str, Unit] = field(default_factory=dict)
    receivers: dict[str, Receiver] = field(default_factory=dict)
    users: dict[str, Account] = field(default_factory=dict)
    left_out: dict[str, list[Problem]] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)
    good: dict[str, str] = field(default_factory=dict)

    @property
    def datasets(self) -> dict[str, Dataset]:
        """All datasets by id, in the order of their units."""
        return {dataset.id: dataset for unit in self.units.values() for dataset in unit.datasets}


def _unit(file: File, product: Product, problems: list[Problem]) -> Unit | None:
    """The unit of a file; None with anything wrong in it, which is added to ``problems``."""
    content, before = file.content, len(problems)
    if isinstance(content, dict) and isinstance(content.get("datasets"), list):
        unit_id = content.get("id")
        content = content | {
            "datasets": [({"unit": unit_id} | item if isinstance(item, dict) else item) for item in content["datasets"]]
        }
    unit = parse(file, Unit, content, problems)
    if unit is None:
        return None
    kinds = product.kinds
    for index, dataset in enumerate(unit.datasets):
        at = ("datasets", index)
        if not dataset.id.startswith(f"{unit.id}."):
            problems.append(
                file.problem((*at, "id"), f"数据集编号 {dataset.id} 应以 {unit.id}. 开头", "改为 单位编号.数据集")
            )
        if dataset.unit != unit.id:
            problems.append(file.problem((*at, "unit"), f"数据集的单位不是 {unit.id}", "删去这一项"))
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
        problems += file.problems(check_dataset(dataset, product.refused), at)
        for header in dataset.field_exceptions:
            for limit in product.forbidden.columns:
                if any(word in header for word in limit.words):
                    problems.append(
                        file.problem(
                            (*at, "field_exceptions", header), f"该列依法不得归集（{limit.reason}）", "删去这一列"
                        )
                    )
        if any(dataset.id == other.id for other in unit.datasets[:index]):
            problems.append(file.problem((*at, "id"), f"数据集编号 {dataset.id} 重复", "换一个编号"))
    return None if len(problems) > before else unit


def _clashes(file: File, unit: Unit, others: Iterable[Unit]) -> Iterator[Problem]:
    """What a unit has that another one has already; datasets are theirs by the unit's id in their own."""
    for other in others:
        if other.id == unit.id:
            yield file.problem(("id",), f"单位编号 {unit.id} 重复", "换一个编号")
        if other.uscc == unit.uscc:
            yield file.problem(("uscc",), f"统一社会信用代码与{other.name}的相同", "核对两个单位的代码")


def _departments(folder: Path, product: Product, remembered: Mapping[str, str], found: Folder) -> None:
    """Units by file; of two that clash the one stays whose file has not changed since it was remembered, else the first."""

    def changed(path: Path) -> bool:
        text = remembered.get(path.relative_to(folder).as_posix())
        return text is None or not path.is_file() or text.encode() != path.read_bytes()

    taken: dict[str, Unit] = {}
    for path in sorted(files(folder, "departments"), key=lambda path: (changed(path), path)):
        name, problems = path.relative_to(folder).as_posix(), list[Problem]()
        file = opened(path, folder, problems)
        unit = _unit(file, product, problems) if file else None
        if file and unit:
            problems += _clashes(file, unit, taken.values())
        if file and unit and not problems:
            taken[name], found.good[name] = unit, file.text
        else:
            found.left_out[name] = problems
    for name in sorted(found.left_out.keys() & remembered.keys()):
        last = _last(name, remembered)
        unit = _unit(last, product, []) if last else None
        if last and unit and not any(_clashes(last, unit, taken.values())):
            taken[name], found.stale[unit.id] = unit, name
    found.units = {taken[name].id: taken[name] for name in sorted(taken)}


def _last(name: str, remembered: Mapping[str, str]) -> File | None:
    """A file as it was when it was good last, None where it is not remembered."""
    try:
        return File(name, remembered[name]) if name in remembered else None
    except Unreadable:  # by a later version of the product
        return None


def _receivers(folder: Path, product: Product, found: Folder) -> None:
    for path in files(folder, "receivers"):
        name, problems = path.relative_to(folder).as_posix(), list[Problem]()
        file = opened(path, folder, problems)
        receiver = parse(file, Receiver, file.content, problems) if file else None
        if file and receiver:
            problems += _unknown_tables(file, receiver, product)
            if receiver.id in found.receivers:
                problems.append(file.problem(("id",), f"接收方编号 {receiver.id} 重复", "换一个编号"))
        if receiver and not problems:
            found.receivers[receiver.id] = receiver
        else:
            found.left_out[name] = problems


def _unknown_tables(file: File, receiver: Receiver, product: Product) -> Iterator[Problem]:
    for name, interface in receiver.interfaces.items():
        kind = product.kinds.get(interface.kind)
        if kind is None or interface.variant not in kind.variants:
            yield file.problem(("interfaces", name), "记录类型或变体不存在", "改为目录中已有的类型和变体")


def _users(folder: Path, remembered: Mapping[str, str], found: Folder) -> None:
    """``users.yml``, which need not be there; what cannot be read at all counts as it did when it was good last."""
    problems: list[Problem] = []
    file = opened(folder / USERS, folder, problems) if (folder / USERS).exists() else None
    if file:
        found.users = read_users(file, found.units, problems)
    if problems:
        found.left_out[USERS] = problems
        last = _last(USERS, remembered)
        if last and (file is None or not isinstance(file.content, list)):
            found.users = read_users(last, found.units, [])
    elif file:
        found.good[USERS] = file.text


def _checked(file: File, content: Any, problems: list[Problem]) -> District | None:
    """The district of the content; None with anything wrong in it."""
    before = len(problems)
    district = parse(file, District, content, problems)
    if district is not None:
        problems += file.problems(check_district(district))
    return None if len(problems) > before else district


def _without(content: dict[Any, Any], places: set[tuple[Any, ...]]) -> dict[Any, Any]:
    """The content without the entries in which the places (of one or two steps) lie."""
    rest = dict(content)
    for top in {place[0] for place in places}:
        inside, wrong = rest.pop(top, None), {place[1] for place in places if place[0] == top and len(place) > 1}
        if (top,) in places:
            continue
        if isinstance(inside, dict):
            rest[top] = {name: entry for name, entry in inside.items() if name not in wrong}
        elif isinstance(inside, list):
            rest[top] = [entry for number, entry in enumerate(inside) if number not in wrong]
    return rest


def _district(folder: Path, remembered: Mapping[str, str], found: Folder) -> None:
    """``district.yml``; with a mistake as it was when it was good last, else without the lines that are wrong."""
    name, problems = "district.yml", list[Problem]()
    file = opened(folder / name, folder, problems)
    district = _checked(file, file.content, problems) if file else None
    if file and district:
        found.district, found.good[name] = district, file.text
        return
    found.left_out[name] = problems
    last = _last(name, remembered)
    district = _checked(last, last.content, []) if last else None
    if district is None and file and isinstance(file.content, dict):
        district = _checked(file, _without(file.content, {problem.at[:2] for problem in problems if problem.at}), [])
    found.district = district or NOWHERE


def read_folder(folder: Path, product: Product, remembered: Mapping[str, str]) -> Folder:
    """All a district's folder says, as far as it is good. ``remembered``: file → its text when it was good last."""
    found = Folder()
    _district(folder, remembered, found)
    _departments(folder, product, remembered, found)
    _receivers(folder, product, found)
    _users(folder, remembered, found)
    return found
