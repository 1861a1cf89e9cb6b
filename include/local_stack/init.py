"""``./run init DIR``: a small valid district to go on from, and the secrets of this machine.

Whatever is not given as a flag is asked for, where somebody can answer. The folder holds nothing invented: a unit is written only
with the code its operator gives, otherwise it stands beside the others as an example that is not read.
"""

from __future__ import annotations

import getpass
import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from public_credit.base import files, settings
from public_credit.build.inputs import FILES
from public_credit.catalogue import read
from public_credit.catalogue.load import default_root
from public_credit.catalogue.sectors import SECTOR_IDS
from public_credit.catalogue.users import ACCOUNT
from public_credit.catalogue.users import NAME as USERS_FILE
from public_credit.identifiers.codes import check_uscc

from .airflow import make_secrets
from .bootstrap import make_keys
from .desk import make_metrics_token
from .stack import StackError

Ask = Callable[[str], str]
EXAMPLE_SECTOR = "D35"

DISTRICT = """\
# 本辖区自己的内容，都写在这个文件夹里；说明见 docs/district.md。改动即时生效，不必重启。
name: {name}
region_code: "{code}"
# 出具信用报告的机构；不写的，为“{name}公共信用信息平台”。
# issuing_body: {name}社会信用中心

# 其他可作许可、处罚机关或数据来源单位的机构：- {{name: 全称, uscc: "统一社会信用代码"}}
authorities: []

# 各领域的责任单位（departments 中的编号），例如 D08: [xyzx]
sectors: {{}}
# 尚未接入的领域，计划哪一天接入；接入后删去该行。
planned:
{planned}
# 目标台账各数字（T01 至 T20）和里程碑（M01 至 M13）由谁负责，例如 T01: {{responsible: [xyzx]}}
targets: {{}}
# 实施意见列名的重点部门（T19）和推行信用报告的领域（T20）；其佐证写在 evidence 中。
key_departments: []
report_areas: []

# 各数据集自哪一天起上线；另有日期的写在 go_live，例如 xyzx.penalty_entity: 2026-03-01
# live_from: 2026-03-01
go_live: {{}}

# 提醒中写明的联系人：data_engineer 数据管理员、leadership 分管领导、city 市平台，例如
#   data_engineer: {{name: 王某, phone: 0533-0000000, mail: wang@example.gov.cn}}
# 单位的联系人写在它的文件中（contact）。
contacts: {{}}
# 提醒发给谁：按连接文件中的连接名（地址和密钥写在那里），邮件可另写收件人 to；owners 为谁的事项
# （上面三类、department 或单位编号），不写的为全部。不写本项的，全部发到连接 alert。例如
#   - {{connection: alert_mail, to: [wang@example.gov.cn], owners: [data_engineer]}}
#   - {{connection: alert_robot, owners: [leadership, department]}}
alerts: []
"""

DEPARTMENT = """\
# {note}
id: {unit}
name: {unit_name}
uscc: {uscc}
nature: 部门                      # 部门、镇街、开发区、双管单位、司法机关
schedule: "20 6 * * *"            # 采集时间（北京时间），五段 cron
owner: data_engineer
contact: {unit_name}信用信息联络员
run_notes: |
  业务系统每日导出 CSV。
datasets:
  - id: {unit}.penalty_entity
    title: 行政处罚（法人）
    kind: administrative_penalty  # 记录类型：include/catalogue/kinds
    variant: entity
    sectors: [{sector}]                # 属于依据文件的哪些领域（include/catalogue/sectors.yml）
    channel:                      # 其他渠道见 docs/channels
      type: sftp
      connection: sftp_{unit}       # 地址和口令写在连接文件中，不写在这里
      folder: out
      patterns: ["xzcf_*.csv"]
      format: csv
    cadence_days: 7
    legal_basis: 行政处罚法第48条；发改办财金〔2018〕790号
    purpose: 双公示归集与报送
    disclosure: 公开
    retention: 5 年
"""

USERS = """\
# 工作台的账号：每人一项，说明见 docs/desk.md。角色 role：engineer 数据工程师、leadership 分管领导、auditor 审计人员、
# clerk 报送员（写明 unit，departments 中的编号）。unix 为本人在本机的系统用户，airflow 为其 Airflow 用户，oidc 为统一
# 身份认证中的标识，均可不写。
# 口令不写在这里：运行 public-credit users set-password <账号>。改动即时生效。
{first}\
# - {{account: wang, name: 王某, role: engineer}}
# - {{account: zhao, name: 赵某, role: leadership, airflow: [zhao]}}
# - {{account: sun, name: 孙某, role: auditor}}
# - {{account: li, name: 李某, role: clerk, unit: {unit}}}
"""

CONNECTIONS = """\
# 部门与提醒的连接：每行一个“编号: 地址”，编码 UTF-8，用户名和口令中的特殊字符作百分号编码。改动即时生效。
# sftp_{unit}: sftp://用户:口令@主机:22/?host_key=<ssh-keyscan 输出的公钥>
# alert: smtp://主机:25/?from=发件人&to=收件人
"""
RECEIVERS = """\
# 接收方的连接，写法同 connections.yaml；只有报送的任务读取。
# city_platform: https://应用编号:密钥@主机/接口路径
"""


@dataclass
class Answers:
    """What a district is begun with; ``uscc`` may be blank: its unit is an example then. ``person``: who begins it, may be blank."""

    name: str | None = None
    code: str | None = None
    unit: str | None = None
    unit_name: str | None = None
    uscc: str | None = None
    by: str | None = None
    person: str | None = None
    account: str | None = None


def _asked(
    given: str | None, flag: str, question: str, fault: Callable[[str], str], default: str, ask: Ask | None
) -> str:
    """An answer without fault: the one given, else the one asked for. Raises StackError where it is wrong and nobody is there."""
    while True:
        answer = given
        if answer is None and ask:
            answer = ask(f"{question}{f'［{default}］' if default else ''}：").strip() or default
        elif answer is None:
            answer = default
        reason = fault(answer)
        if not reason:
            return answer
        if given is not None or not ask:
            raise StackError(f"{question}：{reason}（{flag}）。")
        print(f"  {reason}，请重新填写。")


def _name_fault(text: str) -> str:
    return "" if 2 <= len(text) <= 60 and text.isprintable() else "填写 2 至 60 个字"


def _code_fault(text: str) -> str:
    return "" if re.fullmatch(r"[1-9]\d{5}", text) else "应为六位行政区划代码"


def _id_fault(text: str) -> str:
    return "" if re.fullmatch(r"[a-z][a-z0-9_]{1,39}", text) else "由小写字母、数字和下划线组成，以字母开头"


def _uscc_fault(text: str) -> str:
    return "" if not text or check_uscc(text).ok else "统一社会信用代码不正确（GB 32100 校验）"


def _date_fault(text: str) -> str:
    try:
        return "" if date.fromisoformat(text).isoformat() == text else "写成 2026-12-31"
    except ValueError:
        return "写成 2026-12-31"


def _person_fault(text: str) -> str:
    return "" if not text or len(text) <= 40 and text.isprintable() else "填写至多 40 个字"


def _account_fault(text: str) -> str:
    return "" if re.fullmatch(ACCOUNT, text) else "由小写字母、数字和 _.- 组成，以字母开头，2 至 32 位"


def _first(person: str, account: str) -> str:
    """The line of the person who begins; '' where nobody is named. The machine's own administrator is nobody's user."""
    if not person:
        return ""
    user = getpass.getuser()
    unix = f", unix: {json.dumps(user, ensure_ascii=False)}" if user != "root" else ""
    return f"- {{account: {account}, name: {json.dumps(person, ensure_ascii=False)}, role: engineer{unix}}}\n"


def _answered(given: Answers, ask: Ask | None, today: date) -> dict[str, str]:
    name = _asked(given.name, "--name", "辖区名称，例如 周村区", _name_fault, "", ask)
    end = date(today.year + (today.month > 9), 12, 31).isoformat()
    answers = {
        "name": name,
        "code": _asked(given.code, "--code", "行政区划代码，例如 370306", _code_fault, "", ask),
        "unit": _asked(given.unit, "--unit", "第一个单位的编号", _id_fault, "xyzx", ask),
        "unit_name": _asked(given.unit_name, "--unit-name", "它的名称", _name_fault, f"{name}社会信用中心", ask),
        "uscc": _asked(given.uscc, "--uscc", "它的统一社会信用代码，可留空以后再填", _uscc_fault, "", ask),
        "by": _asked(given.by, "--by", "其余领域计划在哪一天前接入", _date_fault, end, ask),
        "person": _asked(
            given.person, "--person", "您的姓名，登记为数据工程师，可留空以后再填", _person_fault, "", ask
        ),
    }
    user = getpass.getuser()
    default = user if not _account_fault(user) and user != "root" else "engineer"
    asked = ask if answers["person"] else None
    return answers | {"account": _asked(given.account, "--account", "您登录用的账号", _account_fault, default, asked)}


def _contents(answers: dict[str, str]) -> dict[str, str]:
    """The folder's files: path → text."""
    active = bool(answers["uscc"])
    note = (
        "一个示例，按实际情况修改。"
        if active
        else "一个示例：填好 uscc，把文件改名为 {unit}.yml 即生效。".format(**answers)
    )
    product, _ = read(default_root(), None)
    served = {sector for entry in product.refused.values() for sector in entry.sectors}
    served |= {EXAMPLE_SECTOR} if active else set()
    planned = "".join(f"  {sector}: {answers['by']}\n" for sector in SECTOR_IDS if sector not in served)
    department = DEPARTMENT.format(note=note, sector=EXAMPLE_SECTOR, **answers | {"uscc": f'"{answers["uscc"]}"'})
    return {
        "district.yml": DISTRICT.format(planned=planned, **answers),
        USERS_FILE: USERS.format(first=_first(answers["person"], answers["account"]), unit=answers["unit"]),
        f"departments/{answers['unit']}.yml{'' if active else '.example'}": department,
        **{f"evidence/{name}.csv": ",".join(file.columns) + "\n" for name, file in FILES.items()},
    }


def init(folder: Path, home: Path, given: Answers, ask: Ask | None) -> int:
    """Write the district and the secrets; 0. Raises StackError where something is in the way, with nothing written.

    ``ask`` puts a question to whoever sits there; None where nobody does.
    """
    if folder.exists() and (not folder.is_dir() or any(item.name != ".git" for item in folder.iterdir())):
        raise StackError(f"{folder} 已有内容，未写入。请另指一个空文件夹。")
    if (home / "simulator").exists():
        raise StackError("这个状态文件夹里是演示的虚构数据。先运行 ./run reset 清除，或用环境变量 PCW_HOME 另指一个。")
    answers = _answered(given, ask, settings.today())
    for name, text in _contents(answers).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text, files.SHARED)
    secrets = home / "secrets"
    secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_keys(secrets)
    make_secrets(home)
    make_metrics_token(home)
    connections = secrets / "connections.yaml"
    if not connections.exists():
        files.write(connections, CONNECTIONS.format(**answers))
    receivers = secrets / "receivers.yaml"
    if not receivers.exists():
        files.write(receivers, RECEIVERS)
    shown = shlex.quote(str(folder))
    account = answers["account"] if answers["person"] else "<账号>"
    print(
        f"辖区文件夹  {folder}\n"
        f"密钥与口令  {secrets}（只有本用户可读；归档和保险库的密钥遗失后无法恢复，请另行备份）\n"
        f"连接        {connections}，接收方的在 {receivers.name}\n"
        f"接下来      ./run credit catalogue check --district {shown}\n"
        f"            ./run serve --district {shown}\n"
        f"            ./run credit users set-password {account}（工作台的账号写在 {USERS_FILE}）"
    )
    return 0


def asker() -> Ask | None:
    """How to ask, where a person is at the terminal."""
    return input if sys.stdin.isatty() else None
