"""What dbt says of a kind is made from the catalogue, and the files on disk are those."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from public_credit.base.messages import UserError
from public_credit.catalogue import generate, load_catalogue

from tests.helpers.commands import credit
from tests.helpers.edited import edit


def _files(root: Path) -> dict[str, str]:
    models = root / "dbt_project" / "models"
    return {path.relative_to(root / "dbt_project").as_posix(): path.read_text() for path in models.rglob("*.*")}


def test_the_dbt_project_is_as_the_catalogue_gives_it() -> None:
    assert generate.stale(load_catalogue()) == [], "run: ./run credit catalogue generate"


def test_an_edited_kind_changes_its_own_files_and_no_other(root: Path) -> None:
    kind, before = root / "include/catalogue/kinds/administrative_penalty.yml", _files(root)
    assert credit("catalogue", "generate").out == "dbt 项目与目录一致，没有要重写的文件。\n"
    text = kind.read_text(encoding="utf-8")
    text = re.sub(r"(  entity:\n    title: .*\n)", r"\1    extra: [persons]\n", text, count=1)
    text += (
        '  persons: {title: "人数,含本人", codes: {}, type: integer, length: 9, required: "no", sensitivity: public}\n'
    )
    kind.write_text(text, encoding="utf-8")
    edit(kind, '"罚款金额(万元)"', '"罚款数额"')
    changed = [
        "models/exports/exp_city__cf_fr.yml",
        "models/exports/exp_city__cf_zrr.yml",
        "models/staging/stg_administrative_penalty.sql",
        "models/staging/stg_administrative_penalty.yml",
    ]
    assert generate.stale(load_catalogue()) == changed
    assert credit("catalogue", "generate").out.splitlines()[-1] == "已重写 4 个文件。"
    after = _files(root)
    assert (
        sorted(name for name in after if after[name] != before.get(name)) == changed and after.keys() == before.keys()
    )
    assert "{{ given_count('r.persons') }} as persons" in after["models/staging/stg_administrative_penalty.sql"]
    assert '{name: persons, description: "人数,含本人"}' in after["models/staging/stg_administrative_penalty.yml"]


def test_what_the_law_limits_and_what_no_model_reads_are_said_in_the_catalogue() -> None:
    made = generate.texts(load_catalogue())
    assert "{{ as_day('d.publication_until') }} as cf_gsjzq" in made["models/exports/exp_city__cf_fr.sql"]
    staged = made["models/staging/stg_enterprise_registration.sql"]
    assert "r.business_scope" not in staged and "{{ given_date('r.established_on') }} as established_on" in staged


def test_files_of_a_kind_that_is_gone_go_and_written_ones_stay(root: Path) -> None:
    catalogue, before = load_catalogue(), _files(root)
    left = {name: kind for name, kind in catalogue.kinds.items() if name != "honour"}
    written = generate.write(type(catalogue)(left, catalogue.units, catalogue.receivers, catalogue.forbidden, ""))
    assert written == [
        f"models/staging/{name}" for name in ("_raw.yml", "stg_honour.sql", "stg_honour.yml", "stg_landed_row.sql")
    ]
    assert before.keys() - _files(root).keys() == {"models/staging/stg_honour.sql", "models/staging/stg_honour.yml"}
    assert "models/staging/stg_decision_receipt.sql" in _files(root)


def test_a_file_that_cannot_be_written_is_named(root: Path) -> None:
    path = root / "dbt_project/models/staging/stg_honour.yml"
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError) as told:
        generate.write(load_catalogue())
    assert "stg_honour.yml" in str(told.value) and "catalogue generate" in str(told.value.remedy)
