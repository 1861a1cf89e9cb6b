"""``public-credit dbt``: the connection and the last build's variables; what would hurt is refused before dbt starts."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml
from public_credit.base.messages import UserError
from public_credit.build import dbt
from public_credit.catalogue import load_catalogue

from tests.conftest import CHECKOUT
from tests.helpers.commands import credit
from tests.helpers.receipts import DAY
from tests.helpers.runs import run_on


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("clean",), 2, "不运行 dbt 的 clean"),
        (("run-operation", "x"), 2, "不运行 dbt 的 run-operation"),
        ((), 2, "不运行 dbt 的 空"),
        (("run", "-s", "stg_commitment", "--full-refresh"), 2, "build --full -s"),
        (("build", "-f", "-s", "stg_commitment"), 2, "build --full -s"),
        (("run", "--vars", "{build_id: 1}"), 2, "--vars 由本系统给出"),
        (("test", "--profiles-dir=/tmp"), 2, "--profiles-dir 由本系统给出"),
        (("run", "-s", "stg_commitment"), 3, "还没有完成过构建"),
        (("source", "freshness"), 3, "还没有完成过构建"),
    ],
)
def test_what_would_hurt_is_refused(warehouse, words: tuple[str, ...], code: int, said: str) -> None:
    with pytest.raises(UserError) as caught:
        dbt.call(run_on(), list(words))
    assert caught.value.code == code and said in str(caught.value)


def test_nothing_runs_over_a_build_that_is_open_or_of_another_version(warehouse) -> None:
    with warehouse.connect() as owner:
        owner.execute("insert into ledger.build (business_date, code_version) values (%s, 'x')", [DAY])
    with pytest.raises(UserError, match="第 1 次构建没有完成"):
        dbt.call(run_on(), ["build", "-s", "stg_commitment"])
    with warehouse.connect() as owner:
        owner.execute("update ledger.build set state = 'built'")
    with pytest.raises(UserError, match="由旧版程序完成"):
        dbt.call(run_on(), ["build", "-s", "stg_commitment"])


def test_the_list_of_models_needs_no_build_and_a_wrong_option_is_said_in_chinese(warehouse, capfd) -> None:
    answer = credit("dbt", "ls", "-s", "mart_lists__entry", "--resource-type", "model", "--output", "name", "--quiet")
    assert answer.code == 0 and "mart_lists__entry" in answer.out + capfd.readouterr().out
    wrong = credit("dbt", "ls", "--nonsense")
    assert wrong.code == 2 and "dbt 命令的写法不对" in wrong.err and "--nonsense" in wrong.err


def test_freshness_is_measured_by_the_cadence_of_the_catalogue(warehouse) -> None:
    """Signs of life are as old as the dataset that is overdue longest: a day late warns, being on time does not."""
    tables = yaml.safe_load((CHECKOUT / "dbt_project/models/staging/_raw.yml").read_text(encoding="utf-8"))["sources"][
        0
    ]
    assert tables["config"]["freshness"]["warn_after"] == {"count": 1, "period": "day"}
    queries = {table["name"]: table["config"]["loaded_at_query"] for table in tables["tables"]}
    assert set(queries) == set(load_catalogue().kinds)
    dataset = (
        "insert into ledger.dataset (dataset_id, unit_id, kind, variant, title, sectors, disclosure, delivery_mode, cadence_days, "
        "live_on) values (%s, 'a', 'commitment', 'entity', 't', 'D01', '公开', 'events', %s, %s)"
    )
    with warehouse.connect() as owner:

        def overdue() -> int:
            return owner.execute(f"select extract(day from now() - ({queries['commitment']}))").fetchone()[0]

        owner.execute("insert into ledger.business_day (day, opened_by) values (%s, '')", [DAY])
        assert overdue() == 0, "nothing is agreed"
        owner.execute(dataset, ["a.weekly", 7, DAY - timedelta(days=7)])
        owner.execute(dataset, ["a.later", 1, DAY + timedelta(days=5)])
        assert overdue() == 0
        owner.execute("insert into ledger.business_day (day, opened_by) values (%s, '')", [DAY + timedelta(days=3)])
        assert overdue() == 3
        owner.execute(
            "insert into ledger.attestation (unit_id, dataset_id, period_from, period_to, attested_by) values ('a', 'a.weekly', %s, %s, '甲')",
            [DAY, DAY],
        )
        assert overdue() == 0
