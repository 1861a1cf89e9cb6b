"""What the city refuses, written from the field standard; stricter than the district's gate in places."""

from __future__ import annotations

import csv
import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from district_simulator.vocabulary.codes import PLACEHOLDER, id_check, org_code, uscc_valid
from district_simulator.vocabulary.tables import REQUIRED, codes

REMARK, NAME = 200, 100  # the city's own, stricter lengths
PERSON = ("xk_zrr", "cf_zrr")
_PENALTIES = {
    "警告",
    "通报批评",
    "罚款",
    "没收违法所得、没收非法财物",
    "责令停产停业",
    "暂扣或者吊销许可证、暂扣或者吊销执照",
    "降低资质等级",
    "限制开展生产经营活动",
    "责令关闭",
    "限制从业",
    "行政拘留",
}
_LICENCES = {"普通", "特许", "认可", "核准", "登记"}

Fault = tuple[str, str, str]  # code, field, text


def fold(name: str) -> str:
    """Names as the city compares them: half width, no blanks, one kind of bracket."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name))


def read_registry(path: Path) -> dict[str, str]:
    """The city's own register: USCC → folded name."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as source:
        return {row["uscc"]: fold(row["name"]) for row in csv.DictReader(source)}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None


def _id_right(number: str) -> bool:
    return (
        bool(re.fullmatch(r"\d{17}[\dX]", number))
        and id_check(number[:17]) == number[17]
        or bool(re.fullmatch(r"\d{15}", number))
    )


class Validator:
    """Judges one record of one interface; the first fault found, or None."""

    def __init__(self, registry: dict[str, str]):
        self.registry = registry

    def fault(self, interface: str, data: dict[str, str]) -> Fault | None:
        """The first thing wrong with the values of an ADD or MOD."""
        of = codes(interface)
        value = {name: (data.get(code) or "").strip() for name, code in of.items()}
        for check in (self._presence, self._form, self._lists, self._amounts, self._subject):
            found = check(interface, value)
            if found:
                code, name, text = found
                return code, of[name], text
        return None

    def _presence(self, interface: str, value: dict[str, str]) -> Fault | None:
        wanted = REQUIRED[interface[:2]] + (["id_type", "id_no"] if interface in PERSON else [])
        for name in wanted:
            if not value[name]:
                return "2001", name, "必填项为空"
        if interface not in PERSON and not value["uscc"] and value["subject_category"] != "个体工商户":
            return "2001", "uscc", "必填项为空"
        if len(value["remark"]) > REMARK:
            return "2002", "remark", f"备注超过 {REMARK} 字"
        if len(value["subject_name"]) > NAME:
            return "2002", "subject_name", f"名称超过 {NAME} 字"
        return None

    def _form(self, interface: str, value: dict[str, str]) -> Fault | None:
        for name in ("authority_uscc", "source_unit_uscc"):
            if not uscc_valid(value[name]):
                return "2003", name, "统一社会信用代码校验不通过"
        if interface in PERSON:
            if value["id_type"] == "身份证" and not _id_right(value["id_no"]):
                return "2003", "id_no", "身份证号码校验不通过"
        else:
            if value["uscc"] and value["uscc"] != PLACEHOLDER and not uscc_valid(value["uscc"]):
                return "2003", "uscc", "统一社会信用代码校验不通过"
            if value["org_code"] and org_code(value["org_code"][:8]) != value["org_code"]:
                return "2003", "org_code", "组织机构代码校验不通过"
        for name in ("decision_date", "valid_from", "valid_to", "valid_until", "publication_end"):
            if value.get(name) and _day(value[name]) is None:
                return "2005", name, "日期格式不正确"
        if interface.startswith("xk"):
            since, until = _day(value["valid_from"]), _day(value["valid_to"])
            if since and until and since > until:
                return "2005", "valid_to", "有效期止早于有效期起"
        return None

    def _lists(self, interface: str, value: dict[str, str]) -> Fault | None:
        categories = ("自然人",) if interface in PERSON else ("法人及非法人组织", "个体工商户")
        if value["subject_category"] and value["subject_category"] not in categories:
            return "2004", "subject_category", "相对人类别不正确"
        name, known = (
            ("licence_category", _LICENCES) if interface.startswith("xk") else ("penalty_category", _PENALTIES)
        )
        for token in value[name].split(";"):
            if token not in known and not re.fullmatch(r"其他-.+", token, re.DOTALL):
                return "2004", name, "取值不在代码表内"
        if interface.startswith("xk") and value["licence_state"] not in ("1", "2"):
            return "2004", "licence_state", "状态不正确"
        return None

    def _amounts(self, interface: str, value: dict[str, str]) -> Fault | None:
        for name in ("fine_amount_wan", "confiscated_amount_wan"):
            if value.get(name):
                try:
                    amount = Decimal(value[name])
                except InvalidOperation:
                    return "2006", name, "金额不正确"
                exponent = amount.as_tuple().exponent
                if not isinstance(exponent, int) or amount < 0 or -exponent > 6:  # no int: NaN or infinite
                    return "2006", name, "金额不正确"
        return None

    def _subject(self, interface: str, value: dict[str, str]) -> Fault | None:
        if interface in PERSON or not value["uscc"] or value["uscc"] == PLACEHOLDER:
            return None
        known = self.registry.get(value["uscc"])
        if known is None or known != fold(value["subject_name"]):
            return "1001", "uscc", "未查询到主体或查询到的主体信息不匹配"
        return None
