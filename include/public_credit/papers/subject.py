"""Content of an organisation's report (公共信用信息报告), read from the marts; rendering is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError, key_given
from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..identifiers.codes import normalise
from ..ledger.models import Report
from ..ledger.session import session
from ..ledger.states import BuildState, RecordState, ReportKind, sql
from . import policy as policies
from .policy import ReportPolicy, Section
from .visibility import LISTS, may_see, standing

MARTS = {"marts.mart_subjects__enterprise": "企业", "marts.mart_subjects__non_enterprise_legal_person": "非企业法人"}
_BASE = (
    ("subject_name", "名称"),
    ("uscc", "统一社会信用代码"),
    ("org_type", "类型"),
    ("registration_state", "登记状态"),
    ("established_on", "成立日期"),
    ("address", "住所"),
    ("legal_rep_name", "法定代表人（负责人）"),
)


@dataclass(frozen=True)
class SectionContent:
    """Rows of one section a reader sees; ``counted`` of them are neither revoked nor replaced.

    ``left``: what the day is called on which one of them ended before its term.
    """

    section: Section
    left: str
    rows: list[dict[str, Any]]
    counted: int


@dataclass(frozen=True)
class SubjectReport:
    """Everything that stands in an organisation's report."""

    entry: int  # in the log of reports
    number: str
    issuer: str
    level: str
    who: str
    purpose: str
    area: str
    made_at: datetime
    data_on: date
    profile: dict[str, Any]
    base: list[tuple[str, str]]
    figures: list[tuple[str, str, int, str]]  # column, title, value, definition
    sections: list[SectionContent]
    scope: str  # what is said of the choice of records, the same on every report
    grade: dict[str, Any] | None
    grade_basis: list[dict[str, Any]]
    on_lists: list[str]  # of the rows shown

    @property
    def shown(self) -> int:
        """Rows shown in all sections."""
        return sum(len(part.rows) for part in self.sections)


def data_on(opened: Session) -> date:
    """The business date of the newest finished build: what a report knows is as of this day."""
    day: date | None = opened.execute(
        text(f"select max(business_date) from ledger.build where state = {sql(BuildState.BUILT)}")
    ).scalar()
    if day is None:
        raise UserError("还没有完成过构建，无从出具报告。", remedy="先运行 public-credit build。", code=3)
    return day


def resolve(opened: Session, key: str) -> str:
    """Subject id of a code or of a (past) subject id. Raises UserError when there is none or more than one."""
    code = normalise(key)[0]
    found: Sequence[str | None] = (
        opened.execute(
            text("""
        select subject_id from subjects.subject where subject_id = :key
        union all select subject_id from subjects.alias where past_id = :key
        union all select subject_id from subjects.identifier where value = :code and scheme <> 'name'"""),
            {"key": key, "code": code},
        )
        .scalars()
        .all()
    )
    if not found:
        raise UserError("没有这个主体。", remedy="核对统一社会信用代码（18 位）或主体编号。", code=4)
    known = {item for item in found if item}
    if len(known) != 1:
        raise UserError(
            "这个代码对应多个主体，正待人工认定。",
            remedy="用 public-credit subjects work 查看，认定后再出具报告。",
            code=4,
        )
    return known.pop()


def _profile(opened: Session, subject_id: str) -> dict[str, Any]:
    for mart, title in MARTS.items():
        row = (
            opened.execute(text(f"select * from {mart} where subject_id = :id"), {"id": subject_id}).mappings().first()
        )
        if row:
            return dict(row) | {"database": title}
    raise UserError("该主体还没有档案。", remedy="运行 public-credit build 后再试。", code=4)


def _records(opened: Session, subject_id: str) -> list[Mapping[str, Any]]:
    return [
        *opened.execute(
            text("""
        select t.*, coalesce(u.name, t.unit_id) as unit_name
        from marts.mart_subjects__timeline t left join ledger.unit u on u.unit_id = t.unit_id
        where t.subject_id = :id and t.subject_class = 'organisation'
        order by t.event_on desc nulls last, t.record_id"""),
            {"id": subject_id},
        ).mappings()
    ]


def _row(record: Mapping[str, Any], policy: ReportPolicy) -> dict[str, Any]:
    return {
        name: record[name]
        for name in (
            "record_id",
            "topic",
            "title",
            "detail",
            "document_no",
            "authority_name",
            "unit_name",
            "event_on",
            "ends_on",
            "exited_on",
            "disclosure",
        )
    } | {
        "state": policy.states_of(record["kind"]).words[record["state"]],
        "marks": ["异议中"] if record["objected"] else [],
    }


def _section(
    section: Section, shown: list[Mapping[str, Any]], counted: list[Mapping[str, Any]], policy: ReportPolicy
) -> SectionContent:
    return SectionContent(
        section,
        policy.states_of(section.kinds[0]).left,
        [_row(record, policy) for record in shown if record["kind"] in section.kinds],
        sum(record["kind"] in section.kinds for record in counted),
    )


def _base(profile: Mapping[str, Any], level: str, policy: ReportPolicy) -> list[tuple[str, str]]:
    """Particulars by title; who represents the organisation is told to offices and to itself, not to the public."""
    names = [item for item in _BASE if item[0] != "legal_rep_name" or level != policy.levels[0]]
    result = [(title, str(profile[name] or "未登记")) for name, title in names]
    return [*result, ("所属数据库", f"{profile['database']}公共信用基础数据库")]


def _grade(opened: Session, subject_id: str, shown: set[str]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The grade and its basis; none for a reader who may not see every record it rests on: it would tell of them."""
    row = (
        opened.execute(
            text("select * from marts.mart_subjects__food_drug_grade where subject_id = :id"), {"id": subject_id}
        )
        .mappings()
        .first()
    )
    if row is None:
        return None, []
    basis = [
        dict(item)
        for item in opened.execute(
            text("""
        select b.role, b.record_id, b.document_no, b.title, b.event_on, b.authority_name
        from marts.mart_subjects__food_drug_grade_basis b where b.subject_id = :id
        order by b.role, b.event_on desc, b.record_id"""),
            {"id": subject_id},
        ).mappings()
    ]
    if any(item["record_id"] not in shown for item in basis if item["role"] == "定级"):
        return None, []
    return dict(row), [item for item in basis if item["record_id"] in shown]


def log(run: Run, opened: Session, **values: Any) -> int:
    """Book that a report is made, before it is; the number of the entry."""
    entry = Report(used_on=run.on, who=run.who, **values)
    opened.add(entry)
    opened.flush()
    return entry.id


def number(prefix: str, day: date, entry: int) -> str:
    """Number of a report: ``prefix``, day, and its entry in the log in six digits."""
    return f"{prefix}{day:%Y%m%d}-{entry:06d}"


def gather(run: Run, key: str, *, level: str, purpose: str, area: str = "") -> SubjectReport:
    """Read everything for a report on one organisation, as a reader of ``level`` may see it; the use is booked, with its area."""
    key = key_given(key, "统一社会信用代码或主体编号")
    policy, area = policies.load(), load_catalogue().district.area(area, purpose)
    if level not in policy.levels:
        raise UserError(f"没有披露级别“{level}”。", remedy="可用的级别：" + "、".join(policy.levels))
    if level != policy.levels[0] and not purpose.strip():
        raise UserError(f"按“{level}”级别查询须说明目的。", remedy="加上 --purpose “……”，查询将留痕。")
    made_at = now()
    with session("reader") as opened:
        on = data_on(opened)
        subject_id = resolve(opened, key)
        profile = _profile(opened, subject_id)
        entry = log(
            run,
            opened,
            kind=ReportKind.SUBJECT,
            purpose=purpose.strip() or policy.level_purposes[level],
            level=level,
            subject_id=subject_id,
            rows=1,
            data_on=on,
            area=area,
        )
        shown = [record for record in _records(opened, subject_id) if may_see(record, level, on, policy)]
        grade, basis = (
            (None, [])
            if level == policy.levels[0]
            else _grade(opened, subject_id, {record["record_id"] for record in shown})
        )
    profile |= {"subject_name": profile["name"], "registration_state": profile["state"]}
    counted = standing(shown, policy)
    return SubjectReport(
        entry=entry,
        number=number("GXBG", made_at.date(), entry),
        issuer=load_catalogue().district.issuer,
        level=level,
        who=run.who,
        purpose=purpose.strip() or policy.level_purposes[level],
        area=area,
        made_at=made_at,
        data_on=on,
        profile=profile,
        base=_base(profile, level, policy),
        figures=[
            (name, figure.title, sum(map(figure.fits, counted)), figure.definition)
            for name, figure in policy.figures.items()
        ],
        sections=[_section(section, shown, counted, policy) for section in policy.sections],
        scope=policy.scope,
        grade=grade,
        grade_basis=basis,
        on_lists=[
            f"{record['title']}（{record['event_on']} 列入{'，异议中' if record['objected'] else ''}）"
            for record in shown
            if record["kind"] in LISTS and record["state"] == RecordState.CURRENT
        ],
    )
