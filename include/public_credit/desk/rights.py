"""Who may open what: every route of the desk and its audience, in one table. A route that is not in it fails the start."""

from __future__ import annotations

from dataclasses import dataclass

from ..ledger.states import Audience

ENGINEER, LEADERSHIP, AUDITOR, CLERK = Audience.ENGINEER, Audience.LEADERSHIP, Audience.AUDITOR, Audience.CLERK
PUBLIC: frozenset[Audience] | None = None
NOBODY: frozenset[Audience] = frozenset()  # no person; a machine with the token (``scrape``)
EVERYBODY = frozenset(Audience)
ENGINEERS = frozenset({ENGINEER})
LOOKERS = frozenset({ENGINEER, AUDITOR})
APPROVERS = frozenset({ENGINEER, LEADERSHIP})
CLERKS = frozenset({CLERK})
LEADERS = frozenset({LEADERSHIP, ENGINEER})

PAGES: dict[str, frozenset[Audience]] = {  # each is also JSON, under /api
    "/intake": LOOKERS,
    "/batches": LOOKERS,
    "/batches/{seq}": LOOKERS,
    "/quarantine": LOOKERS,
    "/corrections": ENGINEERS,
    "/subjects": ENGINEERS,
    "/subjects/find": ENGINEERS,
    "/releases": APPROVERS | LOOKERS,
    "/releases/{release_id}": APPROVERS | LOOKERS,
    "/approvals": APPROVERS | LOOKERS,
    "/deliveries": LOOKERS,
    "/trends": LOOKERS,
    "/signins": LOOKERS,
    "/find": LOOKERS,
    "/records/{key}": LOOKERS,
    "/batches/{seq}/rows/{row_no}": LOOKERS,
    "/figures/{number:path}": LOOKERS,
    "/lineage/{column:path}": LOOKERS,
    "/mine": CLERKS,
    "/mine/batches/{seq}": CLERKS,
    "/targets": LEADERS,
    "/jobs/{job_id}": EVERYBODY,
}
OTHERS: dict[tuple[str, str], frozenset[Audience] | None] = {
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("GET", "/login/oidc"): PUBLIC,
    ("GET", "/login/oidc/back"): PUBLIC,
    ("GET", "/static/{name}"): PUBLIC,
    ("GET", "/health"): PUBLIC,
    ("GET", "/metrics"): NOBODY,
    ("GET", "/"): EVERYBODY,
    ("POST", "/logout"): EVERYBODY,
    ("GET", "/api/openapi.json"): EVERYBODY,
    ("POST", "/batches/{seq}/{move}"): ENGINEERS,
    ("POST", "/gate"): ENGINEERS,
    ("POST", "/waivers"): ENGINEERS,
    ("POST", "/corrections/{case}"): ENGINEERS,
    ("POST", "/subjects/{move}"): ENGINEERS,
    ("POST", "/releases/{release_id}/approve"): APPROVERS,
    ("POST", "/approvals/{number}/{move}"): APPROVERS,
    ("POST", "/editions/{edition}/{move}"): APPROVERS,
    ("GET", "/mine/slips/{slip_id}"): CLERKS,
    ("POST", "/mine/slips/{slip_id}"): CLERKS,
    ("POST", "/mine/hand-in"): CLERKS,
    ("POST", "/mine/attest"): CLERKS,
    ("GET", "/targets/{name}"): LEADERS,
}
TABLE: dict[tuple[str, str], frozenset[Audience] | None] = OTHERS | {
    ("GET", prefix + path): audience for path, audience in PAGES.items() for prefix in ("", "/api")
}
HOME = {ENGINEER: "/intake", LEADERSHIP: "/targets", AUDITOR: "/find", CLERK: "/mine"}


@dataclass(frozen=True)
class Place:
    """An entry of the navigation."""

    path: str
    title: str


_PLACES = (
    Place("/intake", "装载"),
    Place("/find", "溯源"),
    Place("/batches", "批次"),
    Place("/quarantine", "退回行"),
    Place("/corrections", "待认定更正"),
    Place("/subjects", "主体待办"),
    Place("/releases", "变更单"),
    Place("/approvals", "待批准"),
    Place("/deliveries", "报送"),
    Place("/trends", "规则趋势"),
    Place("/signins", "登录记录"),
    Place("/mine", "我的报送"),
    Place("/targets", "目标进度"),
)


def may(role: Audience, path: str, method: str = "GET") -> bool:
    """Whether a role is among the audience of a route; nobody is of one that is not in the table."""
    audience = TABLE.get((method, path), frozenset())
    return audience is None or role in audience


def places(role: Audience) -> list[Place]:
    """What a role finds in its navigation."""
    return [place for place in _PLACES if may(role, place.path)]
