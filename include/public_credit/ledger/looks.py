"""Looks at records of persons: the database answers and logs in one statement, for the person of a session's token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ..base.messages import UserError

_REFUSED = {  # SQLSTATE of the functions of schema desk → text, remedy, code
    "PC001": ("没有登录，或登录的角色不能查看自然人的记录。", "重新登录；由数据工程师或审计人员查询。", 4),
    "PC002": ("该记录涉及自然人，须说明查询目的。", "加上 --purpose “……”，查询将记入日志。", 2),
    "PC003": ("一小时内已有多次查询没有结果，暂停查询。", "核对号码来源；一小时后再查，或请数据管理员核实。", 4),
    "PC005": (
        "一小时内已多次查到自然人的记录，暂停按文书号查自然人的记录。",
        "一小时后再查，或用记录编号查询并说明目的。",
        4,
    ),
}


@contextmanager
def refusals() -> Iterator[None]:
    """What the database refuses, as a UserError."""
    try:
        yield
    except DBAPIError as error:
        said = _REFUSED.get(getattr(error.orig, "sqlstate", None) or "")
        if said is None:
            raise
        text, remedy, code = said
        raise UserError(text, remedy=remedy, code=code) from None
