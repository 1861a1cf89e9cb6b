"""A dialect: the same fields under the headings of one department, and the way it writes values (domain.md 1.3).

A dialect is a list of (field, heading) in the order of the file. A field of None is a column of the department's own system
that belongs to no catalogue entry; its cells come from ``Row.extra``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """One heading line and the way its values are written."""

    id: str
    table: str
    columns: tuple[tuple[str | None, str], ...]
    dates: str = "iso"  # iso | slash | slash_short | chinese | compact | cell | serial
    categories: str = "text"  # text | split (法人/非法人组织) | code (01-04)
    null_blank: bool = False

    @property
    def headers(self) -> list[str]:
        return [heading for _, heading in self.columns]

    @property
    def fields(self) -> set[str]:
        return {field for field, _ in self.columns if field}

    def with_columns(
        self, *, add: Iterable[str] = (), rename: dict[str, str] | None = None, suffix: str = ""
    ) -> Dialect:
        """The same dialect with extra columns at the end and/or renamed headings."""
        rename = rename or {}
        columns = [
            (
                field if heading not in rename or rename[heading][0] != "!" else None,
                rename.get(heading, heading).lstrip("!"),
            )
            for field, heading in self.columns
        ]
        columns += [(None, heading) for heading in add]
        return Dialect(self.id + suffix, self.table, tuple(columns), self.dates, self.categories, self.null_blank)


def full_width(text: str) -> str:
    """Brackets as Chinese typists set them."""
    return text.replace("(", "（").replace(")", "）")
