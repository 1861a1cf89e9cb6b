"""What is told of a delivery beside its rows: columns nobody knows, must not be sent, stand twice or are missing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..base.exact_json import DOUBLED
from ..catalogue import Kind
from ..identifiers import persons
from . import headers
from .readers import Note


class Signals:
    """Signals of one attempt, each with the number of rows it was seen in."""

    def __init__(self, batch_seq: int, attempt: int):
        self._batch_seq, self._attempt = batch_seq, attempt
        self._rows: Counter[tuple[str, str]] = Counter()
        self._texts: dict[tuple[str, str], tuple[str, str, str]] = {}

    def note(self, code: str, subject: str, severity: str, owner: str, message: str, rows: int = 0) -> None:
        """Note a signal about a subject; one that is noted already gets its rows added."""
        self._rows[code, subject] += rows
        self._texts[code, subject] = (severity, owner, message)

    def values(self) -> list[dict[str, Any]]:
        """Rows of ``ledger.signal``."""
        return [
            {
                "batch_seq": self._batch_seq,
                "attempt": self._attempt,
                "code": code,
                "subject": subject,
                "rows": rows,
                "severity": severity,
                "owner": owner,
                "message": message,
            }
            for (code, subject), rows in self._rows.items()
            for severity, owner, message in [self._texts[code, subject]]
        ]

    def of_headers(self, kind: Kind, match: headers.HeaderMatch, channel: dict[str, str]) -> None:
        """Note what the headers of a table tell; ``channel``: columns a channel adds to the record's own, folded."""
        for header in match.unknown:
            if header.endswith(DOUBLED):
                shown = persons.mask(header.removesuffix(DOUBLED))[:200]
                self.note(
                    "doubled_field",
                    shown,
                    "warning",
                    "department",
                    f"“{shown}”在同一条记录中给出两次，采用了第一次的值，请来源单位核实",
                )
            elif headers.fold(header) not in channel:
                shown = persons.mask(header)[:200]
                self.note(
                    "unknown_column",
                    shown,
                    "warning",
                    "data_engineer",
                    f"列“{shown}”不在目录内，内容未入库；确有需要的，在目录中登记后重放本批次",
                )
        for header in match.forbidden:
            shown = persons.mask(header)[:200]
            self.note(
                "forbidden_column", shown, "error", "department", f"列“{shown}”依法不得归集，内容未入库，请停止报送该列"
            )
        for header in match.ambiguous:
            shown = persons.mask(header)[:200]
            self.note(
                "ambiguous_column",
                shown,
                "warning",
                "department",
                f"列“{shown}”与另一列含义相同，未采用，请删去多余的列",
            )
        for header in match.other_unit:
            shown = persons.mask(header)[:200]
            self.note(
                "other_unit",
                shown,
                "error",
                "department",
                f"列“{shown}”的单位不是万元，未采用；请把金额换算为万元，列名改用万元后重新报送",
            )
        for name in headers.required_missing(kind, match):
            title = kind.fields[name].title
            self.note("missing_column", name, "error", "department", f"缺少必填列“{title}”，请按填报模板补上该列")

    def of_file(self, said: Note) -> None:
        """Note what a reader says of a file; what must be looked at before the rows go on is critical (rule B10)."""
        self.note(
            said.code, said.subject, "critical" if said.holds else "warning", "department", said.message, said.rows
        )

    def of_other_column(self, header: str, rows: int) -> None:
        """Note rows with a sensitive number in a column that is not in the catalogue."""
        shown = persons.mask(header)[:200]
        self.note(
            "sensitive_in_unknown_column",
            shown,
            "error",
            "department",
            f"目录外的列“{shown}”中有证件、手机或银行卡号，内容未入库，请停止报送该列",
            rows,
        )
