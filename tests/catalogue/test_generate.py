"""What dbt says of a kind is made from the catalogue, and the files on disk are those."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from public_credit.base.messages import UserError
from public_credit.catalogue import Kind, generate, generate_records, load_catalogue
from pydantic import ValidationError

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


def _record_of(kind: str, **edited: Any) -> str:
    """The part of a kind in int_records__source, with other words under ``record`` in the catalogue."""
    written = load_catalogue().kinds[kind].model_dump(by_alias=True)
    written["record"] |= edited
    return generate_records.source([Kind.model_validate(written)])


def test_a_record_is_told_in_fields_words_and_variants() -> None:
    title = _record_of("honour", title=["{honour_title}（{honour_level}）", "荣誉", "document_no"], detail=[])
    assert "concat_ws('：', nullif(concat_ws('', s.honour_title, '（', s.honour_level, '）'), '')," in title
    assert "nullif('荣誉', ''), nullif(s.document_no, '')) as title" in title and "'' as detail" in title
    by_variant = _record_of("commitment", detail={"person": [], "entity": ["content"]})
    assert "case when s.variant = 'person' then ''\n        else s.content end as detail" in by_variant
    ended = _record_of(
        "honour", exited_on={"field": "honour_kind", "values": ["甲", "乙"], "day": ["removed_on", "accepted_on"]}
    )
    assert (
        "case when s.honour_kind in ('甲', '乙') then coalesce(s.removed_on, s.accepted_on) end as exited_on" in ended
    )


@pytest.mark.parametrize(
    "kind, edited, reason",
    [
        ("honour", {"title": ["honour_titel"]}, "未定义或不进入明细层的字段：honour_titel"),
        (
            "enterprise_registration",
            {"title": ["name", "business_scope"]},
            "未定义或不进入明细层的字段：.*business_scope",
        ),
        ("honour", {"stated_end_on": "honour_level"}, "不是日期的字段：honour_level"),
        ("social_insurance_payment", {"event_month": None}, "须写 event_month"),
        ("social_insurance_payment", {"event_month": "payment_state"}, "不是月份"),
        ("commitment", {"detail": {"entity": ["content"]}}, "写全各变体：entity、person"),
        ("administrative_penalty", {"title": ["legal_rep_name"]}, "非公开的字段：legal_rep_name"),
        ("honour", {"title": ["{honour_title"]}, "花括号内只能是一个字段名"),
        ("honour", {"title": ["荣誉'称号"]}, "文字不能含引号"),
        ("honour", {"event_table": "荣誉' or"}, "只能由文字组成"),
        ("honour", {"exited_on": {"field": "honour_kind", "values": ["甲'"], "day": ["removed_on"]}}, "文字不能含引号"),
    ],
)
def test_what_a_record_cannot_be_told_by_is_refused(kind: str, edited: dict[str, Any], reason: str) -> None:
    written = load_catalogue().kinds[kind].model_dump(by_alias=True)
    written["record"] = (written["record"] or {"title": ["name"]}) | edited
    with pytest.raises(ValidationError, match=reason):
        Kind.model_validate(written)


def test_files_of_a_kind_that_is_gone_go_and_written_ones_stay(root: Path) -> None:
    catalogue, before = load_catalogue(), _files(root)
    left = {name: kind for name, kind in catalogue.kinds.items() if name != "honour"}
    written = generate.write(type(catalogue)(left, catalogue.units, catalogue.receivers, catalogue.forbidden, ""))
    assert written == [
        "macros/kinds.sql",
        "models/records/int_records__source.sql",
        *(f"models/staging/{name}" for name in ("_raw.yml", "stg_honour.sql", "stg_honour.yml", "stg_landed_row.sql")),
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
