"""Whether the pages of one pull are complete: told by which rows came, not only by how many."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson

from .streams import RowsTold, row_hash


class Incomplete(Exception):
    """The pages do not make up what the source announced; ``reason`` in Chinese, with the page where it is one page's."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Received:
    """The rows of a pull so far. A row is what it says in all columns that mean something (8 bytes of hash each are kept).

    ``ignored``: headers of columns that mean nothing, such as a number in the answer or the time of the export. The version
    of a row counts even where it stands among them.
    """

    def __init__(self, ignored: Collection[str], row_version: str):
        self._ignored = {name.casefold() for name in ignored} - {row_version.casefold()}
        self._rows: set[int] = set()
        self._pages: dict[int, int] = {}
        self._again: dict[int, int] = {}  # page → its rows that an earlier page had
        self.told = RowsTold()

    def take(self, number: int, rows: list[dict[str, Any]]) -> None:
        """Note the rows of a page. Raises Incomplete when it is an earlier page once more.

        Rows that repeat each other on one page are the sender's doubles and judged as rows.
        """
        page = tuple(self._identity(row) for row in rows)
        if page and (earlier := self._pages.setdefault(hash(page), number)) != number:
            raise Incomplete(f"第 {number} 页与第 {earlier} 页内容相同")
        if again := sum(row in self._rows for row in page):
            self._again[number] = again
        self._rows.update(page)
        for row in page:
            self.told.add(row)

    def settle(self, announced: int) -> None:
        """Raises Incomplete where rows are missing, or came twice in place of others."""
        if self.told.count != announced:
            raise Incomplete(f"应有 {announced} 行，实收 {self.told.count} 行")
        if self._again:
            number, again = next(iter(self._again.items()))
            fresh = announced - sum(self._again.values())
            raise Incomplete(
                f"应有 {announced} 行，实收的不同行只有 {fresh} 行：第 {number} 页有 {again} 行在前面的页中已出现"
            )

    def _identity(self, row: dict[str, Any]) -> int:
        meant = {name: value for name, value in row.items() if name.casefold() not in self._ignored}
        return row_hash(orjson.dumps(meant, option=orjson.OPT_SORT_KEYS))
