"""A record whose number the vault does not give is left out and told; nothing is booked as sent for it, and the others go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from public_credit.base import settings
from public_credit.catalogue import load_catalogue
from public_credit.custody.vault import Vault
from public_credit.deliver import outbox
from public_credit.oversight.waits import open_list
from public_credit.steps import work

from tests.helpers.evidence import asleep
from tests.helpers.penalties import ON
from tests.helpers.runs import run_on
from tests.helpers.world import CityProcess
from tests.identifiers.test_persons import ID18, ID_X

SETTLED = ("accepted", "rejected")  # by the city, whatever it says of so small a record


@pytest.fixture
def city(warehouse: Any, tmp_path: Path) -> Iterator[CityProcess]:
    home = tmp_path / "city"
    home.mkdir()
    (home / "city_registry.csv").write_text("uscc,name\n", encoding="utf-8")
    made = CityProcess(home)
    warehouse.add_connections(city_platform=made.uri)
    yield made
    made.stop()


def _released(warehouse: Any) -> dict[str, str]:
    """Two penalties of persons and one of an organisation, released; token by record."""
    with psycopg.connect(settings.dsn("collector")) as connection:
        kept, lost = Vault(connection).tokenise([ID18, ID_X], "P")
    code = load_catalogue().kinds["administrative_penalty"].fields["id_no"].codes["person"]
    items = [("cf_zrr", "r1", {code: lost}), ("cf_zrr", "r2", {code: kept}), ("cf_fr", "r3", {"CF_WSH": "一号"})]
    with warehouse.connect() as owner, asleep(owner, "ledger.release"):
        owner.execute("insert into ledger.build (business_date, state) values (%s, 'built')", [ON])
        owner.execute(
            "insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash) "
            "select build_id, 'city', business_date, 3, 0, 0, 'x' from ledger.build"
        )
        for interface, record, payload in items:
            owner.execute(
                "with made as (insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload) "
                "select release_id, 'city', %s, %s, 'ADD', md5(cast(cast(%s as jsonb) as text)), %s from ledger.release returning item_id) "
                "insert into ledger.delivery_state (item_id, idempotency_key) select item_id, %s from made",
                [interface, record, json.dumps(payload), json.dumps(payload), f"key-{record}"],
            )
        owner.execute(
            f"update ledger.release set diff_hash = (select {outbox.digest('i')} from ledger.delivery_item i)"
        )
    return {"r1": lost, "r2": kept}


def _states(warehouse: Any) -> dict[str, tuple[str, int]]:
    with warehouse.connect() as owner:
        rows = owner.execute(
            "select i.record_id, s.state, s.attempts from ledger.delivery_item i join ledger.delivery_state s using (item_id)"
        )
        return {record: (state, attempts) for record, state, attempts in rows}


def _told() -> list[str]:
    return [item.message for item in open_list.items(ON) if item.key == "left_out/"]


def test_a_number_that_is_not_in_the_vault_leaves_out_its_record_alone(warehouse: Any, city: CityProcess) -> None:
    tokens = _released(warehouse)
    with warehouse.connect() as owner:
        columns = "token, letter, lookup, lookup_version, ciphertext, key_version"
        kept = owner.execute(
            f"delete from vault.secret where token = %s returning {columns}", [tokens["r1"]]
        ).fetchone()
    done = work.deliver(run_on(ON))
    found = _states(warehouse)
    assert found["r1"] == ("pending", 0), "nothing is booked as sent for what never left"
    assert all(found[record][0] in SETTLED for record in ("r2", "r3")), found
    assert "未报送 1 条" in done.message and outbox.in_doubt("city") == []
    (said,) = _told()
    assert said.startswith("1 条记录的号码在保险库中取不出")
    with warehouse.connect() as owner:
        owner.execute(f"insert into vault.secret ({columns}) values (%s, %s, %s, %s, %s, %s)", kept)
    work.deliver(run_on(ON))
    assert _states(warehouse)["r1"][0] in SETTLED and _told() == [], "it goes once its number is there"


@pytest.mark.parametrize("missing", ["the file of the keys", "the version"])
def test_a_key_that_is_missing_leaves_out_the_records_with_numbers(
    warehouse: Any, city: CityProcess, missing: str
) -> None:
    _released(warehouse)
    if missing == "the version":
        with warehouse.connect() as owner:
            owner.execute("update vault.secret set key_version = 9")
    else:
        (warehouse.home / "secrets" / "vault.key").unlink()
    work.deliver(run_on(ON))
    found = _states(warehouse)
    assert (found["r1"], found["r2"]) == (("pending", 0), ("pending", 0)) and found["r3"][0] in SETTLED, found
    assert _told()[0].startswith("2 条记录的号码")
