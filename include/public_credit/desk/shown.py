"""Pages from templates: one environment, the words and marks pages share."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse

from ..base import settings
from ..base.messages import UserError, spoken
from ..catalogue import Catalogue, load_catalogue
from ..ledger import words
from ..ledger.states import BatchState, ItemState, RequestState, Verdict
from ..oversight import figure_page
from ..papers.record import page as records
from ..subjects.nodes import TITLES
from . import rights
from .person import Person

_FOLDER = Path(__file__).parent
STATIC = {
    "desk.css": "text/css; charset=utf-8",
    "record.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
}
STATUS = {2: 400, 3: 503, 4: 404, 5: 502, 6: 409}  # exit code of the command line → status
_TONE = {  # a mark beside the word: colour is never alone
    BatchState.ACCEPTED: "good", BatchState.ACCEPTED_WITH_QUARANTINE: "warn", BatchState.HELD: "bad",
    BatchState.BROKEN: "bad", BatchState.FAILED: "bad", BatchState.LANDED: "calm", BatchState.RECEIVED: "calm",
    Verdict.OK: "good", Verdict.WARNING: "warn", Verdict.INCOMPLETE: "calm",
    RequestState.ANSWERED: "good", RequestState.REFUSED: "bad", RequestState.NOT_TAKEN: "warn",
    ItemState.UNKNOWN: "bad", ItemState.REJECTED: "bad", ItemState.SENDING: "calm", ItemState.PENDING: "calm",
}  # fmt: skip
_MARK = {"good": "✓", "warn": "△", "bad": "✕", "calm": "◷", "": "·"}


def _when(at: datetime | None) -> str:
    return at.astimezone(settings.TIMEZONE).strftime("%m-%d %H:%M") if at else ""


def _number(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


class Names:
    """What things of the catalogue are called; an id stands where the catalogue does not know it any more."""

    def __init__(self) -> None:
        try:
            self._catalogue: Catalogue | None = load_catalogue()
        except UserError:
            self._catalogue = None

    @property
    def district(self) -> str:
        """The district, '' while its catalogue cannot be read."""
        return self._catalogue.district.name if self._catalogue else ""

    def unit(self, unit_id: str) -> str:
        """A unit."""
        return self._catalogue.unit_name(unit_id) if self._catalogue else unit_id

    def dataset(self, dataset_id: str, alone: bool = True) -> str:
        """A dataset; ``alone``: with its unit, which nothing beside it names."""
        found = self._catalogue.datasets.get(dataset_id) if self._catalogue else None
        if found is None:
            return dataset_id
        return f"{self.unit(found.unit)} · {found.title}" if alone else found.title

    def kind(self, kind_id: str) -> str:
        """A kind of record."""
        found = self._catalogue.kinds.get(kind_id) if self._catalogue else None
        return found.title if found else kind_id

    def interface(self, interface_id: str) -> str:
        """What an interface of a receiver is told."""
        return self._catalogue.interface_name(interface_id) if self._catalogue else interface_id

    def counted(self, key: str) -> str:
        """What a number of a release's cover counts: ``<interface> <operation>``, or in words already."""
        interface, _, operation = key.partition(" ")
        known = words.OPERATION.get(operation, "")
        return f"{self.interface(interface)} {known}" if known else key

    def who(self, account: str) -> str:
        """An account with the name of its person, where ``users.yml`` still names one."""
        found = self._catalogue.users.get(account) if self._catalogue else None
        return found.who if found else account

    def units(self) -> list[tuple[str, str]]:
        """Units to choose from, id and name."""
        known = self._catalogue.units.values() if self._catalogue else ()
        return sorted(((unit.id, unit.name) for unit in known), key=lambda one: one[1])


def _identifier(key: str) -> str:
    """An identifier ``scheme:value``, or a record's id, as people read it."""
    scheme, colon, value = key.partition(":")
    return f"{TITLES[scheme]} {value}" if colon and scheme in TITLES else key


def state_mark(state: str, vocabulary: dict[str, str]) -> tuple[str, str, str]:
    """(tone, mark, word) of a state."""
    tone = _TONE.get(state, "")  # type: ignore[call-overload]  # members of several enums, asked for by their text
    return tone, _MARK[tone], vocabulary.get(state, state)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"when": _when, "number": _number, "spoken": spoken}
    made.filters |= {"identifier": _identifier}
    made.globals |= {"words": words, "state_mark": state_mark, "may": rights.may, "schemes": TITLES}
    made.globals |= {"record_body": records.body, "figure_body": figure_page.body}
    return made


def page(template: str, person: Person | None, status: int = 200, **told: Any) -> HTMLResponse:
    """A page for a person, or for whoever is not signed in."""
    named = Names()
    text = (
        _environment()
        .get_template(template)
        .render(
            person=person,
            district=named.district,
            named=named,
            places=rights.places(person.role) if person else [],
            **told,
        )
    )
    return HTMLResponse(text, status)


def message(person: Person | None, title: str, text: str, remedy: str = "", status: int = 200) -> HTMLResponse:
    """A page that says one thing."""
    return page("message.html.j2", person, status, title=title, text=spoken(text), remedy=spoken(remedy), onward="")


def static(name: str) -> tuple[bytes, str]:
    """A file of the pages' looks and its type. Raises UserError (code 4) for any other name."""
    if name not in STATIC:
        raise UserError("没有这个文件。", remedy="从导航中选择页面。", code=4)
    content = records.style().encode() if name == "record.css" else (_FOLDER / "static" / name).read_bytes()
    return content, STATIC[name]
