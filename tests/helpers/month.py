"""A month of small business days: what departments of every sort hand in, correct, withdraw and repeat, drawn by lot.

Everything goes the way of the product: files are landed and judged, events end decisions, rosters lose and regain bodies,
batches are replayed after a register changed its mind, answers to slips correct a key, persons judge firms to be one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from public_credit import collect
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import make_id_number, make_uscc
from public_credit.ledger.session import open_business_day
from public_credit.papers.template import example
from public_credit.steps import work

from tests.helpers.commands import credit
from tests.helpers.runs import run_on

Row = dict[str, str]
FIRMS = {make_uscc("91", f"MA30{number:04d}"): f"示范区第{number}商贸有限公司" for number in range(1, 13)}
BODIES = {make_uscc("52", f"3990{number:04d}"): f"示范区第{number}商会" for number in range(1, 11)}
PERSONS = [make_id_number(f"37039919{year}0101001") for year in range(80, 86)]
PENALTIES = ["警告", "罚款", "罚款;没收违法所得、没收非法财物", "责令关闭;罚款", "通报批评"]
EVENTS = [
    ("许可", "scjg.licence_entity", "decision_no"),
    ("处罚", "scjg.penalty_entity", "decision_no"),
    ("处罚", "scjg.penalty_entity", "decision_no"),
    ("名单", "scjg.breach_list", "entry_no"),
    ("异常", "scjg.abnormal_operation", "entry_no"),
    ("荣誉", "scjg.honour", "document_no"),
]
REPLAYED = (
    "select seq from ledger.batch b where state in ('accepted', 'accepted_with_quarantine') and current_attempt = 1 "
    "and exists (select 1 from ledger.build_input i where i.batch_seq = b.seq) order by seq limit 15"
)
BUSINESS_DAYS = [
    date(2026, 2, 3) + timedelta(days=number)
    for number in range(32)
    if (date(2026, 2, 3) + timedelta(days=number)).weekday() < 5
]


class Month:
    """Departments around one warehouse whose days are drawn by lot."""

    def __init__(self, warehouse: Any, folder: Path, lot: Random):
        self.warehouse, self.folder, self.lot = warehouse, folder, lot
        self.on, self.files = BUSINESS_DAYS[0], 0
        self.names = dict(FIRMS)  # as the register has them today
        self.registered = list(FIRMS)[:10]
        self.bodies = list(BODIES)
        self.certificates = [str(number) for number in range(1, 13)]
        self.on_roster = list(FIRMS)[:11]
        self.handed_in: list[tuple[str, list[Row]]] = []

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.connect("owner") as owner:
            return owner.execute(statement, parameters).fetchall()

    def run(self, statement: str, *parameters: Any) -> None:
        with self.warehouse.connect("owner") as owner:
            owner.execute(statement, parameters)

    def happened(self) -> set[str]:
        """The changes there were, and the states records were in."""
        return {
            what
            for (what,) in self.query(
                "select change from intermediate.int_records__changes union "
                "select new_state from intermediate.int_records__changes where new_state is not null"
            )
        }

    # What a row is drawn from.

    def past(self, days: int = 45) -> str:
        return str(self.on - timedelta(days=self.lot.randrange(days)))

    def soon(self, days: int = 20) -> str:
        return str(self.on + timedelta(days=self.lot.randrange(days)))

    def perhaps(self, value: str, chance: float = 0.3) -> str:
        return value if self.lot.random() < chance else ""

    def firm(self) -> Row:
        """Mostly a firm under the name the register has; now and then under another, by name alone, or nobody's."""
        uscc = self.lot.choice(list(FIRMS))
        return self.lot.choices(
            [
                {"uscc": uscc, "subject_name": self.names[uscc]},
                {"uscc": uscc, "subject_name": FIRMS[uscc]},
                {"uscc": "", "subject_name": self.names[uscc]},
                {"uscc": "", "subject_name": "示范区无人知道的公司"},
            ],
            [12, 3, 2, 1],
        )[0]

    def number(self, sign: str, most: int = 7) -> str:
        """One of few numbers: most come again, as another version or under another subject."""
        return f"{sign}〔2026〕{self.lot.randint(1, most)}号"

    def decision(self, sign: str) -> Row:
        """The same number is mostly the same firm's, decided on the same day."""
        number = self.lot.randint(1, 12)
        uscc = list(FIRMS)[number % 11]
        decided = date(2026, 1, 12) + timedelta(days=number * 2)
        return {
            "decision_no": f"{sign}〔2026〕{number}号",
            "uscc": uscc,
            "subject_name": self.lot.choice([self.names[uscc], FIRMS[uscc]]),
            "decision_date": str(min(decided, self.on)),
        }

    def licence(self) -> Row:
        return self.decision("许") | {
            "licence_state": self.lot.choice(["1", "1", "1", "2"]),
            "certificate_name": self.lot.choice(["食品经营许可证", "道路运输许可证"]),
            "valid_from": "2026-01-05",
            "valid_to": self.soon(),
        }

    def penalty(self) -> Row:
        """One in eight has a fault and goes back."""
        return self.decision("罚") | {
            "penalty_category": self.lot.choice(PENALTIES),
            "violation_type": "" if self.lot.random() < 0.12 else self.lot.choice(["经营超过保质期的食品", "违反规定"]),
            "publication_end": self.soon(),
        }

    def person(self) -> Row:
        return {"id_no": self.lot.choice(PERSONS), "decision_no": self.number("人")}

    def event(self) -> Row:
        """Of something that was handed in; now and then of what an event ended before, on another day."""
        told = [row for name, rows in self.handed_in if name == "scjg.decision_event" for row in rows]
        if told and self.lot.random() < 0.4:
            return self.lot.choice(told) | {"event_date": self.past(12), "basis": "补充依据"}
        table, dataset_id, numbered = self.lot.choice(EVENTS)
        row = self.lot.choice(
            [row for name, rows in self.handed_in if name == dataset_id for row in rows if row["uscc"]]
        )
        return {
            "decision_table": table,
            "decision_no": row[numbered],
            "uscc": row["uscc"],
            "subject_name": row["subject_name"],
            "event_type": self.lot.choice(["撤销", "撤销", "修复", "异议受理", "异议办结"]),
            "event_date": self.past(12),
            "basis": "依据",
        }

    def draws(self) -> dict[str, Callable[[], Row]]:
        """A row of a dataset, drawn by lot; those of full rosters are handed in as a whole."""
        return {
            "scjg.licence_entity": self.licence,
            "scjg.penalty_entity": self.penalty,
            "zhzf.penalty_person": lambda: self.person() | {"decision_date": self.past()},
            "xzsp.licence_person": lambda: self.person() | {"decision_date": self.past(), "valid_to": self.soon()},
            "scjg.breach_list": lambda: (
                self.firm()
                | {"entry_no": self.number("列"), "entered_on": self.past(), "term_to": self.perhaps(self.soon(), 0.6)}
                | ({"removed_on": self.past(5), "removal_no": "移1"} if self.lot.random() < 0.2 else {})
            ),
            "scjg.abnormal_operation": lambda: (
                self.firm()
                | {"entry_no": self.number("异"), "entered_on": self.past()}
                | ({"removed_on": self.past(5), "removal_no": "移1"} if self.lot.random() < 0.3 else {})
            ),
            "scjg.honour": lambda: (
                self.firm()
                | {"document_no": self.number("誉"), "decided_on": self.past(), "valid_to": self.soon()}
                | {"honour_kind": self.lot.choice(["红名单", "表彰奖励"])}
            ),
            "swj.rating": lambda: (
                self.firm()
                | {"period": self.lot.choice(["2023", "2024", "2025"]), "grade": self.lot.choice("ABC")}
                | {"decided_on": self.past(), "valid_to": self.perhaps(self.soon())}
            ),
            "scjg.inspection": lambda: (
                self.firm()
                | {"inspection_no": self.number("检"), "inspected_on": self.past(400)}
                | {"inspection_area": self.lot.choice(["食品", "药品", "安全生产"])}
            ),
            "scjg.sampling": lambda: (
                self.firm()
                | {"inspection_no": self.number("抽"), "inspected_on": self.past(400)}
                | {"result": self.lot.choice(["合格", "不合格"]), "findings": self.perhaps("菌落总数", 0.8)}
            ),
            "fy.judgment_debtor_entity": lambda: (
                self.firm()
                | {"case_no": self.number("执"), "published_on": self.past(), "removed_on": self.perhaps(self.past(5))}
            ),
            "czj.contract_performance": lambda: (
                self.firm()
                | {"contract_no": self.number("约"), "evaluated_on": self.past()}
                | {"performance": self.lot.choice(["履约", "违约"]), "breach_detail": "逾期交付"}
            ),
            "rsj.social_insurance_payment": lambda: (
                self.firm()
                | {"period": self.lot.choice(["2025-12", "2026-01"])}
                | {"payment_state": self.lot.choice(["正常缴费", "欠缴"]), "arrears_wan": self.perhaps("2", 0.8)}
            ),
            "rsj.labour_violation": lambda: self.firm() | {"case_no": self.number("劳"), "decision_date": self.past()},
            "town_east.disclosure_item": lambda: {
                "item_no": self.number("公"),
                "due_on": self.past(20),
                "publication_state": self.lot.choice(["网上已公开", "未公开", "依法不予公开"]),
                "published_on": self.past(10),
            },
            "tjj.commitment": lambda: (
                self.firm()
                | {"commitment_no": self.number("诺"), "made_on": self.past()}
                | {"fulfilment": self.lot.choice(["履行中", "已履行"]), "fulfilment_on": self.perhaps(self.past(5))}
            ),
            "sfj.decision_ledger": lambda: {
                "month": self.lot.choice(["2026-01", "2026-02"]),
                "unit_uscc": load_catalogue().units["scjg"].uscc,
                "unit_name": load_catalogue().units["scjg"].name,
                "decision_table": self.lot.choice(["许可", "处罚"]),
                "generated_count": str(self.lot.randint(5, 15)),
            },
            "town_west.training_count": lambda: {
                "month": self.lot.choice(["2026-01", "2026-02"]),
                "trained_count": str(self.lot.randint(1, 90)),
            },
            "jgbz.aggregate_count": lambda: {
                "month": self.lot.choice(["2026-01", "2026-02"]),
                "measure": "公务员和事业单位工作人员信用档案数",
                "numerator": str(self.lot.randint(1, 90)),
            },
            "scjg.registration_backfile": lambda: self._registration(self.lot.choice(list(FIRMS))),
            "scjg.decision_event": self.event,
        }

    def _registration(self, uscc: str) -> Row:
        if self.lot.random() < 0.25:
            self.names[uscc] = f"{FIRMS[uscc].removesuffix('商贸有限公司')}新{self.lot.randint(1, 3)}商贸有限公司"
        return {
            "uscc": uscc,
            "name": self.names[uscc],
            "former_names": self.lot.choice(["", FIRMS[uscc]]) if self.names[uscc] != FIRMS[uscc] else "",
            "state": self.lot.choice(["存续"] * 5 + ["注销"]),
        }

    # Whole rosters: one body at most leaves or comes back, more would be held as shrunk.

    def _changed(self, there: list[str], all_of_them: list[str]) -> list[str]:
        missing = [item for item in all_of_them if item not in there]
        if missing and self.lot.random() < 0.5:
            there.append(self.lot.choice(missing))
        elif len(there) > 9 and self.lot.random() < 0.7:
            there.remove(self.lot.choice(there))
        return there

    def rosters(self) -> dict[str, Callable[[], list[Row]]]:
        return {
            "scjg.enterprise_registration": lambda: [
                self._registration(uscc) for uscc in self._changed(self.registered, list(FIRMS))
            ],
            "mzj.organisation_registration": lambda: [
                {
                    "uscc": uscc,
                    "subject_name": BODIES[uscc],
                    "org_type": "社会团体",
                    "state": self.lot.choice(["存续"] * 5 + ["注销"]),
                }
                for uscc in self._changed(self.bodies, list(BODIES))
            ],
            "wsjk.practitioner": lambda: [
                {"id_no": PERSONS[int(number) % 6], "certificate_no": number, "valid_to": "2026-02-27"}
                | {"state": self.lot.choice(["有效"] * 5 + ["注销"])}
                for number in self._changed(self.certificates, [str(number) for number in range(1, 13)])
            ],
            "zjj.sector_roster": lambda: [
                {"uscc": uscc, "subject_name": self.names[uscc], "roster_name": "工程建设企业"}
                for uscc in self._changed(self.on_roster, list(FIRMS))
            ],
        }

    # What happens on a day.

    def hand_in(self, dataset_id: str, changes: list[Row], places: list[tuple[str, ...]] | None = None) -> None:
        """A file of the dataset, each row the example row with changes; ``places`` makes it an answer to slips."""
        catalogue, self.files = load_catalogue(), self.files + 1
        dataset = catalogue.datasets[dataset_id]
        unit, kind = catalogue.units[dataset.unit], catalogue.kinds[dataset.kind]
        rows = [example(kind, dataset.variant, unit.name, unit.uscc) | change for change in changes]
        titles = [kind.fields[name].title for name in rows[0]]
        lines = [[row[name] for name in rows[0]] for row in rows]
        if places:
            titles = ["批次", "文件", "工作表", "行号", *titles]
            lines = [[*place, *line] for place, line in zip(places, lines, strict=True)]
        target = io.StringIO()
        csv.writer(target).writerows([titles, *lines])
        path = self.folder / f"{self.files}.csv"
        path.write_bytes(target.getvalue().encode())
        assert collect.receive_file(run_on(self.on), dataset_id, path).batch_seqs, dataset_id
        if places is None:
            self.handed_in.append((dataset_id, changes))

    def play(self, on: date, *, whole: bool = False) -> None:
        """A business day; ``whole``: everybody hands in, rosters included."""
        self.on = on
        open_business_day(run_on(on), "collector")
        if whole:  # a register of a dozen firms
            words = ("--reason", "测试", "--owner", "甲", "--until", "2027-01-01")
            assert credit("waive", "scjg.enterprise_registration", "B01", *words).code == 0
        for dataset_id, roster in self.rosters().items():
            if whole or self.lot.random() < 0.6:
                self.hand_in(dataset_id, roster())
        for dataset_id, draw in self.draws().items():
            often = 0.7 if dataset_id in ("scjg.licence_entity", "scjg.penalty_entity", "scjg.decision_event") else 0.3
            if whole or self.lot.random() < often:
                self.hand_in(dataset_id, [draw() for _ in range(self.lot.randint(2, 6))])
        if not whole:
            self.hand_in(*self.lot.choice(self.handed_in))  # once more, as it was
            self.answer_slips()
        work.gate(run_on(on))
        if not whole:
            self.replay()
            self.judge()
            self.published()

    def answer_slips(self) -> None:
        """Penalties that went back come again without the fault, some under another number."""
        returned = self.query(
            "select b.batch_id, b.file_name, q.row_no, r.decision_no, r.uscc, r.subject_name, r.decision_date "
            "from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq "
            "join raw.administrative_penalty r on r.batch_seq = q.batch_seq and r.attempt = q.attempt and r.row_no = q.row_no "
            "where q.dataset_id = 'scjg.penalty_entity' and q.state in ('open', 'returned') order by q.id"
        )[:3]
        if not returned:
            return
        rows = [
            self.penalty()
            | {"violation_type": "违反规定", "decision_no": number + self.perhaps("之一", 0.5), "decision_date": day}
            | {"uscc": uscc, "subject_name": self.names.get(uscc, name)}
            for _, _, _, number, uscc, name, day in returned
        ]
        places: list[tuple[str, ...]] = [(batch, name, "", str(row + 1)) for batch, name, row, *_ in returned]
        self.hand_in("scjg.penalty_entity", rows, places)

    def replay(self) -> None:
        """Two of the older batches are read again: what bears a name the register has given up since goes back."""
        seqs = [seq for (seq,) in self.query(REPLAYED)]
        for seq in self.lot.sample(seqs, min(2, len(seqs))):
            told = credit("replay", seq, "--date", self.on)
            assert told.code == 0, told

    def judge(self) -> None:
        """Two firms are one; or a judgement is undone."""
        standing = self.query("select max(id) from ledger.judgement where undone_at is null")[0][0]
        if standing and self.lot.random() < 0.5:
            self.run("update ledger.judgement set undone_at = now() where id = %s", standing)
            return
        left, right = self.lot.sample(list(FIRMS), 2)
        self.run(
            "insert into ledger.judgement (decision, left_key, right_key, reason, decided_by, decided_on) "
            "values ('same', %s, %s, '同一企业', '甲', %s)",
            f"uscc:{left}",
            f"uscc:{right}",
            self.on,
        )

    def published(self) -> None:
        """The city says that it has published some of what was offered."""
        built = self.query("select max(build_id) from ledger.build")[0][0]
        if built is None:
            return
        if not self.query("select 1 from ledger.release"):
            self.run(
                "insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash) "
                "values (%s, 'city', %s, 1, 0, 0, '')",
                built,
                self.on,
            )
        self.run(
            "insert into ledger.receiver_event (receiver, seq, record_id, event) "
            "select 'city', coalesce((select max(seq) from ledger.receiver_event), 0) + row_number() over (order by record_id), "
            "record_id, 'published' from (select distinct record_id from intermediate.int_decision_receipt__first "
            "where record_id is not null order by record_id) offered where mod(hashtext(record_id), 5) = %s",
            self.lot.randint(0, 4),
        )
