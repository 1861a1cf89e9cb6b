"""What is written outside the vault is written without numbers of persons: nobody who writes has to think of it.

Every statement that writes into the schema ``ledger``, itself or by a function that books a look, passes ``_clean``, whichever
engine, table, column or way of writing it; ``clear`` takes the numbers out of an error that leaves our hands, ``watch_logs`` out of whatever Python logs. Rows of
``raw`` pass the landing scan instead, which keeps the numbers in the vault.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from sqlalchemy import Engine, event

from ..identifiers import persons

# Identifiers of organisations, as people judge them, and numbers of documents: a 15-digit 工商注册号 may look like a number of a person.
_KEYS = re.compile(r"(?:left|right)_key(?:__\d+)?|numbers")
_JSON = "psycopg.types.json"  # of its wrappers; DAG files import this module and not the driver
# Functions that write with their owner's rights what a person typed; a test finds them in the database.
_BOOKING = ("find_persons", "note_look", "note_visit", "person_records", "record_rows")
_WRITES = re.compile(rf"\b(?:insert\s+into|update)\s+ledger\.|\bdesk\.(?:{'|'.join(_BOOKING)})\s*\(", re.IGNORECASE)


def clean(value: Any) -> Any:
    """A text, or what a JSON document or an array holds of texts, without numbers of persons."""
    if isinstance(value, str):
        return persons.mask(value)
    if type(value).__module__ == _JSON:
        return type(value)(clean(value.obj), value.dumps)
    if isinstance(value, dict):
        return {clean(name): clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(clean, value))
    return value


def _parameters(given: Any) -> Any:
    if isinstance(given, dict):
        return {name: value if _KEYS.fullmatch(name) else clean(value) for name, value in given.items()}
    return clean(given)


def _clean(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    """The parameters of a statement as they go to the database; ``executemany``: of many statements at once."""
    if not _WRITES.search(statement):
        return statement, parameters
    # The rows of an insert that answers are one statement's, told as of many.
    many = executemany and isinstance(parameters, list)
    return statement, [_parameters(one) for one in parameters] if many else _parameters(parameters)


event.listen(Engine, "before_cursor_execute", _clean, retval=True)


def clear(error: BaseException) -> None:
    """Take numbers of persons out of the texts of an error and of all its causes, in place."""
    seen: BaseException | None = error
    while seen is not None:
        seen.args = clean(seen.args)
        for name in ("text", "remedy", "filename", "filename2"):
            if isinstance(getattr(seen, name, None), str):
                setattr(seen, name, clean(getattr(seen, name)))
        seen = seen.__cause__ or seen.__context__


def watch_logs() -> None:
    """Take numbers of persons out of everything that is logged from here on; said again, it changes nothing."""
    make = logging.getLogRecordFactory()
    if getattr(make, "clears", False):
        return

    def made(*given: Any, **named: Any) -> logging.LogRecord:
        record = make(*given, **named)
        if record.exc_info and record.exc_info[1] is not None:
            clear(record.exc_info[1])
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # the handler says so
            return record
        if (shown := persons.mask(text)) != text:
            record.__dict__ |= {"msg": shown, "args": None}
        return record

    made.clears = True  # type: ignore[attr-defined]  # a mark of ours
    logging.setLogRecordFactory(made)
