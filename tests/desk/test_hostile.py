"""Whatever is sent to a form or an address: a sentence in Chinese, never a fault of ours, nothing as markup, nothing done that was not asked for.

The forms are those of the served pages, the parameters those of the routes: what is new is covered without an edit here.
"""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import unquote

import pytest
from argon2 import PasswordHasher
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.routing import APIRoute
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.desk import actions, app, guard, passwords, rights, sessions
from public_credit.ledger.states import Audience

from tests.helpers import penalties

from . import hostile
from .conftest import Desk
from .hostile import MARK, PRODUCT, Value
from .served import PASSWORD, Form, crawl

POSTS = sorted(path for method, path in rights.TABLE if method == "POST")
GETS = sorted(path for method, path in rights.TABLE if method == "GET")
OF_COMMANDS = {"/api/login": {"account": "engineer", "password": PASSWORD, "code": ""}}  # forms that no page has
LOOKS = ("ledger.access_log", "ledger.chain_event")  # what a look that is granted writes
CPU = 2.0  # seconds of processor time an answer may take: never what grows with the text
_FOREIGN = re.compile(
    rf"<{MARK}|<script>|[\"'] on{MARK}=|(href|src|action)=[\"']?javascript:|onerror={MARK}>|onload={MARK}>", re.I
)
_OURS = re.compile(r"Traceback|File \"/|psycopg|sqlalchemy|starlette|jinja2|\bNone\b.*\bobject\b")
_CHINESE = re.compile(r"[一-鿿]")


@dataclass
class Answer:
    """What came back, and the processor time it took."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def header(self, name: bytes) -> str:
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")


async def _ask(
    served: Any, method: str, address: str, body: bytes = b"", headers: Iterable[tuple[str, bytes]] = ()
) -> Answer:
    """One request as the server hands it to the application; ``address`` is percent-encoded."""
    path, _, query = address.partition("?")
    told = {b"host": b"127.0.0.1:8090", b"content-length": str(len(body)).encode()}
    told |= {name.encode(): value for name, value in headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": unquote(path),
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": list(told.items()), "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8090),
    }  # fmt: skip
    sent: list[dict[str, Any]] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    begun = time.process_time()
    await served(scope, receive, send)
    taken = time.process_time() - begun
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], list(sent[0]["headers"]), content, taken)


def _sound(answer: Answer, about: object) -> None:
    """What is promised of every answer."""
    said = f"{about!r}: {answer.status} {answer.text[:300]}"
    assert answer.status < 500 or answer.status == 503 and "还没有完成过构建" in answer.text, said
    assert answer.seconds < CPU, said
    for name, value in answer.headers:
        assert not re.search(rb"[\r\n\0]", name + value), said
        assert name.lower() != b"set-cookie" or MARK.encode() not in value, said
    onward = answer.header(b"location")
    assert not onward or re.match(r"/(?![/\\])", onward), said
    assert not _OURS.search(answer.text), said
    kind = answer.header(b"content-type")
    if kind.startswith("text/html"):
        assert not _FOREIGN.search(answer.text) and PRODUCT not in answer.text, said
    if answer.status >= 400:
        assert _CHINESE.search(answer.text), said
        remedied = (
            '"remedy":""' not in answer.text
            if "json" in kind
            else "处理办法：" in answer.text or "<form" in answer.text
        )
        assert remedied or not kind.startswith(("text/html", "application/json")), f"nothing to do is said, {said}"


@pytest.fixture(scope="module")
def busy(desk: Desk) -> Desk:
    """The desk with something of everything that waits for somebody, so that every form is shown."""
    other = "数据工程师乙（engineer2）"
    desk.query(
        "insert into ledger.approval (action, fingerprint, about, reason, business_date, asked_by) "
        "values ('purge', 'one', '行政处罚 3 条', '期满', '2026-02-25', %s) returning id",
        other,
    )
    ((build,),) = desk.query(
        "insert into ledger.build (business_date, state) values ('2026-02-25', 'built') returning build_id"
    )
    desk.query(
        "insert into ledger.edition (year, kind, as_of, business_date, build_id, content_hash, computed_by) "
        "values (2025, 'original', '2025-12-31', '2026-02-25', %s, 'abc', %s) returning id",
        build,
        other,
    )
    desk.query(
        "insert into ledger.release (build_id, receiver, business_date, state, adds, mods, dels, diff_hash, unusual, prepared_by, cover) "
        "values (%s, 'city', '2026-02-25', 'waiting', 1, 0, 0, 'abc', '新增过多', %s, '{}') returning release_id",
        build,
        other,
    )
    desk.query(
        "insert into ledger.correction_case (batch_seq, row_no, record_id, reason, candidates, opened_on) "
        "select %s, 1, 'record', 'other_row', array_agg(id), '2026-02-25' from ledger.quarantine where batch_seq = %s returning id",
        desk.good,
        desk.returned,
    )
    return desk


@pytest.fixture(scope="module", autouse=True)
def cheap(desk: Desk) -> Iterator[None]:
    """Passwords hashed in no time, sessions looked up once, nobody turned away for trying: what is sent shall be looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(sessions, "of", functools.cache(sessions.of))  # half of what an answer costs
        patch.setattr(sessions, "OF_ACCOUNT", 10**6)
        patch.setattr(sessions, "OF_ADDRESS", 10**6)
        passwords._nobody.cache_clear()
        for account in ("engineer", "leader", "auditor", "clerk"):
            passwords.set_password(account, PASSWORD)
        yield
    passwords._nobody.cache_clear()


@pytest.fixture(scope="module")
def forms(busy: Desk, cheap: None) -> dict[str, list[Form]]:
    """Route → the forms that lead there, one of every set of fields."""
    found: dict[str, list[Form]] = {}
    ((record,),) = busy.query(
        "select 'r' || left(replace(record_id::text, '-', ''), 31) from raw.administrative_penalty where batch_seq = %s limit 1",
        busy.good,
    )
    for role in [*map(str, Audience), "nobody"]:
        for form in crawl(busy.client(role), role, f"/records/{record}"):
            alike = found.setdefault(form.route, []) if form.method == "POST" else []
            if not any(set(form.fields) == set(other.fields) for other in alike):
                alike.append(form)
    for path, fields in OF_COMMANDS.items():
        csrf = guard.before_token("before")
        found[path] = [Form("nobody", "POST", path, False, {"csrf": csrf, **fields})]
    return found


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that would be started, each as its words: hundreds of processes prove no more."""
    words: list[tuple[str, ...]] = []

    def start(person: Any, title: str, back: str, command: tuple[str, ...], *values: str, after: Any = None) -> Any:
        words.append((*command, "--", *values))
        raise UserError("没有启动。", remedy="这是测试。", code=6)

    monkeypatch.setattr(actions, "start", start)
    return words


def _cookies(desk: Desk, role: str) -> tuple[str, bytes]:
    token = desk.people[role].token if role in desk.people else ""
    return "cookie", f"{guard.COOKIE}={token}; {guard.BEFORE}=before".encode()


def _booked(desk: Desk, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """What every table of ours holds, as a number that another content would not have; and the files of the state folder."""
    tables = desk.query(
        "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
        "where schemaname in ('ledger', 'desk', 'raw', 'subjects', 'vault') order by 1"
    )
    names = [name for (name,) in tables if name not in ("desk.session", "desk.login_attempt", *but)]
    assert "ledger.batch" in names and "ledger.step" in names
    sums = " union all ".join(
        f"select '{name}', count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from {name} t"
        for name in names
    )
    files = {path for path in settings.home().rglob("*") if path.is_file() and "logs" not in path.parts}
    return dict(desk.query(sums.replace("%", "%%"))) | {"files": files}


def _looks(desk: Desk) -> int:
    ((count,),) = desk.query("select count(*) from ledger.access_log")
    return int(count)


def _said(value: Value) -> str:
    """The text a person would have written: what the desk reads of a value."""
    return hostile.raw(value).decode("utf-8", "replace").strip()


def _asked_for(base: tuple[str, ...], words: tuple[str, ...], given: str) -> bool:
    """Whether a command differs from the one of the fitting form in the given value alone, whole and in its place."""
    if len(base) == len(words):
        other = [(a, b) for a, b in zip(base, words, strict=True) if a != b]
    else:  # a value a line
        kept = set(base) & set(words)
        other = [("--identifier=", word) for word in words if word not in kept]
    said = []
    for a, b in other:
        option = a.startswith("--") and "=" in a
        if option and not b.startswith(a.partition("=")[0] + "="):
            return False
        said.append(b.partition("=")[2] if option else b)
    lines = [line.strip() for line in given.splitlines() if line.strip()]
    if not said or said in (lines, [given]):
        return True
    if len(said) == 1 and re.fullmatch(r"\d{4}-\d\d-\d\d", said[0], re.A):
        return date.fromisoformat(given) == date.fromisoformat(said[0])
    return len(said) == 1 and given.isdecimal() and said[0] == str(int(given))


def _each(desk: Desk, form: Form) -> Iterator[tuple[str, Value, dict[str, Value]]]:
    csrf = desk.people[form.role].csrf if form.role in desk.people else guard.before_token("before")
    fitting = form.fields | {"csrf": csrf}
    for name in fitting:
        count = 100
        if name == "csrf" and form.action != "/terminal":
            count = 10  # one gate reads it, before every form
        elif name == "purpose" and not form.route.endswith("/rows/{row_no}/case"):
            count = 25  # one function reads it for all four that take something along
        for value in hostile.values(f"{form.action} {name}", count):
            yield name, value, fitting | {name: value}


async def _fill(served: Any, desk: Desk, form: Form, fields: dict[str, Value], file: Value = "名单.csv") -> Answer:
    cookie = _cookies(desk, form.role)
    if not form.file:
        return await _ask(
            served,
            "POST",
            form.action,
            hostile.encoded(fields),
            [cookie, ("content-type", hostile.URLENCODED.encode())],
        )
    content = penalties.csv_bytes(penalties.rows(1))
    body = hostile.parts(fields, (form.file, file, content))
    return await _ask(served, "POST", form.action, body, [cookie, ("content-type", hostile.MULTIPART.encode())])


@pytest.mark.parametrize("route", POSTS)
def test_no_value_of_a_form_does_anything_but_what_it_says(
    busy: Desk, forms: dict[str, list[Form]], started: list[tuple[str, ...]], route: str
) -> None:
    assert forms.get(route), "no page that is served has this form: give the fixture what it is shown for"
    ends = route in ("/logout",)
    takes = route.endswith(("/case", "/original"))
    of_looks = LOOKS if takes else ()
    before, looks = _booked(busy, of_looks), _looks(busy)
    taken: list[Answer] = []
    served = app.application()

    async def all_of(form: Form) -> None:
        csrf = busy.people[form.role].csrf if form.role in busy.people else guard.before_token("before")
        fitting = form.fields | {"csrf": csrf}
        if not ends:
            answer = await _fill(served, busy, form, fitting)
            _sound(answer, form)
            assert answer.status in (200, 303, 409), f"what fits is not taken: {answer.text}"
        base = started[-1] if started else ()
        assert ends or bool(base) == (answer.status == 409)
        for name, value, fields in _each(busy, form):
            del started[:]
            answer = await _fill(served, busy, form, fields)
            _sound(answer, (route, name, value))
            taken.extend([answer] if answer.status == 200 else [])
            assert len(started) <= 1 and name != "csrf" or not started, (name, value)
            assert not started or _asked_for(base, started[0], _said(value)), (name, value, started, base)
        for value in hostile.values(f"{form.action} file") if form.file else ():
            del started[:]
            answer = await _fill(served, busy, form, fitting, file=value)
            _sound(answer, (route, form.file, value))
            (path,) = [word[7:] for one in started for word in one if word.startswith("--file=")] or [""]
            folder = settings.home() / "uploads"
            assert not path or path.startswith(f"{folder}/") and ".." not in path.split("/"), (value, path)
        for kind, body in hostile.bodies(fitting):
            headers = [_cookies(busy, form.role)] + ([("content-type", kind.encode("latin-1"))] if kind else [])
            if not ends:
                _sound(await _ask(served, "POST", form.action, body, headers), (route, kind, body[:200]))

    for form in forms[route]:
        asyncio.run(all_of(form))
    assert _booked(busy, of_looks) == before
    assert (_looks(busy) - looks >= len(taken) > 0) if takes else _looks(busy) == looks
    assert not [path for path in (settings.home() / "uploads").rglob("*") if path.is_file()]


def _parameters() -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """(method, route) → names of what its path holds, of what may be asked behind it."""
    found: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for route in app.create().routes:
        assert isinstance(route, APIRoute)
        flat = get_flat_dependant(route.dependant)
        names = [one.alias for one in flat.path_params], [one.alias for one in flat.query_params]
        found |= {(method, route.path): names for method in route.methods}
    return found


PARAMETERS = _parameters()
WITH_PARAMETERS = sorted(route for route, (path, query) in PARAMETERS.items() if path or query)


def _role(method: str, path: str) -> str:
    """Somebody of the audience of a route, an auditor before others: he sees most."""
    audience = rights.TABLE[(method, path)]
    return (
        str(Audience.AUDITOR if Audience.AUDITOR in (audience or ()) else next(iter(sorted(audience))))
        if audience
        else "nobody"
    )


@pytest.mark.parametrize(("method", "route"), WITH_PARAMETERS, ids=[" ".join(one) for one in WITH_PARAMETERS])
def test_no_address_does_anything_but_what_it_says(
    busy: Desk, started: list[tuple[str, ...]], method: str, route: str
) -> None:
    role = _role(method, route)
    fitting = {"seq": busy.returned, "slip_id": busy.slip, "row_no": 1, "column": "T05/1/all/2026", "number": 1}
    before = _booked(busy, LOOKS)
    served = app.application()
    in_path, behind = PARAMETERS[(method, route)]
    csrf = busy.people[role].csrf if role in busy.people else guard.before_token("before")
    headers = [_cookies(busy, role), ("content-type", hostile.URLENCODED.encode())]
    body = (
        hostile.encoded({"csrf": csrf, "confirm": "yes", "reason": "核实", "purpose": "核查"})
        if method == "POST"
        else b""
    )

    def address(name: str, value: Value) -> str:
        def filled(found: re.Match[str]) -> str:
            return hostile.quoted(value if found[1] == name else str(fitting.get(found[1], 1)))

        path = re.sub(r"\{(\w+)(?::path)?\}", filled, route)
        return path if name in in_path else f"{path}?{name}={hostile.quoted(value)}"

    async def all_of() -> None:
        for name in [*in_path, *behind]:
            for value in hostile.values(
                f"{method} {route} {name}", 30 if route.startswith("/api") else 100
            ):  # as the page
                answer = await _ask(served, method, address(name, value), body, headers)
                _sound(answer, (method, route, name, value))
        if method == "GET":
            for query in (
                "%",
                "a=%ff&&=&;",
                "x[]=1&x[]=2",
                "&".join(f"x{n}=1" for n in range(2_000)),
                "=" * 4_000,
                "<pcwx>=<pcwx>",
            ):
                _sound(await _ask(served, method, f"{address('', '')}?{query}", body, headers), (route, query[:40]))

    asyncio.run(all_of())
    assert _booked(busy, LOOKS) == before


@pytest.mark.parametrize("route", ["/login", "/intake", "/api/intake", "/find", "/nothing"])
def test_no_header_breaks_an_answer(busy: Desk, route: str) -> None:
    served = app.application()
    for method in ("GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "X"):
        for name, value in hostile.HEADERS:
            headers = dict([_cookies(busy, "engineer")]) | {name: value}
            _sound(asyncio.run(_ask(served, method, route, b"", headers.items())), (method, route, name, value))
