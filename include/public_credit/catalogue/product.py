"""The product's part of the catalogue: kinds, code lists, sectors, what is forbidden and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .models import CodeList, Forbidden, Kind
from .sectors import Refused, Sector, check_refused, check_sectors
from .source import File, Model, Problem, files, opened, parse


@dataclass(frozen=True)
class Product:
    """What every district's warehouse has."""

    kinds: dict[str, Kind]
    forbidden: Forbidden
    sectors: dict[str, Sector]
    refused: dict[str, Refused]


def _kind(file: File, code_lists: dict[str, Any], problems: list[Problem]) -> Kind | None:
    content = dict(file.content) if isinstance(file.content, dict) else file.content
    fields = content.get("fields") if isinstance(content, dict) else None
    if isinstance(fields, dict):
        content["fields"] = {
            name: ({"name": name} | spec if isinstance(spec, dict) else spec) for name, spec in fields.items()
        }
        used = {spec.get("code_list") for spec in fields.values() if isinstance(spec, dict)}
        content["code_lists"] = {name: spec for name, spec in code_lists.items() if name in used}
    return parse(file, Kind, content, problems)


def _entries(file: File, model: type[Model], problems: list[Problem]) -> dict[str, Model]:
    """The entries of a file that maps ids to entries; mistakes carry the line of the entry."""
    if not isinstance(file.content, dict):
        problems.append(file.problem((), "文件应为键值对", "参照其他同类文件书写"))
        return {}
    parsed = {name: parse(file, model, content, problems, (name,)) for name, content in file.content.items()}
    return {name: entry for name, entry in parsed.items() if entry}


def _needed(root: Path, name: str, problems: list[Problem]) -> File:
    """A file the product cannot do without; an empty one where it cannot be read."""
    return opened(root / name, root, problems) or File(name, "{}")


def read_product(root: Path, problems: list[Problem]) -> Product:
    """The product's folder as far as it can be read; what is wrong with it is added to ``problems``."""
    code_lists = _needed(root, "code_lists.yml", problems)
    _entries(code_lists, CodeList, problems)
    lists = code_lists.content if isinstance(code_lists.content, dict) else {}
    limits = _needed(root, "forbidden.yml", problems)
    forbidden = parse(limits, Forbidden, limits.content, problems) or Forbidden(columns=[])
    sector_file, refused_file = _needed(root, "sectors.yml", problems), _needed(root, "refused.yml", problems)
    sectors, refused = _entries(sector_file, Sector, problems), _entries(refused_file, Refused, problems)
    problems += sector_file.problems(check_sectors(sectors))
    problems += refused_file.problems(check_refused(refused))
    kinds: dict[str, Kind] = {}
    for path in files(root, "kinds"):
        file = opened(path, root, problems)
        if file and (kind := _kind(file, lists, problems)):
            kinds[kind.id] = kind
    return Product(kinds, forbidden, sectors, refused)
