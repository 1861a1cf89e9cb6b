"""``users.yml`` of the district's folder: who may sign in at the desk, as what. An entry with a mistake shuts out nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic import Field as Attribute

from ..ledger.states import Audience
from .models import Unit
from .source import File, Problem, parse
from .strict import Strict

NAME = "users.yml"
ACCOUNT = r"^[a-z][a-z0-9_.-]{1,31}$"


AirflowUser = Annotated[str, Attribute(min_length=1, max_length=256)]
UnixUser = Annotated[str, Attribute(pattern=r"^[a-z_][a-z0-9_.-]{0,31}$")]


def _listed(given: Any) -> Any:
    """One name counts as a list of one."""
    return (given,) if isinstance(given, str) else given


class Account(Strict):
    """A person's account: what he signs in as, his name, his role; ``unit`` of a clerk, and of nobody else.

    ``oidc``: the subject by which the district's identity provider knows him; ``unix``: his users of the machine, one or a list:
    who works at the command line as one of them and has not signed in is taken for him. ``airflow``: his users of Airflow, in whose
    name runs are started and questions answered there.
    """

    account: str = Attribute(pattern=ACCOUNT)
    name: str = Attribute(min_length=1, max_length=40)
    role: Literal["engineer", "leadership", "auditor", "clerk"]
    unit: str = ""
    oidc: str = ""
    unix: Annotated[tuple[UnixUser, ...], BeforeValidator(_listed)] = ()
    airflow: Annotated[tuple[AirflowUser, ...], BeforeValidator(_listed)] = ()

    @property
    def who(self) -> str:
        """How what he does is booked."""
        return f"{self.name}（{self.account}）"


def _faults(
    file: File, at: tuple[int], entry: Account, taken: list[Account], units: Mapping[str, Unit]
) -> list[Problem]:
    """What is wrong with an entry that has the form of one."""
    found = []
    clerk = Audience(entry.role) is Audience.CLERK
    if clerk and entry.unit not in units:
        found.append(file.problem((*at, "unit"), "报送员须写明目录中的单位", "补上 unit，写 departments 中的编号"))
    if entry.unit and not clerk:
        found.append(file.problem((*at, "unit"), "只有报送员属于一个单位", "删去这一项"))
    for key, title in (("account", "账号"), ("oidc", "OIDC 标识")):
        value = getattr(entry, key)
        if value and any(value == getattr(other, key) for other in taken):
            found.append(file.problem((*at, key), f"{title}重复", "每人一个"))
    if any(set(entry.unix) & set(other.unix) for other in taken):
        found.append(file.problem((*at, "unix"), "系统用户重复", "一个系统用户只对应一人"))
    if any(set(entry.airflow) & set(other.airflow) for other in taken):
        found.append(file.problem((*at, "airflow"), "Airflow 用户重复", "一个 Airflow 用户只对应一人"))
    return found


def read_users(file: File, units: Mapping[str, Unit], problems: list[Problem]) -> dict[str, Account]:
    """The accounts of a file by name; an entry with a mistake is left out, and told among ``problems``."""
    content = file.content or []
    if not isinstance(content, list):
        problems.append(file.problem((), "应为列表，每个账号一项", "参照 docs/desk.md 书写"))
        return {}
    taken: list[Account] = []
    for number, item in enumerate(content):
        entry = parse(file, Account, item, problems, (number,))
        wrong = _faults(file, (number,), entry, taken, units) if entry else []
        problems += wrong
        if entry and not wrong:
            taken.append(entry)
    return {entry.account: entry for entry in taken}
