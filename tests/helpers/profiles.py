"""Marts as the contract has them, filled by hand: two firms with records of every sort, one person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from public_credit.base import settings
from public_credit.custody import vault
from public_credit.identifiers.codes import make_id_number, make_uscc

ON = date(2026, 2, 26)
MARTS = ("enterprise", "non_enterprise_legal_person")
COUNTS = (
    "records",
    "basic_records",
    "adverse_records",
    "positive_records",
    "other_records",
    "licences",
    "penalties",
    "serious_penalties",
    "ratings",
    "inspections",
    "honours",
    "breach_entries",
    "abnormal_entries",
    "debtor_entries",
    "contracts",
    "insurance_payments",
    "labour_violations",
    "disclosures",
    "commitments",
    "open_list_entries",
)
_RECORD = (
    "record_id text, kind text, variant text, dataset_id text, unit_id text, sectors text, disclosure text, "
    "batch_seq bigint, attempt smallint, row_no integer, subject_class text, subject_name text, nature text, "
    "topic text, title text, detail text, document_no text, authority_name text, authority_uscc text, "
    "event_on date, ends_on date, exited_on date, severity_class text, state text, objected boolean, "
    "subject_id text, person_ref text"
)
_TABLES = {
    **{
        f"mart_subjects__{mart}": "subject_id text primary key, uscc text, name text, org_type text, state text, "
        "established_on date, address text, legal_rep_name text, "
        + ", ".join(f"{name} integer" for name in COUNTS)
        + ", on_lists text, latest_ratings text, last_event_on date, food_drug boolean, food_drug_grade text"
        for mart in MARTS
    },
    "mart_subjects__timeline": _RECORD,
    "mart_lists__entry": "record_id text primary key, subject_id text, subject_name text, list_kind text, list_name text, "
    "document_no text, entered_on date, reason text, legal_basis text, term_to date, exited_on date, "
    "state text, objected boolean, authority_name text, disclosure text",
    "mart_subjects__food_drug_grade": "subject_id text primary key, grade text, rule text, explanation text, clause text, "
    "rule_valid_from date",
    "mart_subjects__food_drug_grade_basis": "subject_id text, record_id text, role text, document_no text, title text, "
    "event_on date, authority_name text",
    "mart_subjects__natural_person": "person_ref text, record_id text, role text, kind text, nature text, topic text, title text, detail text, "
    "document_no text, authority_name text, unit_id text, event_on date, ends_on date, "
    "exited_on date, state text, objected boolean",
    "mart_shuanggongshi__penalty": "record_id text primary key, legal_basis text",
}
_LISTS = {
    "严重失信主体名单": ("breach_list", "失信信息"),
    "经营异常名录": ("abnormal_operation", "失信信息"),
    "失信被执行人": ("judgment_debtor", "失信信息"),
    "红名单": ("honour", "守信信息"),
}
ID_NUMBER = make_id_number("37039919900101001")


def uscc(number: int, kind: str = "91") -> str:
    return make_uscc(kind, f"{number:08d}")


def _insert(connection: Any, table: str, **values: Any) -> None:
    connection.execute(
        f"insert into {table} ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})", list(values.values())
    )


class Profiles:
    """Writes subjects, records and list entries as the builder would."""

    def __init__(self, warehouse: Any):
        self._warehouse, self._number = warehouse, 0
        with warehouse.connect("builder") as builder:
            for table, columns in _TABLES.items():
                builder.execute(f"create table marts.{table} ({columns})")
                builder.execute("select ledger.settle_rights(cast(%s as regclass))", [f"marts.{table}"])
            builder.execute(
                "insert into ledger.unit (unit_id, name, uscc) values ('scjg', '示范区市场监督管理局', 'u1')"
            )
            builder.execute("insert into ledger.build (business_date, state) values (%s, 'built')", [ON])
        settings.engine("reader").dispose()

    def subject(self, number: int, name: str, mart: str = "enterprise", **values: Any) -> str:
        """A subject with its code, its name as identifier and a profile; its id."""
        subject_id, code = f"s{number:06d}", uscc(number)
        usual = {
            "state": "存续",
            "established_on": date(2015, 3, 2),
            "address": "示范区米山路 1 号",
            "legal_rep_name": "负责人甲",
            "org_type": "有限责任公司",
        }
        base = usual | {key: value for key, value in values.items() if key in usual}
        counts = {name: 0 for name in COUNTS} | {key: value for key, value in values.items() if key not in base}
        texts = {"on_lists": "", "latest_ratings": ""} | {
            key: counts.pop(key) for key in ("on_lists", "latest_ratings") if key in counts
        }
        with self._warehouse.connect("builder") as builder:
            _insert(
                builder,
                "subjects.subject",
                subject_id=subject_id,
                canonical_key=f"uscc:{code}",
                subject_class="enterprise",
                uscc=code,
                name=name,
                name_key=name,
                build_id=1,
                gone=False,
                **base,
            )
            for scheme, value in (("uscc", code), ("name", name)):
                _insert(builder, "subjects.identifier", scheme=scheme, value=value, subject_id=subject_id, build_id=1)
            _insert(
                builder,
                f"marts.mart_subjects__{mart}",
                subject_id=subject_id,
                uscc=code,
                name=name,
                food_drug=False,
                **texts,
                **base,
                **counts,
            )
        return subject_id

    def record(self, subject_id: str, kind: str, nature: str, title: str, event_on: date, **values: Any) -> str:
        self._number += 1
        known: dict[str, Any] = {
            "record_id": f"r{self._number:031d}",
            "kind": kind,
            "variant": "entity",
            "unit_id": "scjg",
            "disclosure": "公开",
            "subject_class": "organisation",
            "topic": title,
            "title": title,
            "nature": nature,
            "state": "current",
            "objected": False,
            "severity_class": "",
            "document_no": f"示〔2026〕{self._number}号",
            "authority_name": "示范区市场监督管理局",
            "event_on": event_on,
            "detail": "",
            "subject_id": subject_id,
        } | values
        with self._warehouse.connect("builder") as builder:
            _insert(builder, "marts.mart_subjects__timeline", **known)
            if kind == "administrative_penalty":
                _insert(
                    builder,
                    "marts.mart_shuanggongshi__penalty",
                    record_id=known["record_id"],
                    legal_basis="食品安全法第一百二十二条",
                )
        return known["record_id"]

    def entry(self, subject_id: str, list_kind: str, name: str, **values: Any) -> str:
        self._number += 1
        known: dict[str, Any] = {
            "record_id": f"r{self._number:031d}",
            "subject_id": subject_id,
            "subject_name": "",
            "list_kind": list_kind,
            "list_name": name,
            "document_no": f"列〔2026〕{self._number}号",
            "entered_on": date(2025, 6, 1),
            "reason": "事由",
            "legal_basis": "食品安全法第一百三十五条",
            "term_to": ON + timedelta(days=400),
            "state": "在列",
            "objected": False,
            "authority_name": "示范区市场监督管理局",
            "disclosure": "公开",
        } | values
        with self._warehouse.connect("builder") as builder:
            _insert(builder, "marts.mart_lists__entry", **known)
            kind, nature = _LISTS[list_kind]
            _insert(
                builder,
                "marts.mart_subjects__timeline",
                record_id=known["record_id"],
                kind=kind,
                nature=nature,
                topic=list_kind,
                title=name,
                variant="entity",
                unit_id="scjg",
                disclosure=known["disclosure"],
                subject_class="organisation",
                state="current" if known["state"] == "在列" else "ended",
                objected=known["objected"],
                severity_class="",
                event_on=known["entered_on"],
                ends_on=known["term_to"],
                exited_on=known.get("exited_on"),
                subject_id=subject_id,
            )
        return known["record_id"]

    def person(self) -> str:
        """A person in the vault with two facts in a role; the token."""
        with self._warehouse.connect("collector") as collector:
            token = vault.Vault(collector).tokenise([ID_NUMBER])[0]
        with self._warehouse.connect("builder") as builder:
            for record_id, role, kind, nature, title, day in (
                ("rp1", "从业人员", "practitioner_registration", "基础信息", "执业药师注册", date(2014, 5, 6)),
                ("rp2", "许可持有人", "administrative_licence", "基础信息", "道路运输从业资格", date(2024, 5, 6)),
                ("rp4", "被处罚人", "administrative_penalty", "失信信息", "六年前的罚款", date(2020, 1, 6)),
                ("rp5", "被处罚人", "administrative_penalty", "失信信息", "去年的罚款", date(2025, 1, 6)),
            ):
                _insert(
                    builder,
                    "marts.mart_subjects__natural_person",
                    person_ref=token,
                    record_id=record_id,
                    role=role,
                    kind=kind,
                    nature=nature,
                    topic=title,
                    title=title,
                    document_no=f"证{record_id}",
                    authority_name="示范区市场监督管理局",
                    unit_id="scjg",
                    event_on=day,
                    state="current",
                    objected=False,
                )
            _insert(
                builder,
                "marts.mart_subjects__natural_person",
                person_ref="POTHER",
                record_id="rp3",
                role="从业人员",
                kind="practitioner_registration",
                topic="导游",
                title="另一人的导游证",
                unit_id="scjg",
                state="current",
                objected=False,
            )
        return token
