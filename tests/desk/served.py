"""The forms the desk serves, found as a person finds them: every page of every role is opened, its links are followed, its forms are read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from public_credit.desk import rights

from .hostile import Value

PASSWORD = "长口令-for-the-test"
_OF_ONE_ROUTE = 4  # pages that are opened of one route: a list links to as many as it has lines
_FITTING = {"date": "2026-02-20", "password": PASSWORD, "number": "1"}  # by the type of a field


@dataclass
class Form:
    """A form of a page: whom it was shown to, where it leads, its fields with a value each that fits."""

    role: str
    method: str
    action: str
    multipart: bool
    fields: dict[str, Value] = field(default_factory=dict)
    file: str = ""

    @property
    def route(self) -> str:
        """The route its address belongs to."""
        return route_of(self.method, self.action)


def route_of(method: str, address: str) -> str:
    """The route of an address, '' where there is none: the most particular one, as the desk has it."""
    path = urlsplit(address).path
    known = [known for asked, known in rights.TABLE if asked == method]
    fitting = [known for known in known if re.fullmatch(_pattern(known), path)]
    return max(fitting, key=lambda known: (len(known.split("/")), -known.count("{")), default="")


def _pattern(route: str) -> str:
    return re.sub(r"\\\{\w+(:path)?\\\}", lambda found: ".+" if found[1] else "[^/]+", re.escape(route))


class _Reader(HTMLParser):
    def __init__(self, role: str):
        super().__init__()
        self.role = role
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._open: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a" and told.get("href", "").startswith("/"):
            self.links.append(told["href"])
        elif tag == "form":
            multipart = told.get("enctype") == "multipart/form-data"
            self._open = [Form(self.role, told.get("method", "get").upper(), told["action"], multipart)]
            self.forms += self._open
        elif self._open and tag == "button" and "formaction" in told:
            first = self._open[0]
            self._open.append(Form(self.role, first.method, told["formaction"], first.multipart, first.fields))
            self.forms.append(self._open[-1])
        elif self._open and tag in ("input", "textarea", "select") and "name" in told:
            self._field(tag, told)
        elif self._open and tag == "option" and self._select and not self._open[0].fields[self._select]:
            self._open[0].fields[self._select] = told.get("value", "")

    def _field(self, tag: str, told: dict[str, str]) -> None:
        form, name, kind = self._open[0], told["name"], told.get("type", tag)
        self._select = name if kind == "select" else ""
        if kind == "file":
            form.file = name
        elif kind in ("hidden", "checkbox", "select") or kind == "radio":
            form.fields.setdefault(name, told.get("value", ""))
        elif told.get("autocomplete") == "username":
            form.fields[name] = "engineer"
        elif told.get("inputmode") == "numeric":
            form.fields[name] = "1"
        else:
            form.fields[name] = told.get("value") or _FITTING.get(kind, "核实")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = []
        elif tag == "select":
            self._select = ""


def crawl(client: Any, role: str, *also: str) -> list[Form]:
    """The forms a role is shown; ``also``: addresses of pages that no page leads to before there was a build."""
    starts = ["/login"] if role not in rights.HOME else [*(path for path in rights.PAGES if "{" not in path), *also]
    waiting, seen, opened = list(starts), set(starts), Counter[str]()
    forms: list[Form] = []
    while waiting:
        answer = client.get(waiting.pop(0))
        if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        reader = _Reader(role)
        reader.feed(answer.text)
        forms += reader.forms
        for link in reader.links:
            route = route_of("GET", link)
            if route and link not in seen and opened[route] < _OF_ONE_ROUTE:
                seen.add(link)
                opened[route] += 1
                waiting.append(link)
    return forms
