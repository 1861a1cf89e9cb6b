"""Find one organisation by an id it has or had, an identifier or a name; never a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError, key_given
from ..base.run import Run
from ..identifiers.codes import check_id_number, normalise
from ..identifiers.names import same_name
from ..ledger.states import Topic, WorkState, sql
from .nodes import SCHEMES, Node, node, usable

_ID = re.compile(r"s[0-9a-f]{31}")
_KEY = re.compile(rf"({'|'.join(SCHEMES)}):(.*)", re.DOTALL)


def identifier(opened: Session, given: str) -> Node:
    """The node of ``scheme:value``, canonical. Raises UserError for one that identifies nothing."""
    found = _KEY.fullmatch(key_given(given, "标识"))
    if found is None:
        raise UserError(
            "标识须写成 类别:值。", remedy="类别为 " + "、".join(SCHEMES) + " 之一，例如 reg:370399228000017。"
        )
    scheme, value = found[1], key_given(found[2], "标识的值")
    value = _folded(opened, value) if scheme == "name" else normalise(value)[0]
    if not usable(scheme, value):
        raise UserError("该值是占位代码、过短的名称，或校验不通过，不能作为标识。", remedy="核对后重新填写。")
    return scheme, value


def _folded(opened: Session, name: str) -> str:
    folded: str = opened.execute(text(f"select {same_name('cast(:name as text)')}"), {"name": name}).scalar_one()
    return folded


def find(run: Run, opened: Session, given: str) -> str:
    """The id of the subject that ``given`` stands for now. Raises UserError when there is none or more than one."""
    given = key_given(given, "主体编号、代码或名称")
    if _ID.fullmatch(given):
        found: str | None = opened.execute(
            text("""
            select coalesce((select subject_id from subjects.alias where past_id = :id),
                            (select subject_id from subjects.subject where subject_id = :id))"""),
            {"id": given},
        ).scalar()
        if found is None:
            raise UserError(f"没有编号为 {given} 的主体。", remedy="核对编号；曾用编号也可查询。", code=4)
        return found
    value = normalise(given)[0]
    if "〔" not in given and check_id_number(value, run.on).ok or re.match(r"〔.+〕$", given):
        raise UserError("这里只查组织，不查自然人。", remedy="自然人的记录按规定凭证件号码、说明目的单独查询。")
    if _KEY.fullmatch(given):
        wanted = identifier(opened, given)
    elif len(value) == 18 and usable("uscc", value):
        wanted = ("uscc", value)
    else:
        wanted = ("name", _folded(opened, given))
    return _owner(opened, wanted)


def _owner(opened: Session, wanted: Node) -> str:
    found = opened.execute(
        text("select subject_id from subjects.identifier where scheme = :scheme and value = :value"),
        {"scheme": wanted[0], "value": wanted[1]},
    ).first()
    if found is None:
        raise UserError("登记库中没有这个主体。", remedy="核对代码或名称全称（曾用名亦可）；名称须至少四个字。", code=4)
    if found.subject_id is None:
        several: Sequence[str] = (
            opened.execute(
                text("""
            select distinct r.subject_id from subjects.claim c join subjects.register r using (record_id)
            where c.scheme = :scheme and c.value = :value and r.subject_id is not null order by 1"""),
                {"scheme": wanted[0], "value": wanted[1]},
            )
            .scalars()
            .all()
        )
        raise UserError(
            "这个代码或名称对应不止一个主体：" + "、".join(several) + "。",
            remedy="改用主体编号或统一社会信用代码查询；代码有误的由登记部门更正。",
            code=4,
        )
    owner: str = found.subject_id
    return owner


def canonical(opened: Session, subject: str) -> Node:
    """The node that stands for a subject."""
    return node(
        opened.execute(
            text("select canonical_key from subjects.subject where subject_id = :id"), {"id": subject}
        ).scalar_one()
    )


def describe(opened: Session, subject: str) -> dict[str, Any]:
    """What is known of a subject: description, identifiers, past ids, successions, judgements, work items."""
    one = {"id": subject}

    def rows(sql: str, **more: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in opened.execute(text(sql), one | more).mappings()]

    known = rows("""select subject_id, subject_class, org_type, uscc, name, state, established_on, address, gone
                    from subjects.subject where subject_id = :id""")[0]
    known["identifiers"] = rows("select scheme, value from subjects.identifier where subject_id = :id order by 1, 2")
    keys = [f"{item['scheme']}:{item['value']}" for item in known["identifiers"]]
    known["records"] = rows("""
        select r.record_id, v.kind, v.dataset_id, r.batch_seq, r.row_no, r.gone from subjects.register r
        join subjects.version v using (batch_seq, attempt, row_no) where r.subject_id = :id order by 1""")
    known["past_ids"] = rows("select past_id, reason, since_on from subjects.alias where subject_id = :id order by 1")
    known["successions"] = rows("""select old_subject_id, new_subject_id, kind, known_on from subjects.succession
                                   where old_subject_id = :id or new_subject_id = :id order by known_on""")
    known["judgements"] = rows(
        """
        select id, decision, left_key, right_key, reason, decided_by, decided_on, undone_on from ledger.judgement
        where left_key = any(:keys) or right_key = any(:keys) order by id""",
        keys=keys,
    )
    known["work"] = rows(f"""
        with own as (select c.* from subjects.register r join subjects.claim c using (record_id) where r.subject_id = :id)
        select topic, key, reason from subjects.work_item where state = {sql(WorkState.OPEN)} and (
            key in (select record_id from own) or key in (select scheme || ':' || value from own)
            or topic = {sql(Topic.POSSIBLE_DUPLICATE)} and position(:id in key) > 0) order by 1, 2""")
    return known
