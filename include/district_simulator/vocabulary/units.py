"""The units of the invented 示范区 and what they deliver."""

from __future__ import annotations

from dataclasses import dataclass, field

from district_simulator.vocabulary import codes
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS, SECTOR_UNITS


@dataclass(frozen=True)
class Unit:
    """One delivering unit."""

    id: str
    name: str
    short: str  # character(s) in its decision numbers
    uscc: str
    channel: str
    datasets: dict[str, int] = field(default_factory=dict)  # dataset → rows on the first day at scale 1


def _uscc(number: int) -> str:
    return codes.uscc("11", codes.org_code(f"{number:08d}"))


_UNITS = [
    (
        "xzsp",
        "示范区行政审批服务局",
        "审",
        "api",
        {"licence_entity": 5200, "licence_person": 1700, "decision_event": 0},
    ),
    ("yjgl", "示范区应急管理局", "应急", "api", {"penalty_entity": 900}),
    ("wsjk", "示范区卫生健康局", "卫", "sftp", {"penalty_entity": 950, "licence_person": 800}),
    ("jtys", "示范区交通运输局", "交", "sftp", {"penalty_entity": 1900, "penalty_person": 1500}),
    ("sthj", "市生态环境局示范分局", "环", "sftp", {"penalty_entity": 650, "licence_entity": 600}),
    ("zhzf", "示范区综合行政执法局", "综执", "drop", {"penalty_entity": 1600, "penalty_person": 1600}),
    ("zjj", "示范区住房和城乡建设局", "建", "drop", {"licence_entity": 1500}),
    (
        "scjg",
        "示范区市场监督管理局",
        "市监",
        "exchange",
        {"penalty_entity": 1700, "licence_entity": 1900, "enterprise_registration": 12000, "decision_event": 0},
    ),
    ("rsj", "示范区人力资源和社会保障局", "人社", "exchange", {"penalty_entity": 450, "licence_entity": 500}),
    ("sfj", "示范区司法局", "司", "drop", {"decision_ledger": 0}),
    ("nync", "示范区农业农村局", "农", "drop", {"penalty_entity": 0}),
    ("wlj", "示范区文化和旅游局", "文旅", "sftp", {"penalty_entity": 0}),
]

UNITS: dict[str, Unit] = {
    uid: Unit(uid, name, short, _uscc(101 + i), channel, {f"{uid}.{k}": n for k, n in datasets.items()})
    for i, (uid, name, short, channel, datasets) in enumerate(_UNITS)
} | {
    uid: Unit(uid, name, short, _uscc(number), channel) for uid, (name, short, number, channel) in SECTOR_UNITS.items()
}

TABLE_OF = {
    "licence_entity": "xk_fr",
    "licence_person": "xk_zrr",
    "penalty_entity": "cf_fr",
    "penalty_person": "cf_zrr",
    "decision_event": "events",
    "decision_ledger": "ledger",
    "enterprise_registration": "qydj",
}


def table_of(dataset: str) -> str:
    """Table of a dataset id such as ``wsjk.penalty_entity``."""
    if dataset in SECTOR_DATASETS:
        return SECTOR_DATASETS[dataset].table
    return TABLE_OF[dataset.split(".")[1]]


def unit_of(dataset: str) -> Unit:
    return UNITS[dataset.split(".")[0]]


DATASETS = {d: n for u in UNITS.values() for d, n in u.datasets.items()}
DECISION_TABLES = ("xk_fr", "xk_zrr", "cf_fr", "cf_zrr")
DECISION_DATASETS = [d for d, n in DATASETS.items() if n and table_of(d) in DECISION_TABLES]
