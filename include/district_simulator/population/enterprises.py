"""Enterprises of the register (companies, 个体工商户, cooperatives and some others) and natural persons, all invented.

Names start with 示范区 (no such district exists); persons are called 自然人甲0012 or 法人代表乙0453 and
carry ID numbers of the unassigned region 370399, so no plausible name ever meets a plausible number.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from district_simulator.vocabulary import codes
from district_simulator.vocabulary.subjects import Person, Subject

_A = "青云海泰和瑞丰源恒嘉鼎盛德信达康宁安同福祥顺宏博远明辉"
_B = "禾岭泉松石河川林峰泽田园沐澜溪谷舟桥塔月星晨露霜枫竹"
_C = "一舟方圆正成合本立行知序为和生元升启新益"
_TRADES = [
    ("商贸", "食品、日用百货销售"),
    ("建材", "建筑材料、五金产品销售"),
    ("餐饮管理", "餐饮服务"),
    ("运输", "道路普通货物运输"),
    ("机械制造", "通用零部件制造"),
    ("化工", "化工产品销售（不含危险化学品）"),
    ("医药", "药品零售、医疗器械销售"),
    ("建筑工程", "房屋建筑和市政基础设施工程施工"),
    ("环保科技", "环境保护专用设备销售"),
    ("纺织", "纺织品制造、销售"),
    ("劳务", "劳务派遣服务"),
    ("物业服务", "物业管理"),
    ("农业科技", "农作物种子经营"),
    ("信息技术", "软件开发"),
]
_SHOPS = [
    ("小吃店", "小餐饮"),
    ("超市", "食品销售"),
    ("理发店", "理发服务"),
    ("五金店", "五金零售"),
    ("汽修部", "机动车维修"),
    ("水果店", "水果零售"),
    ("药房", "药品零售"),
    ("快餐店", "餐饮服务"),
]
_CAPITAL = ["{}万人民币", "{}(万元人民币)", "{}万元", "{}"]
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_TOWNS = ["东城街道", "西湖街道", "北山镇", "南河镇", "开发区"]


class Population:
    """All subjects and persons of one seed."""

    def __init__(self, seed: int, enterprises: int, persons: int = 4000):
        self.rng = random.Random(f"{seed}/population")
        self._serial = 0
        self._names: set[str] = set()
        self.persons = [self.person(f"自然人{_STEMS[i % 10]}{i:04d}") for i in range(persons)]
        self.subjects = [self.subject() for _ in range(enterprises)]
        prefixes = ("A1", "N1", "Y1", "52", "12", "N2")
        self.specials = [self.subject("institution", prefix) for prefix in prefixes for _ in range(6)]
        self.zeros = [self._with_zeros(20 + i) for i in range(12)]
        self.luhn = [self._like_a_card() for _ in range(10)]
        self.subjects += self.specials + self.zeros + self.luhn
        self.unregistered = [self.subject("company") for _ in range(80)]  # in no roster: 未关联
        self.newcomers = [self.subject("company") for _ in range(30)]  # founded between day 2 and day 3
        self._groups()

    def _groups(self) -> None:
        """Subjects by the peculiarity a planted case needs."""
        alive = [s for s in self.subjects if s.state == "存续"]
        company = [s for s in alive if s.kind == "company"]
        digits = [s for s in company if s.uscc.isdigit()]
        self.groups: dict[str, list[Subject]] = {
            "": alive,
            "company": company,
            "digits": digits,
            "letters": [s for s in company if not s.uscc.isdigit()],
            "individual": [s for s in alive if s.kind == "individual"],
            "cooperative": [s for s in alive if s.kind == "cooperative"],
            "special": self.specials,
            "zeros": self.zeros,
            "luhn": self.luhn,
            "unregistered": self.unregistered,
            "former": [s for s in company if s.former_names],
            "bracket": [s for s in company if "（" in s.name],
        }
        self.digit_persons = [p for p in self.persons if p.id_no.isdigit()]

    def person(self, name: str) -> Person:
        """A person with a number of the reserved region."""
        return Person(name, self.id_number())

    def id_number(self) -> str:
        birth = date(1950, 1, 1) + timedelta(days=self.rng.randrange(20000))
        return codes.id_number(birth, self.rng.randrange(1, 999))

    def mobile(self) -> str:
        return f"1990000{self.rng.randrange(10000):04d}"

    def card(self) -> str:
        return codes.luhn(f"62000000{self.rng.randrange(10**10):010d}")

    def _brand(self) -> str:
        while True:
            brand = self.rng.choice(_A) + self.rng.choice(_B) + self.rng.choice(_C)
            if brand not in self._names:
                self._names.add(brand)
                return brand

    def _org(self, digits: bool) -> str:
        self._serial += 1
        body = f"399{self._serial:05d}" if digits else f"MA{codes.base31(self._serial * 7 + 17):0>6}"
        return codes.org_code(body)

    def _with_zeros(self, number: int) -> Subject:
        subject = self.subject("institution")
        subject.uscc = codes.uscc("12", codes.org_code(f"{number:08d}"))
        subject.state = "存续"
        return subject

    def _like_a_card(self) -> Subject:
        """An association whose all-digit code happens to pass Luhn, as bank cards do."""
        while True:
            subject = self.subject("association", digits=True)
            if subject.uscc.isdigit() and codes.luhn_valid(subject.uscc):
                return subject

    def subject(self, kind: str | None = None, prefix: str | None = None, digits: bool | None = None) -> Subject:
        """A new subject with valid codes."""
        rng = self.rng
        kind = (
            kind
            or rng.choices(["company", "individual", "cooperative", "association", "institution"], [72, 22, 4, 1, 1])[0]
        )
        prefix = (
            prefix
            or {"company": "91", "individual": "92", "cooperative": "93", "association": "52", "institution": "12"}[
                kind
            ]
        )
        if digits is None:
            digits = rng.random() < 0.2
        code = codes.uscc(prefix, self._org(digits))
        brand = self._brand()
        trade, scope = rng.choice(_SHOPS if kind == "individual" else _TRADES)
        name, entity_type = self._name(kind, brand, trade)
        former: list[str] = []
        if kind == "company" and rng.random() < 0.08:
            former = [self._name(kind, self._brand(), rng.choice(_TRADES)[0])[0]]
            if rng.random() < 0.2:
                former.append(self._name(kind, self._brand(), trade)[0])
        number = self._serial
        established = date(1998, 1, 1) + timedelta(days=rng.randrange(10200))
        return Subject(
            uscc=code,
            name=name,
            kind=kind,
            former_names=former,
            rep_name=f"法人代表{_STEMS[number % 10]}{number:05d}",
            rep_id=self.id_number(),
            business_reg_no=codes.reg_no(f"{codes.REGION}228{number:05d}") if kind != "association" else "",
            established=established,
            scope=scope,
            entity_type=entity_type,
            address=f"示范区{rng.choice(_TOWNS)}测试路{rng.randrange(1, 400)}号",
            capital=rng.choice(_CAPITAL).format(rng.choice([5, 10, 50, 100, 208, 1080])),
            state="存续"
            if prefix not in ("91", "92")
            else rng.choices(["存续", "注销", "吊销", "迁出"], [94, 3, 2, 1])[0],
        )

    def _name(self, kind: str, brand: str, trade: str) -> tuple[str, str]:
        rng = self.rng
        if kind == "individual":
            return f"示范区{brand}{trade}", "个体工商户"
        if kind == "cooperative":
            return f"示范区{brand}农机专业合作社", "农民专业合作社"
        if kind == "association":
            return f"示范区{brand}行业协会", "社会团体"
        if kind == "institution":
            return f"示范区{brand}服务中心", "事业单位"
        middle = "（示范）" if rng.random() < 0.1 else ""
        return f"示范区{brand}{middle}{trade}有限公司", "有限责任公司(自然人投资或控股)"
