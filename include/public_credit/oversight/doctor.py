"""Examine the environment: what runs, what is missing, what to do about it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from ..base import connections, secret_files, settings
from ..base.messages import UserError
from ..base.run import now
from ..ledger.rights import compare as rights
from ..policy.workdays import PROVISIONAL, WorkCalendar
from .audit.findings import clock
from .audit.standing import standing

if TYPE_CHECKING:
    from ..catalogue import Catalogue


_VERIFIED = timedelta(days=8)  # everything is verified once a week


@dataclass(frozen=True)
class Finding:
    """One line: 通过, 提醒 or 待办."""

    verdict: str
    subject: str
    detail: str


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("待办", "Python", f"{version}；请改用 3.11–3.13")
    return Finding("通过", "Python", version)


def _disk() -> Finding:
    free = shutil.disk_usage(settings.folder()).free / 2**30
    return Finding("通过" if free > 5 else "提醒", "磁盘", f"状态目录可用 {free:.1f} GiB")


def _secrets() -> Finding:
    for name in ("archive", "vault", "lookup"):
        settings.secret_key(name)
    if others := list(secret_files.open_to_others()):
        names = "、".join(path.name for path in others)
        return Finding("待办", "密钥与连接", f"{names} 其他用户可读；执行 chmod 600 {' '.join(map(str, others))}")
    wrong = [fault for path in secret_files.places() for fault in connections.read(path).faults.values()]
    if wrong:
        return Finding("待办", "密钥与连接", "；".join(wrong))
    return Finding("通过", "密钥与连接", "归档、保险库、检索三把密钥齐全")


def _files_apart() -> list[Finding]:
    """Lines of the one file that belong into files of their own."""
    from ..catalogue import load_catalogue

    mixed = secret_files.left({receiver.connection for receiver in load_catalogue().receivers.values()})
    if not mixed:
        return []
    said = (
        f"connections.yaml 中还有数据库或接收方的 {len(mixed)} 项连接；运行 public-credit secrets split 移到各自的文件"
    )
    return [Finding("提醒", "密钥与连接", said)]


def _database() -> Finding:
    with settings.engine("reader").connect() as connection:
        version = connection.execute(text("show server_version")).scalar()
        batches = connection.execute(text("select count(*) from ledger.batch")).scalar()
    return Finding("通过", "PostgreSQL", f"{version}，台账 {batches} 批")


def _catalogue(on: date) -> list[Finding]:
    """The catalogue as a whole, each file of the district with a mistake, and what is not there yet."""
    from ..catalogue import load_catalogue
    from .district import mistakes

    catalogue = load_catalogue()
    wrong = [Finding("待办", "辖区文件夹", mistake.text) for mistake in mistakes(catalogue)]
    absent = [Finding("提醒", "辖区", line) for line in catalogue.absent.reminders(on)]
    return [_whole(catalogue), *wrong, *absent]


def _whole(catalogue: Catalogue) -> Finding:
    if not catalogue.district.name:
        return Finding(
            "提醒", "目录", "没有指定辖区：没有单位和数据集；把 PCW_DISTRICT 设为辖区文件夹（内有 district.yml）的路径"
        )
    return Finding(
        "通过",
        "目录",
        f"{catalogue.district.title}，{len(catalogue.units)} 个单位，{len(catalogue.datasets)} 个数据集，版本 {catalogue.version}",
    )


def _applied() -> Finding:
    from ..catalogue import load_catalogue
    from ..land import shapes

    with settings.engine("reader").connect() as connection:
        known = shapes.applied(connection)
    waiting = [kind.id for kind in load_catalogue().kinds.values() if shapes.differs(kind, known.get(kind.id))]
    if waiting:
        return Finding(
            "待办", "目录的套用", f"{'、'.join(waiting)} 的字段有改动，批次在等待；运行 public-credit catalogue apply"
        )
    return Finding("通过", "目录的套用", f"{len(known)} 张原始表与目录一致")


def _rights() -> Finding:
    with settings.engine("reader").connect() as connection:
        faults = rights.differences(connection, to_come=True)
    if faults:
        return Finding(
            "待办",
            "数据库权限",
            f"与策略 rights.yml 不同：{'；'.join(faults[:5])}{f' 等 {len(faults)} 处' if len(faults) > 5 else ''}；"
            "查明是谁改的，运行 public-credit migrate 重新套用",
        )
    return Finding("通过", "数据库权限", "各角色的权限与策略一致，不多不少")


def _evidence() -> Finding:
    """What verifications found and nobody mended, and whether somebody verifies at all."""
    with settings.engine("reader").connect() as connection:
        found = standing(connection)
    if found.count:
        places = "；".join(one.where for one in list(found.findings.values())[:5])
        return Finding(
            "待办", "留痕复核", f"发现 {found.count:,} 处改动未了结：{places}；运行 public-credit audit verify 查看"
        )
    if found.whole_at is None:
        return Finding(
            "提醒", "留痕复核", "还没有全部复核过；每夜由 verify_evidence 进行，或运行 public-credit audit verify"
        )
    when = f"最近一次全部复核在 {clock(found.whole_at)}"
    if now() - found.whole_at > _VERIFIED:
        return Finding(
            "提醒",
            "留痕复核",
            f"{when}，已过 {_VERIFIED.days} 天；查 verify_evidence，或运行 public-credit audit verify",
        )
    return Finding("通过", "留痕复核", f"{when}，没有未了结的发现")


def _rules() -> Finding:
    from ..catalogue import load_catalogue
    from ..land.rules import load_ruleset
    from ..land.rules.rows import compile_all

    kinds = load_catalogue().kinds
    count = compile_all(kinds, {kind: load_ruleset(kind) for kind in kinds})
    return Finding("通过", "关卡规则", f"{count} 条行规则（按记录类型与变体计）")


def _unencrypted(catalogue: Catalogue, on: date) -> Iterator[Finding]:
    """Interfaces without TLS: those somebody has agreed to, and those that are refused."""
    from ..catalogue import plain_http
    from ..catalogue.models import HttpApi, Receiver

    entries: list[HttpApi | Receiver] = list(catalogue.receivers.values())
    entries += [dataset.channel for dataset in catalogue.datasets.values() if isinstance(dataset.channel, HttpApi)]
    for entry in entries:
        receiver = isinstance(entry, Receiver)
        if not settings.names_connection(entry.connection, receiver):
            continue
        try:
            uri = settings.connection(entry.connection, receiver)
            said = plain_http.agreed(entry.connection, uri, entry.plain_http, on)
        except UserError as error:
            yield Finding("待办", f"连接 {entry.connection}", str(error))
        else:
            if said:
                yield Finding("提醒", f"连接 {entry.connection}", said)


def _connections(on: date) -> list[Finding]:
    from ..catalogue import load_catalogue

    catalogue = load_catalogue()
    findings = list(dict.fromkeys(_unencrypted(catalogue, on)))
    wanted = {
        connection
        for dataset in catalogue.datasets.values()
        if (connection := getattr(dataset.channel, "connection", None))
    }
    receivers = {receiver.connection for receiver in catalogue.receivers.values()}
    wanted |= {receiver.connection for receiver in catalogue.district.alert_receivers}
    for name in sorted(wanted | receivers):
        try:
            settings.connection(name, name in receivers)
        except UserError as error:
            findings.append(Finding("提醒", f"连接 {name}", str(error)))
    if not findings:
        findings.append(Finding("通过", "连接", f"{len(wanted | receivers)} 个来源、接收方与提醒均已配置"))
    return findings


def _airflow() -> Finding:
    """Whether Airflow has the DAGs the catalogue asks for, and no others of departments."""
    from ..catalogue import load_catalogue

    if not settings.names_connection("airflow_db"):
        return Finding("提醒", "Airflow", "本机没有 Airflow 的连接 airflow_db，未核对 DAG")
    url = settings.connection("airflow_db").replace("postgresql://", "postgresql+psycopg://", 1)
    metadata = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with metadata.connect() as connection:
            found = connection.execute(text("select dag_id, is_paused from dag where not is_stale")).all()
            errors: int = connection.execute(text("select count(*) from import_error")).scalar_one()
    except SQLAlchemyError:
        return Finding("提醒", "Airflow", "读不到 Airflow 的元数据库，未核对 DAG；先启动服务")
    wanted = {f"collect_{unit.id}" for unit in load_catalogue().collected}
    known: dict[str, bool] = {row.dag_id: row.is_paused for row in found}
    wrong = [
        (sorted(wanted - known.keys()), "目录中有而 Airflow 还没有（一分钟内出现，否则查看 dag-processor 日志）"),
        (sorted(dag for dag in known.keys() - wanted if dag.startswith("collect_")), "目录中没有而 Airflow 仍有"),
        (sorted(dag for dag, paused in known.items() if paused), "已暂停"),
        ([f"{errors} 个"] if errors else [], "DAG 文件读不了，见 Airflow 首页"),
    ]
    said = "；".join(f"{what}：{'、'.join(names)}" for names, what in wrong if names)
    return Finding("提醒" if said else "通过", "Airflow", said or f"{len(wanted)} 个采集 DAG 与目录一致")


def _calendar(on: date) -> Finding:
    """A deadline lies at most 30 days ahead: 7 working days over the longest holiday."""
    last = WorkCalendar.load().announced_through()
    if (last - on).days > 30:
        return Finding("通过", "工作日历", f"已公布至 {last}")
    detail = f"已公布至 {last}，以后{PROVISIONAL}；放假通知公布后运行 public-credit calendar import {last.year + 1}"
    return Finding("提醒", "工作日历", detail)


def _safely(subject: str, check: Callable[[], Finding | list[Finding]]) -> list[Finding]:
    try:
        found = check()
    except UserError as error:
        found = Finding("待办", subject, str(error))
    except Exception as error:  # any failure is a finding here, its text may hold a password
        found = Finding("待办", subject, f"检查失败（{type(error).__name__}）")
    return found if isinstance(found, list) else [found]


def examine(on: date) -> list[Finding]:
    """All findings on a day, in the order a person would look."""
    checks: list[tuple[str, Callable[[], Finding | list[Finding]]]] = [
        ("Python", _python),
        ("磁盘", _disk),
        ("密钥与连接", _secrets),
        ("密钥与连接", _files_apart),
        ("PostgreSQL", _database),
        ("数据库权限", _rights),
        ("留痕复核", _evidence),
        ("目录", lambda: _catalogue(on)),
        ("目录的套用", _applied),
        ("关卡规则", _rules),
        ("工作日历", lambda: _calendar(on)),
        ("连接", lambda: _connections(on)),
        ("Airflow", _airflow),
    ]
    return [finding for subject, check in checks for finding in _safely(subject, check)]
