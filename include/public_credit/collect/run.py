"""Collect datasets one by one.

A channel per type, a step row per dataset, nobody's failure stops the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from ..base import faults, settings
from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import Dataset, load_catalogue
from ..catalogue.models import HandIn
from ..ledger.session import step
from ..ledger.states import StepName
from . import hand_in
from .base import CollectOutcome, Intake, Probe, only_one

CHANNELS = {"http_api": "http_api", "sftp": "sftp", "drop_folder": "drop_folder", "exchange_db": "exchange_db"}


def _pull(intake: Intake) -> None:
    import_module(f".{CHANNELS[intake.dataset.channel.type]}", __package__).pull(intake)


def _datasets(ids: Iterable[str] | str) -> list[Dataset]:
    """Datasets named by unit or dataset ids, in the order given, each once. Raises LeftOut, UserError."""
    catalogue = load_catalogue()
    found: dict[str, Dataset] = {}
    for given in [ids] if isinstance(ids, str) else ids:
        if given in catalogue.units:
            found |= {dataset.id: dataset for dataset in catalogue.unit(given).datasets}
        elif given in catalogue.datasets:
            catalogue.sound(catalogue.datasets[given].unit)
            found[given] = catalogue.datasets[given]
        else:
            catalogue.sound(given.partition(".")[0])
            raise UserError(f"目录中没有单位或数据集 {given}。", remedy="用 public-credit catalogue show 查看编号。")
    return list(found.values())


def _guarded(intake: Intake) -> None:
    """Run the channel; what goes wrong is noted in the outcome, the exception's own text is not shown."""
    try:
        with only_one(intake.run, f"collect {intake.dataset.id}") as mine:
            if mine:
                _pull(intake)
            else:
                intake.outcome.busy = True
    except UserError as error:
        intake.outcome.failed(error)
    except BaseException as error:  # a fault of ours in one dataset; its text may hold a credential or a value
        if isinstance(error, KeyboardInterrupt) or not (isinstance(error, Exception) or faults.of_receipt(error)):
            raise
        faults.note(f"{intake.dataset.id} could not be collected", error)
        intake.outcome.failed(UserError(f"{faults.text(error)}。", remedy="由数据管理员查看任务日志。"))
    intake.outcome.settle()


def _collect_one(run: Run, dataset: Dataset) -> CollectOutcome:
    with step(run, "collector", StepName.COLLECT, unit_id=dataset.unit, dataset_id=dataset.id) as record:
        intake = Intake(run, dataset)
        _guarded(intake)
        outcome = intake.outcome
        record.verdict, record.message, record.owner = outcome.verdict, outcome.message, outcome.owner
        record.counts = outcome.counts
    return outcome


def connected(dataset: Dataset) -> bool:
    """Whether a dataset has a way to come: it is handed in, or its connection is configured."""
    return isinstance(dataset.channel, HandIn) or settings.names_connection(dataset.channel.connection)


def collect(run: Run, ids: Iterable[str] | str) -> list[CollectOutcome]:
    """Collect the named units or datasets; one outcome and one step row (``collect``) per dataset.

    Datasets that are handed in by a person have nothing to pull and are passed over.
    """
    return [_collect_one(run, dataset) for dataset in _datasets(ids) if dataset.channel.type in CHANNELS]


def probe(run: Run, dataset_id: str) -> CollectOutcome:
    """Connect to a dataset's source and say what a collection would take; books nothing."""
    dataset = next((item for item in _datasets(dataset_id) if item.id == dataset_id), None)
    if dataset is None or dataset.channel.type not in CHANNELS:
        raise UserError(f"{dataset_id} 没有可连接的渠道。", remedy="填写一个按渠道采集的数据集编号。")
    intake = Probe(run, dataset)
    _guarded(intake)
    return intake.outcome


def receive_file(run: Run, dataset_id: str, path: str | Path) -> CollectOutcome:
    """Book one file a person hands in.

    Raises UserError when the file cannot be read; nothing is booked then.
    """
    hand_in.turn_away(run, dataset_id, Path(path))
    named = _datasets(dataset_id)
    dataset = next((item for item in named if item.id == dataset_id), None)
    if dataset is None:
        raise UserError(
            f"{dataset_id} 是单位编号，不是数据集编号。",
            remedy=f"填写数据集编号：{'、'.join(item.id for item in named)}。",
        )
    hand_in.check(dataset, Path(path))
    with step(run, "collector", StepName.COLLECT, unit_id=dataset.unit, dataset_id=dataset.id) as record:
        intake = Intake(run, dataset)
        hand_in.take(intake, Path(path))
        intake.outcome.settle()
        record.message, record.counts = intake.outcome.message, intake.outcome.counts
    return intake.outcome
