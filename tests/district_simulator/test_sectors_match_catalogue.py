"""What the departments believe and what the catalogue says: written apart, and the same."""

from __future__ import annotations

import fnmatch
from typing import Any

from district_simulator.sectors.headings import build
from district_simulator.sectors.ordinary import SILENT
from district_simulator.vocabulary.deliveries import PATTERNS
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS
from district_simulator.vocabulary.sector_tables import SECTOR_TABLES
from district_simulator.vocabulary.units import DATASETS, UNITS
from public_credit.catalogue import load_catalogue
from public_credit.land.headers import match


def test_every_unit_and_dataset_of_the_catalogue_is_simulated() -> None:
    catalogue = load_catalogue()
    assert {u.id: (u.name, u.uscc) for u in UNITS.values()} == {
        u.id: (u.name, u.uscc) for u in catalogue.units.values()
    }
    delivered = {d.id for d in catalogue.datasets.values() if d.channel.type != "hand_in"}
    assert delivered == {*SECTOR_DATASETS, *DATASETS}
    assert set(SILENT) < set(UNITS)


def test_fields_and_code_lists_agree() -> None:
    catalogue = load_catalogue()
    for table in SECTOR_TABLES.values():
        kind = catalogue.kinds[table.kind]
        assert list(table.fields) == list(kind.variants[table.variant]), table.id
        assert list(table.key) == list(kind.key)
        for spec in table.fields.values():
            field = kind.fields[spec.name]
            assert (spec.code, spec.title, spec.type, spec.length, spec.required) == (
                field.codes[table.variant],
                field.title,
                field.type,
                field.length,
                field.required == "yes",
            ), spec
        for name, values in table.values.items():
            assert values == dict(kind.code_lists[kind.fields[name].code_list].values), (table.id, name)


def test_every_heading_is_understood_and_every_file_is_expected() -> None:
    catalogue = load_catalogue()
    for dataset in SECTOR_DATASETS.values():
        known = catalogue.datasets[dataset.id]
        assert dataset.table == f"{known.kind}.{known.variant}"
        assert dataset.snapshot == (known.delivery_mode == "full_snapshot")
        found = match(catalogue.kinds[known.kind], known.variant, build(dataset).headers, known, catalogue)
        assert (found.missing, found.unknown, found.ambiguous) == ([], [], []), dataset.id
        if dataset.is_file:
            channel: Any = known.channel
            name = PATTERNS[dataset.id].format(day="20260225", tail="")
            assert any(fnmatch.fnmatch(name, pattern) for pattern in channel.patterns), name
