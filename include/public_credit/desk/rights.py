"""Who may what: every route of the desk and every command, with its audience, in one place.

A route that is not here fails the start, a command that is not here does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ledger.states import APPROVERS, Audience

ENGINEER, LEADERSHIP, AUDITOR, CLERK = Audience.ENGINEER, Audience.LEADERSHIP, Audience.AUDITOR, Audience.CLERK
PUBLIC: frozenset[Audience] | None = None
NOBODY: frozenset[Audience] = frozenset()  # no person; a machine with the token (``scrape``)
EVERYBODY = frozenset(Audience)
ENGINEERS = frozenset({ENGINEER})
LOOKERS = frozenset({ENGINEER, AUDITOR})
AUDITORS = frozenset({AUDITOR})
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
    "/terminal": EVERYBODY,
}
OTHERS: dict[tuple[str, str], frozenset[Audience] | None] = {
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("POST", "/api/login"): PUBLIC,
    ("POST", "/terminal"): EVERYBODY,
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
    ("POST", "/releases/{release_id}/{move}"): APPROVERS,
    ("POST", "/records/{key}/case"): AUDITORS,
    ("POST", "/records/{key}/original"): AUDITORS,
    ("POST", "/batches/{seq}/rows/{row_no}/case"): AUDITORS,
    ("POST", "/batches/{seq}/rows/{row_no}/original"): AUDITORS,
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


@dataclass(frozen=True)
class Command:
    """Who may call a command. ``signed``: only a person who is signed in; else whoever holds the reader's credentials, too."""

    audience: frozenset[Audience]
    signed: bool = True


def _reads(*pages: str, also: frozenset[Audience] = frozenset()) -> Command:
    """A command that tells what pages tell, to their audience."""
    return Command(frozenset().union(also, *(PAGES[page] for page in pages)), signed=False)


def _does(*routes: str) -> Command:
    """A command behind forms of the desk, for their audience."""
    return Command(frozenset().union(*(OTHERS["POST", route] or frozenset() for route in routes)))


_WORK = Command(ENGINEERS)
_MOVES = _does("/batches/{seq}/{move}")
_JUDGES = _does("/subjects/{move}")
_DECIDES = _does("/releases/{release_id}/{move}")
NOBODY_ASKED: Command | None = (
    None  # nothing of the ledger is changed, nobody's record shown; or it begins before there is a ledger
)
COMMANDS: dict[str, Command | None] = {
    "login": NOBODY_ASKED,
    "logout": NOBODY_ASKED,
    "whoami": NOBODY_ASKED,
    "users list": NOBODY_ASKED,
    "users signins": _reads("/signins"),
    "secrets split": NOBODY_ASKED,  # files of the state folder: whoever may write them
    "users set-password": Command(EVERYBODY, signed=False),  # the first one is set before anybody can sign in
    "desk": NOBODY_ASKED,
    "doctor": NOBODY_ASKED,
    "metrics": NOBODY_ASKED,
    "migrate": NOBODY_ASKED,
    "lineage": NOBODY_ASKED,
    "report verify": NOBODY_ASKED,
    "calendar show": NOBODY_ASKED,
    "calendar deadline": NOBODY_ASKED,
    "calendar import": NOBODY_ASKED,  # files of the checkout and of the district: whoever may write them
    "catalogue check": NOBODY_ASKED,
    "catalogue show": NOBODY_ASKED,
    "catalogue coverage": NOBODY_ASKED,
    "catalogue generate": NOBODY_ASKED,
    "catalogue template": NOBODY_ASKED,
    "catalogue apply": _WORK,
    "status": _reads("/intake"),
    "alerts": _reads("/intake"),
    "quarantine": _reads("/quarantine"),
    "slips": _reads("/batches", "/mine"),
    "assessment": _reads("/intake", "/mine", "/targets"),
    "trends": _reads("/trends"),
    "explain": _reads("/records/{key}"),
    "find": _reads("/find"),
    "trace figure": _reads("/figures/{number:path}"),
    "batches": _reads("/batches", "/mine"),
    "batches show": _reads("/batches/{seq}", "/mine/batches/{seq}"),
    "batches set-aside": _MOVES,
    "batches withdraw": _MOVES,
    "batches restore": _MOVES,
    "replay": _MOVES,
    "gate": _does("/gate"),
    "collect": _WORK,
    "probe": Command(ENGINEERS, signed=False),
    "ingest": Command(ENGINEERS | _does("/mine/hand-in").audience),
    "attest": Command(ENGINEERS | _does("/mine/attest").audience),
    "attestations list": _reads("/batches", "/mine"),
    "attestations revoke": _WORK,
    "build": _WORK,
    "dbt": _WORK,
    "sweep": _WORK,
    "tidy": Command(ENGINEERS, signed=False),  # logs past their days: the machine does it every night, too
    "purge": _WORK,
    "vault rekey": _WORK,
    "approvals": _reads("/approvals"),
    "approvals approve": _does("/approvals/{number}/{move}"),
    "approvals reject": _does("/approvals/{number}/{move}"),
    "corrections": _reads("/corrections", also=LOOKERS),
    "corrections decide": _does("/corrections/{case}"),
    "corrections undo": _does("/corrections/{case}"),
    "waive": _does("/waivers"),
    "waivers list": _reads("/quarantine"),
    "waivers revoke": _does("/waivers"),
    "release prepare": _WORK,
    "release list": _reads("/releases"),
    "release items": _reads("/releases/{release_id}"),
    "release show": _reads("/releases/{release_id}"),
    "release approve": _DECIDES,
    "release reject": _DECIDES,
    "deliver": _WORK,
    "deliveries": _reads("/deliveries"),
    "receive": _WORK,
    "reconcile": _WORK,
    "subjects show": _reads("/subjects", also=LOOKERS),
    "subjects as-of": _reads("/subjects", also=LOOKERS),
    "subjects work": _reads("/subjects", also=LOOKERS),
    "subjects merge": _JUDGES,
    "subjects split": _JUDGES,
    "subjects undo": _JUDGES,
    "subjects suggest": _WORK,
    "editions list": _reads("/targets", also=LOOKERS),
    "editions show": _reads("/targets", also=LOOKERS),
    "editions diff": _reads("/targets", also=LOOKERS),
    "editions draft": _WORK,
    "editions approve": _does("/editions/{edition}/{move}"),
    "editions reject": _does("/editions/{edition}/{move}"),
    "report leadership": Command(LEADERS),
    "report subject": Command(LOOKERS),
    "report person": _WORK,
    "report review": _WORK,
    "audit verify": Command(LOOKERS, signed=False),
    "audit roots": Command(LOOKERS, signed=False),
    "audit explain": _WORK,
    "audit seal": _WORK,
}
HOME = {ENGINEER: "/intake", LEADERSHIP: "/targets", AUDITOR: "/find", CLERK: "/mine"}


@dataclass(frozen=True)
class Place:
    """An entry of the navigation. ``leads_to``: the beginnings of pages that belong to it and stand elsewhere."""

    path: str
    title: str
    leads_to: tuple[str, ...] = ()

    def holds(self, route: str) -> bool:
        """Whether a page belongs to it."""
        return route.startswith((self.path, *self.leads_to))


_PLACES = (
    Place("/intake", "装载"),
    Place("/find", "溯源", ("/records", "/figures", "/lineage")),
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
    Place("/terminal", "命令行登录"),
)


def may(role: Audience, path: str, method: str = "GET") -> bool:
    """Whether a role is among the audience of a route; nobody is of one that is not in the table."""
    audience = TABLE.get((method, path), frozenset())
    return audience is None or role in audience


def places(role: Audience) -> list[Place]:
    """What a role finds in its navigation."""
    return [place for place in _PLACES if may(role, place.path)]
