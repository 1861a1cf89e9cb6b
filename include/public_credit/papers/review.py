"""Review of a list of applicants: set-based, in one transaction; the result is a notice with its basis, no decision."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.copying import copying
from ..base.messages import UserError
from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..identifiers.names import same_name
from ..ledger.session import driver, session
from ..ledger.states import RecordState, ReportKind, sql
from . import policy as policies
from .applicants import Applicant, ApplicantList, read
from .subject import data_on, log, number
from .visibility import may_see

LEVEL = "政务共享"  # an office reviews on the strength of its duty; what needs the subject's authorisation stays out
RED_LIST = "红名单"
NAMES_DIFFER = "名称与登记名称不一致"

_MATCH = f"""
    create temp table matched on commit drop as
    with looked_up as (
        select row_no, scheme, case when scheme = 'name' then {same_name("value")} else value end as value from applicant
    ), found as (
        select l.row_no, count(i.value) as identifiers, count(distinct i.subject_id) as subjects,
               bool_or(i.value is not null and i.subject_id is null) as ambiguous, min(i.subject_id) as subject_id
        from looked_up l left join subjects.identifier i on i.value = l.value
          and (i.scheme = l.scheme or (l.scheme = 'other' and i.scheme not in ('uscc', 'name')))
        group by l.row_no
    )
    select f.row_no, f.identifiers, f.subjects, f.ambiguous, s.subject_id, s.name, s.uscc, s.state,
           s.subject_id is not null and {same_name("s.name")} is distinct from {same_name("a.name")} as name_differs
    from found f join applicant a on a.row_no = f.row_no
    left join subjects.subject s on s.subject_id = f.subject_id and f.subjects = 1 and not f.ambiguous and not s.gone"""

# What a level may see is decided by these columns (``visibility``).
_DECIDES = "t.kind, t.state, t.nature, t.severity_class, t.disclosure, t.event_on, t.ends_on, t.exited_on"

_LIST_HITS = f"""
    select m.row_no, e.list_kind as sort, e.list_name as title, e.document_no, e.legal_basis as basis, e.reason,
           e.entered_on as since_on, e.term_to as term_on, e.authority_name, e.objected, e.record_id, {_DECIDES}
    from matched m join marts.mart_lists__entry e on e.subject_id = m.subject_id
    join marts.mart_subjects__timeline t on t.record_id = e.record_id
    where e.state = '在列'"""

_PENALTY_HITS = f"""
    select m.row_no, '严重处罚' as sort, t.title, t.document_no, coalesce(p.legal_basis, '') as basis,
           t.detail as reason, t.event_on as since_on, t.ends_on as term_on, t.authority_name, t.objected, t.record_id,
           {_DECIDES}
    from matched m
    join marts.mart_subjects__timeline t on t.subject_id = m.subject_id
    left join marts.mart_shuanggongshi__penalty p on p.record_id = t.record_id
    where t.kind = 'administrative_penalty' and t.severity_class = 'serious' and t.state = {sql(RecordState.CURRENT)}
      and t.subject_class = 'organisation'"""

_RATINGS = f"""
    select m.row_no, t.topic, t.title, {_DECIDES}
    from matched m join marts.mart_subjects__timeline t on t.subject_id = m.subject_id
    where t.kind = 'statutory_rating' and t.state = {sql(RecordState.CURRENT)} and t.topic = any(:domains)
    order by m.row_no, t.topic, t.event_on desc, t.record_id desc"""


@dataclass
class Line:
    """What is said about one row of the list."""

    applicant: Applicant
    subject: dict[str, Any] | None = None
    hits: list[dict[str, Any]] = field(default_factory=list)
    ratings: list[str] = field(default_factory=list)

    @property
    def hint(self) -> str:
        """提示: what was found, in words; never a conclusion."""
        if self.applicant.state != "已比对":
            return ""
        sorts: dict[str, int] = defaultdict(int)
        for hit in self.hits:
            sorts[hit["sort"]] += 1
        return "；".join(f"{sort} {count} 条" for sort, count in sorts.items()) or "未发现在列名单和未到期的严重处罚"


@dataclass(frozen=True)
class Reviewed:
    """A reviewed list."""

    number: str
    who: str
    purpose: str
    area: str
    made_at: datetime
    data_on: date
    listed: ApplicantList
    lines: list[Line]
    domains: list[str]

    def count(self, state: str) -> int:
        """Applicants in a state."""
        return sum(line.applicant.state == state for line in self.lines)


def domains_named(purpose: str) -> list[str]:
    """Rating domains that the purpose names, by title or another spelling of the code list."""
    lists = load_catalogue().kinds["statutory_rating"].code_lists["rating_domain"].values
    return [title for title, spellings in lists.items() if any(word in purpose for word in (title, *spellings))]


def _copy(opened: Session, applicants: list[Applicant]) -> None:
    opened.execute(
        text("create temp table applicant (row_no integer, scheme text, value text, name text) on commit drop")
    )
    with copying(driver(opened), "copy pg_temp.applicant from stdin") as copy:
        for item in applicants:
            copy.write_row((item.row_no, item.scheme, item.value, item.name))
    opened.execute(text("analyze applicant"))


def _say_match(line: Line, row: dict[str, Any]) -> None:
    """Book whether a row was matched, and why not."""
    applicant = line.applicant
    if row["subject_id"]:
        applicant.state, line.subject = "已比对", row
        notes = [NAMES_DIFFER] if row["name_differs"] and applicant.name else []
        notes += [f"登记状态：{row['state']}"] if row["state"] in ("吊销", "注销", "迁出") else []
        applicant.reason = "；".join(notes)
        return
    applicant.state = "未匹配"
    if row["ambiguous"] or row["subjects"] > 1:
        applicant.reason = "名称或代码对应多个主体，须提供统一社会信用代码或待人工认定"
    elif applicant.scheme == "name":
        applicant.reason = "没有代码，登记库中没有完全相同的名称"
    else:
        applicant.reason = "登记库中没有这个代码"


def _first_of_each(lines: list[Line]) -> None:
    """Say which rows repeat an earlier one."""
    first: dict[str, int] = {}
    for line in lines:
        if line.subject:
            earlier = first.setdefault(line.subject["subject_id"], line.applicant.row_no)
            if earlier != line.applicant.row_no:
                line.applicant.reason = "；".join(filter(None, (line.applicant.reason, f"与第 {earlier} 行为同一主体")))


def review(run: Run, content: bytes, *, purpose: str, area: str = "") -> Reviewed:
    """Review a list. The use is booked with who, purpose, area and number of rows; of the rows nothing is kept."""
    if not purpose.strip():
        raise UserError(
            "批量审查须说明目的。", remedy="加上 --purpose “……”（如：××项目招标投标资格审查），使用将留痕。"
        )
    policy, area = policies.load(), load_catalogue().district.area(area, purpose)
    listed = read(content)
    lines = {item.row_no: Line(item) for item in listed.applicants}
    domains = domains_named(purpose)
    made_at = now()
    with session("reader") as opened:
        on = data_on(opened)
        entry = log(
            run,
            opened,
            kind=ReportKind.REVIEW,
            purpose=purpose.strip(),
            level=LEVEL,
            rows=len(lines),
            data_on=on,
            area=area,
        )
        _copy(opened, [item for item in listed.applicants if item.scheme])
        opened.execute(text(_MATCH))
        opened.execute(text("analyze matched"))
        for row in opened.execute(text("select * from matched")).mappings():
            _say_match(lines[row["row_no"]], dict(row))
        for statement in (_LIST_HITS, _PENALTY_HITS):
            for found in opened.execute(text(statement + " order by m.row_no, since_on, record_id")).mappings():
                hit = dict(found)
                if may_see(hit, LEVEL, on, policy):
                    lines[hit["row_no"]].hits.append(hit)
        told = set()  # of a row and a domain the newest rating
        for rated in map(dict, opened.execute(text(_RATINGS), {"domains": domains}).mappings() if domains else ()):
            if (rated["row_no"], rated["topic"]) not in told and may_see(rated, LEVEL, on, policy):
                told.add((rated["row_no"], rated["topic"]))
                title = rated["title"]
                lines[rated["row_no"]].ratings.append(title if rated["topic"] in title else f"{rated['topic']} {title}")
    _first_of_each(list(lines.values()))
    return Reviewed(
        number("PLSC", made_at.date(), entry),
        run.who,
        purpose.strip(),
        area,
        made_at,
        on,
        listed,
        list(lines.values()),
        domains,
    )
