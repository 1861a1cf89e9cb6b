"""R06 and R06W: every kind about organisations agrees with the registers of enterprises and organisations together."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from public_credit import gate
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import make_uscc
from public_credit.ledger import ids, published
from public_credit.papers.template import example
from public_credit.steps import work

from tests.helpers.penalties import ON
from tests.helpers.runs import run_on

FIRM = make_uscc("91", "MA300001")
UNION = make_uscc("52", "39900001")
UNKNOWN = make_uscc("91", "MA300009")


def hand_in(folder: Path, dataset_id: str, changes: list[dict[str, str]]) -> Any:
    """Land and judge a file of the dataset with one row per entry, made from the example row; the outcome."""
    catalogue = load_catalogue()
    dataset = catalogue.datasets[dataset_id]
    unit, kind = catalogue.units[dataset.unit], catalogue.kinds[dataset.kind]
    rows = [example(kind, dataset.variant, unit.name, unit.uscc) | change for change in changes]
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([kind.fields[name].title for name in rows[0]])
    writer.writerows([row.get(name, "") for name in rows[0]] for row in rows)
    path = folder / f"{dataset_id}.csv"
    path.write_bytes(target.getvalue().encode())
    return gate.run(run_on(ON), [work.ingest(run_on(ON), dataset_id, path).batch_seqs[0]])[0]


def registers(folder: Path) -> None:
    """A firm that was renamed, and five associations."""
    firm = hand_in(
        folder,
        "scjg.registration_backfile",
        [{"uscc": FIRM, "name": "示范区新名商贸有限公司", "former_names": "示范区旧名商贸有限公司"}],
    )
    unions = [
        {
            "uscc": UNION if number == 1 else make_uscc("52", f"3990000{number}"),
            "subject_name": f"示范区第{number}商会",
            "former_names": "",
            "org_type": "社会团体",
        }
        for number in range(1, 6)
    ]
    union = hand_in(folder, "mzj.organisation_registration", unions)
    assert (firm.state, union.state) == ("accepted", "accepted"), (firm, union)


def verdicts(warehouse: Any, seq: int) -> dict[int, str]:
    with warehouse.connect() as connection:
        return dict(
            connection.execute("select row_no, rule_id from ledger.row_verdict where batch_seq = %s", [seq]).fetchall()
        )


def test_a_name_that_contradicts_either_register_is_quarantined(warehouse, tmp_path: Path) -> None:
    registers(tmp_path)
    outcome = hand_in(
        tmp_path,
        "scjg.inspection",
        [
            {"inspection_no": str(number), "uscc": uscc, "subject_name": name}
            for number, (uscc, name) in enumerate(
                [
                    (FIRM, "示范区新名商贸有限公司"),
                    (FIRM, "示范区旧名商贸有限公司"),
                    (FIRM, "示范区别家商贸有限公司"),
                    (UNION, "示范区第1商会"),
                    (UNION, "示范区第2商会"),
                    (UNKNOWN, "示范区外地商贸有限公司"),
                ],
                start=1,
            )
        ],
    )
    found = verdicts(warehouse, outcome.batch_seq)
    assert found == {3: "R06", 5: "R06", 6: "R06W"}
    assert (outcome.state, outcome.counts["quarantined"]) == ("accepted_with_quarantine", 2)


def test_a_new_register_is_compared_with_at_once(warehouse, tmp_path: Path) -> None:
    """The registry version counts organisations too."""
    assert (
        verdicts(
            warehouse, hand_in(tmp_path, "kfq.honour", [{"uscc": UNION, "subject_name": "示范区甲商会"}]).batch_seq
        )
        == {}
    )
    registers(tmp_path)
    after = hand_in(tmp_path, "scjg.honour", [{"uscc": UNION, "subject_name": "示范区甲商会"}])
    assert verdicts(warehouse, after.batch_seq) == {1: "R06"}


def test_persons_and_counts_are_not_compared(warehouse, tmp_path: Path) -> None:
    registers(tmp_path)
    for dataset in ("fy.judgment_debtor_person", "jcy.aggregate_count"):
        assert verdicts(warehouse, hand_in(tmp_path, dataset, [{}]).batch_seq) == {}


def test_organisations_stay_in_the_registry_after_a_build(warehouse, tmp_path: Path) -> None:
    """What a finished build took in is read from what it published."""
    registers(tmp_path)
    with warehouse.connect("builder") as builder:
        builder.execute(
            "create table published.heads as select 'organisation_registration' as kind, r.* "
            "from raw.organisation_registration r"
        )
        builder.execute(
            f"alter table published.heads alter record_id type text using {ids.record_id('record_id')}, "
            f"alter content_hash type text using {ids.content_hash('content_hash')}"
        )
        builder.execute("select ledger.settle_rights('published.heads')")
        build_id = builder.execute(
            "insert into ledger.build (business_date, state, made_from) "
            "values (%s, 'built', jsonb_build_object('published', %s::text)) returning build_id",
            [ON, published.contract()],
        ).fetchone()[0]
        builder.execute(
            "insert into ledger.build_input (build_id, batch_seq, attempt, operation, kind) select %s, seq, "
            "current_attempt, 'add', kind from ledger.batch where kind = 'organisation_registration'",
            [build_id],
        )
    outcome = hand_in(
        tmp_path,
        "scjg.honour",
        [
            {"uscc": UNION, "subject_name": "示范区甲商会"},
            {"uscc": UNION, "subject_name": "示范区第1商会", "document_no": "示发〔2026〕4号"},
        ],
    )
    assert verdicts(warehouse, outcome.batch_seq) == {1: "R06"}
