"""Put register rows straight into a warehouse, as accepted batches with a build's frozen inputs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from public_credit import subjects as resolve
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import PLACEHOLDER, make_org_code, make_registration, make_uscc

from tests.helpers.records import as_stored
from tests.helpers.runs import run_on

ON = date(2026, 2, 25)
ENTERPRISE, ORGANISATION = "enterprise_registration", "organisation_registration"
TABLES = {
    "subject": "subject_id, canonical_key, subject_class, org_type, uscc, name, name_key, state, established_on, address, "
    "legal_rep_name, gone",
    "identifier": "scheme, value, subject_id, reason",
    "succession": "record_id, old_subject_id, new_subject_id, kind, known_on",
    "register": "record_id, batch_seq, attempt, row_no, gone, subject_id",
    "work_item": "topic, key, reason, detail::text, state",
}


def code(number: int, kind: str = "91") -> str:
    """The 统一社会信用代码 of an invented organisation."""
    return make_uscc(kind, f"MA{number:06d}")


def org(number: int) -> str:
    return make_org_code(f"MA{number:06d}")


def reg(number: int) -> str:
    return make_registration(f"370399228{number:05d}")


def firm(number: int, kind: str = "91", **fields: str) -> dict[str, str]:
    """A row of the enterprise register."""
    uscc = code(number, kind)
    return {
        "kind": ENTERPRISE,
        "name": f"示范区甲{number:06d}商贸有限公司",
        "uscc": uscc,
        "state": "存续",
        "entity_type": "有限责任公司",
    } | fields


def body(number: int, **fields: str) -> dict[str, str]:
    """A row of the register of institutions; no code unless one is given."""
    return {
        "kind": ORGANISATION,
        "subject_name": f"示范区乙{number:06d}服务中心",
        "org_type": "事业单位",
        "state": "存续",
    } | fields


def record_id(row: dict[str, str]) -> str:
    """As landing makes it: from the first identifier of the row."""
    kind = row["kind"]
    key = (
        row.get("uscc", "")
        if kind == ENTERPRISE
        else next(
            (
                f"{name}:{row[name]}"
                for name in (
                    "uscc",
                    "org_code",
                    "business_reg_no",
                    "tax_reg_no",
                    "institution_cert_no",
                    "social_org_cert_no",
                    "subject_name",
                )
                if row.get(name) and row[name] != PLACEHOLDER
            ),
            "",
        )
    )
    return "r" + sha256(f"{kind}|{key}".encode()).hexdigest()[:31]


class Registers:
    """Deliver rows and resolve builds on one warehouse."""

    def __init__(self, warehouse: Any):
        self.owner = warehouse.connect("owner")
        self.owner.autocommit = True
        self.owner.execute(
            "insert into ledger.archive_object (uri, sha256, size_bytes) values ('memory:', '', 0) "
            "on conflict do nothing"
        )
        self.inputs: list[tuple[int, int, str, str]] = []

    def query(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return self.owner.execute(sql, parameters).fetchall()

    def deliver(
        self,
        rows: Sequence[dict[str, str]],
        *,
        mode: str = "changes",
        dataset: str = "",
        on: date = ON,
        versions: str = "",
    ) -> list[int]:
        """One accepted batch per kind in the rows, waiting for the next build; their sequences."""
        seqs = []
        for kind in sorted({row["kind"] for row in rows}):
            given = [row for row in rows if row["kind"] == kind]
            name = dataset or f"test.{kind}"
            seq = self.query(
                "insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, "
                "size_bytes, archive_uri, business_date, state, current_attempt, rows_in, accepted, quarantined, duplicate, "
                "refused) values (gen_random_uuid()::text, %s, 'test', %s, 'all', %s, '', '', 0, 'memory:', %s, 'accepted', "
                "1, %s, %s, 0, 0, 0) returning seq",
                [name, kind, mode, on, len(given), len(given)],
            )[0][0]
            self._land(kind, seq, 1, given, versions)
            self.inputs.append((seq, 1, "add", kind))
            seqs.append(seq)
        return seqs

    def _land(self, kind: str, seq: int, attempt: int, rows: Sequence[dict[str, str]], versions: str) -> None:
        fields = load_catalogue().kinds[kind].columns
        columns = [
            "batch_seq",
            "attempt",
            "row_no",
            "variant",
            "record_id",
            "content_hash",
            "source_version",
            "row_errors",
            "row_warnings",
            *fields,
        ]
        with self.owner.cursor() as cursor, cursor.copy(f"copy raw.{kind} ({', '.join(columns)}) from stdin") as stream:
            for number, row in enumerate(rows, start=1):
                stream.write_row(
                    [
                        seq,
                        attempt,
                        number,
                        "all",
                        as_stored(record_id(row)),
                        f"{number:032x}",
                        versions,
                        "",
                        "",
                        *(row.get(name, "") for name in fields),
                    ]
                )

    def replay(self, seq: int, kind: str, rows: Sequence[dict[str, str]]) -> None:
        """A second attempt takes over from the first with the next build."""
        self._land(kind, seq, 2, rows, "")
        self.inputs += [(seq, 1, "remove", kind), (seq, 2, "add", kind)]

    def freeze(self, on: date = ON) -> int:
        """A new build with the waiting inputs."""
        self.owner.execute("update ledger.build set state = 'built'")
        build = self.query("insert into ledger.build (business_date) values (%s) returning build_id", [on])[0][0]
        for seq, attempt, operation, kind in self.inputs:
            self.owner.execute(
                "insert into ledger.build_input values (%s, %s, %s, %s, %s)", [build, seq, attempt, operation, kind]
            )
        self.inputs.clear()
        return build

    def build(self, *batches: Sequence[dict[str, str]], on: date = ON) -> int:
        """Deliver the batches and resolve one build."""
        for rows in batches:
            self.deliver(rows, on=on)
        build = self.freeze(on)
        resolve.run(run_on(on), build)
        return build

    def judge(self, decision: str, left: str, right: str) -> int:
        return self.query(
            "insert into ledger.judgement (decision, left_key, right_key, reason, decided_by, decided_on) "
            "values (%s, %s, %s, 'test', 'test', %s) returning id",
            [decision, left, right, ON],
        )[0][0]

    def undo(self, judgement: int) -> None:
        self.owner.execute("update ledger.judgement set undone_at = now() where id = %s", [judgement])

    def subject(self, scheme: str, value: str) -> str | None:
        found = self.query(
            "select subject_id from subjects.identifier where scheme = %s and value = %s", [scheme, value]
        )
        return found[0][0] if found else "absent"

    def now(self, past: str) -> str:
        """The subject an id stands for today."""
        return self.query(
            "select coalesce((select subject_id from subjects.alias where past_id = %s), "
            "(select subject_id from subjects.subject where subject_id = %s))",
            [past, past],
        )[0][0]

    def tables(self, *names: str) -> dict[str, list[Any]]:
        """Sorted content of the tables others read, without build ids."""
        return {
            name: sorted(map(repr, self.query(f"select {TABLES[name]} from subjects.{name}")))
            for name in names or TABLES
        }
