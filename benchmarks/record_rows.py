"""Invented records for ``bench subjects``, written straight into the raw tables as accepted batches.

What is measured there is resolution and dbt, so the rows do not pass the lander; they have the shape it gives them.
Subjects are skewed (the busiest thousandth owns several per cent of the records), as in life. Persons are tokens only.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import psycopg
from public_credit.catalogue import load_catalogue
from public_credit.custody.vault import new_tokens
from public_credit.identifiers.codes import make_uscc
from public_credit.land.raw_tables import PROVENANCE

FIRST_DAY = date(2016, 1, 1)
DAYS = 3600
UNIT, UNIT_USCC = "示范区市场监督管理局", "113703990000010895"


@dataclass(frozen=True)
class Share:
    """How much of the records is of one kind, and what fills its fields besides subject and number."""

    kind: str
    variant: str
    dataset: str
    part: float
    values: dict[str, Any]  # a text, or "day+N": the event's day and N days
    person: bool = False


_AUTHORITY = {
    "authority_name": UNIT,
    "authority_uscc": UNIT_USCC,
    "source_unit_name": UNIT,
    "source_unit_uscc": UNIT_USCC,
}
SHARES = (
    Share(
        "administrative_licence",
        "entity",
        "scjg.licence_entity",
        0.24,
        {
            "subject_category": "法人及非法人组织",
            "decision_title": "食品经营许可决定书",
            "licence_category": "普通",
            "licence_content": "热食类食品制售",
            "decision_date": "day+0",
            "valid_from": "day+0",
            "valid_to": "day+1825",
            "licence_state": "1",
            **_AUTHORITY,
        },
    ),
    Share(
        "administrative_penalty",
        "entity",
        "scjg.penalty_entity",
        0.12,
        {
            "subject_category": "法人及非法人组织",
            "violation_type": "未按规定公示信息",
            "violation_facts": "未按规定公示年度报告",
            "legal_basis": "企业信息公示暂行条例第十八条",
            "penalty_category": "罚款",
            "penalty_content": "罚款人民币2000元",
            "fine_amount_wan": "0.2",
            "decision_date": "day+0",
            "valid_until": "day+365",
            "publication_end": "day+180",
            **_AUTHORITY,
        },
    ),
    Share(
        "inspection_result",
        "inspection",
        "scjg.inspection_result",
        0.30,
        {
            "inspection_area": "食品",
            "inspection_type": "双随机",
            "inspected_on": "day+0",
            "result": "合格",
            **_AUTHORITY,
        },
    ),
    Share(
        "social_insurance_payment",
        "entity",
        "rsj.social_insurance_payment",
        0.20,
        {"insured_count": "36", "payment_state": "正常缴费", **_AUTHORITY},
    ),
    Share(
        "statutory_rating",
        "entity",
        "swj.statutory_rating",
        0.06,
        {"rating_domain": "纳税信用", "grade": "B", "decided_on": "day+0", **_AUTHORITY},
    ),
    Share(
        "honour",
        "entity",
        "scjg.honour",
        0.03,
        {
            "honour_title": "守合同重信用企业",
            "honour_kind": "红名单",
            "honour_level": "县区级",
            "decided_on": "day+0",
            "valid_to": "day+730",
            **_AUTHORITY,
        },
    ),
    Share(
        "abnormal_operation",
        "entity",
        "scjg.abnormal_operation",
        0.03,
        {"entered_on": "day+0", "reason": "未按规定公示年度报告", **_AUTHORITY},
    ),
    Share(
        "practitioner_registration",
        "person",
        "wsjk.practitioner_registration",
        0.02,
        {
            "id_type": "身份证",
            "profession": "执业医师",
            "register_name": "医师执业注册名册",
            "issued_on": "day+0",
            "state": "有效",
            "source_unit_name": UNIT,
            "source_unit_uscc": UNIT_USCC,
        },
        person=True,
    ),
)


class World:
    """Organisations, practitioners, and batches of records about them."""

    def __init__(self, connection: psycopg.Connection, organisations: int, practitioners: int, seed: int = 7):
        self.connection, self.kinds = connection, load_catalogue().kinds
        self.usccs = pl.Series([make_uscc("91", f"MA3{number:05d}") for number in range(organisations)])
        self.names = pl.Series([f"示范区第{number}号商贸有限公司" for number in range(organisations)])
        self.persons = pl.Series(new_tokens(bytes(32), "P", [str(number) for number in range(practitioners)]))
        self.rng = np.random.default_rng(seed)
        rank = np.arange(1, organisations + 1, dtype=float)
        self.weights = rank**-0.6 / (rank**-0.6).sum()
        self.written = {share.kind: 0 for share in SHARES}
        self.connection.execute(
            "insert into ledger.archive_object (uri, sha256, size_bytes, wrapped_key) "
            "values ('bench:none', '', 0, null) on conflict do nothing"
        )

    def register(self) -> int:
        """The register of all organisations as one full snapshot; rows written."""
        count = len(self.usccs)
        rows = pl.DataFrame(
            {
                "name": self.names,
                "uscc": self.usccs,
                "org_code": self.usccs.str.slice(8, 9),
                "entity_type": ["有限责任公司"] * count,
                "established_on": ["2015-06-01"] * count,
                "state": ["存续"] * count,
                "address": ["示范区一号路"] * count,
            }
        )
        return self._write(
            "enterprise_registration",
            "all",
            "scjg.enterprise_registration",
            rows,
            self._ids("enterprise_registration", np.arange(count)),
            mode="full_snapshot",
        )

    def records(self, total: int) -> int:
        """New records over all kinds, in batches of at most 250,000 rows; how many."""
        done = 0
        for share in SHARES:
            wanted = round(total * share.part)
            for start in range(0, wanted, 250_000):
                done += self._new(share, min(250_000, wanted - start))
        return done

    def changed(self, total: int) -> int:
        """Newer versions of records that are on file already, spread over the kinds; how many."""
        done = 0
        for share in SHARES:
            count = min(round(total * share.part), self.written[share.kind])
            numbers = np.sort(self.rng.choice(self.written[share.kind], count, replace=False))
            done += self._rows(share, numbers, remark="更正")
        return done

    def _new(self, share: Share, count: int) -> int:
        first = self.written[share.kind]
        self.written[share.kind] += count
        return self._rows(share, np.arange(first, first + count))

    def _rows(self, share: Share, numbers: np.ndarray, remark: str = "") -> int:
        """A record's subject, day and number follow from its number alone, so a newer version keeps its key."""
        kind = self.kinds[share.kind]
        drawn = np.random.default_rng(1).permutation(len(self.usccs))
        owner = drawn[
            np.searchsorted(np.cumsum(self.weights), (numbers * 0.618033988749895) % 1.0).clip(0, len(drawn) - 1)
        ]
        day = (numbers * 7919) % DAYS
        columns: dict[str, pl.Series] = {}
        if share.person:
            who = numbers % len(self.persons)
            columns |= {"subject_name": pl.Series([f"从业人员{n}" for n in who]), "id_no": self.persons.gather(who)}
        else:
            columns |= {"subject_name": self.names.gather(owner), "uscc": self.usccs.gather(owner)}
        if kind.document:
            columns[kind.document] = "示" + pl.Series(numbers).cast(pl.String) + "号"
        if share.kind == "social_insurance_payment":
            columns["period"] = pl.Series([f"{2016 + n // 12 % 10}-{n % 12 + 1:02d}" for n in numbers])
        if share.kind == "statutory_rating":
            columns["period"] = pl.Series([str(2016 + n % 10) for n in numbers])
        for name, value in share.values.items():
            if name not in columns:
                columns[name] = (
                    self._dates(day, int(value[4:]))
                    if value.startswith("day+")
                    else pl.repeat(value, len(numbers), eager=True)
                )
        columns["remark"] = pl.repeat(remark, len(numbers), eager=True)
        return self._write(
            share.kind, share.variant, share.dataset, pl.DataFrame(columns), self._ids(share.kind, numbers)
        )

    @staticmethod
    def _dates(day: np.ndarray, later: int) -> pl.Series:
        known = pl.Series([(FIRST_DAY + timedelta(days=n + later)).isoformat() for n in range(DAYS)])
        return known.gather(day)

    @staticmethod
    def _ids(kind: str, numbers: np.ndarray) -> pl.Series:
        text = pl.Series(numbers).cast(pl.String)
        return ((kind + text).hash(1).cast(pl.String).str.zfill(20) + text.str.zfill(11) + "0").alias("record_id")

    def _write(
        self, kind: str, variant: str, dataset: str, rows: pl.DataFrame, ids: pl.Series, mode: str = "events"
    ) -> int:
        """COPY the rows as one accepted batch."""
        count = rows.height
        inserted = self.connection.execute(
            """
            insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes,
                archive_uri, business_date, state, current_attempt, rows_in, accepted, quarantined, duplicate, refused, gated_on)
            values (gen_random_uuid()::text, %(dataset)s, %(unit)s, %(kind)s, %(variant)s, %(mode)s, 'bench', '', 0, 'bench:none',
                '2026-02-25', 'accepted', 1, %(rows)s, %(rows)s, 0, 0, 0, '2026-02-25') returning seq""",
            {
                "dataset": dataset,
                "unit": dataset.split(".")[0],
                "kind": kind,
                "variant": variant,
                "mode": mode,
                "rows": count,
            },
        ).fetchall()
        ((seq,),) = inserted
        self.connection.execute(
            "insert into ledger.attempt (batch_seq, attempt, state, rows_in, rows_landed, refused, business_date) "
            "values (%s, 1, 'gated', %s, %s, 0, '2026-02-25')",
            [seq, count, count],
        )
        scheme, of_row = ("uscc", rows["uscc"]) if "uscc" in rows.columns else ("person", rows["id_no"])
        content = rows.select(pl.concat_str(pl.all()).hash(3).cast(pl.String).str.zfill(32)).to_series()
        provenance = {
            "batch_seq": pl.repeat(seq, count, eager=True),
            "attempt": pl.repeat(1, count, eager=True),
            "row_no": pl.int_range(1, count + 1, eager=True),
            "source_row": pl.int_range(2, count + 2, eager=True),
            "variant": pl.repeat(variant, count, eager=True),
            "record_id": ids,
            "content_hash": content,
            "subject_scheme": pl.repeat(scheme, count, eager=True),
            "subject_value": of_row,
            **{name: pl.repeat("", count, eager=True) for name in ("source_version", "row_errors", "row_warnings")},
        }
        frame = rows.with_columns(**{name: values for name, values in provenance.items() if name in PROVENANCE})
        target = io.BytesIO()
        frame.write_csv(target, include_header=False, quote_style="always")
        with (
            self.connection.cursor() as cursor,
            cursor.copy(
                f"copy raw.{kind} ({', '.join(frame.columns)}) from stdin (format csv, force_not_null "
                f"({', '.join(frame.columns)}))"
            ) as copy,
        ):
            copy.write(target.getvalue())
        return count
