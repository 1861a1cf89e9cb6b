"""What is wrong with the district's folder and what follows from it, as everybody is told it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from ..build import inputs
from ..catalogue import Catalogue
from ..catalogue.users import NAME as USERS


@dataclass(frozen=True)
class Mistake:
    """A file with something wrong in it; ``unit_id`` where it is that of a department."""

    file: str
    unit_id: str
    text: str


def _follows(catalogue: Catalogue, file: str) -> str:
    """What a file with a mistake means until it is mended."""
    if file in catalogue.stale.values():
        return "该单位暂不采集，已收到的照常处理，名称等沿用改错以前的"
    if file.startswith("departments/"):
        return "该单位的文件从未正确过：没有采集任务（DAG），什么也收不到"
    if file.startswith("receivers/"):
        return "暂不报送"
    if file == USERS:
        return "有误的账号不能登录工作台，其余照常"
    return "沿用改错以前的内容；此前没有的，有误的行不计"


def mistakes(catalogue: Catalogue) -> list[Mistake]:
    """Every file of the district with a mistake: where, what is wrong, what follows. Evidence among them."""
    units = {file: unit for unit, file in catalogue.stale.items()}
    found = []
    for file, problems in catalogue.left_out.items():
        told = f"{problems[0]}" + (f"（同一文件共 {len(problems)} 处）" if len(problems) > 1 else "")
        unit_id = units.get(file, PurePosixPath(file).stem if file.startswith("departments/") else "")
        found.append(Mistake(file, unit_id, f"{told}{_follows(catalogue, file)}。"))
    found += [Mistake("evidence", "", f"{fault} 构建沿用此前的佐证。") for fault in inputs.facts().faults]
    return found
