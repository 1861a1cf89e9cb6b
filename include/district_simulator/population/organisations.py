"""Organisations of the sectors: public institutions, social organisations, government bodies, food and drug firms.

Their brands use characters of their own, so no name meets one of ``population``; codes are valid and of the reserved
region 370399, persons are those of ``population`` (自然人甲0012) with their reserved numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from district_simulator.vocabulary import codes
from district_simulator.vocabulary.subjects import Organisation
from district_simulator.vocabulary.units import UNITS

_A = "朝晴暖晓映朗旭曦霁昭"
_B = "帆岚汀屿渡岑墨弦砚笛"
_C = "里园台苑庭坊馆阁轩堂"
_INSTITUTIONS = ["小学", "中学", "幼儿园", "卫生院", "图书馆", "文化馆", "敬老院", "水利站", "农技推广站", "疾控中心"]
_SOCIAL = [
    ("商会", "社会团体"),
    ("志愿服务协会", "社会团体"),
    ("养老服务社", "民办非企业单位"),
    ("职业培训学校", "民办非企业单位"),
    ("书画研究会", "社会团体"),
    ("慈善基金会", "基金会"),
]
_FOOD = [
    ("食品有限公司", "食品生产"),
    ("餐饮有限公司", "餐饮服务"),
    ("大药房有限公司", "药品零售"),
    ("粮油有限公司", "食品生产"),
]


@dataclass
class Groups:
    """Who is there, by the register that knows it."""

    institutions: list[Organisation] = field(default_factory=list)
    social: list[Organisation] = field(default_factory=list)
    bodies: list[Organisation] = field(default_factory=list)
    food: list[Organisation] = field(default_factory=list)
    spare: dict[str, list[Organisation]] = field(default_factory=dict)  # by register: for faulty rows only


class Organisations:
    """All organisations of the sectors of one seed."""

    def __init__(self, seed: int, scale: float):
        self.rng = random.Random(f"{seed}/sectors")
        self._serial = 0
        self._names: set[str] = set()
        share = min(1.0, max(0.25, scale))
        self.groups = Groups(
            institutions=[self.institution() for _ in range(int(240 * share))],
            social=[self.social() for _ in range(int(160 * share))],
            bodies=[self._unit(u.name, u.uscc) for u in UNITS.values()] + [self.body() for _ in range(20)],
            food=[self.food() for _ in range(48)],
            spare={
                "public_institution": [self.institution() for _ in range(40)],
                "social_organisation": [self.social() for _ in range(40)],
                "government_body": [self.body() for _ in range(40)],
            },
        )

    def org(self, digits: bool = False) -> str:
        """A new 组织机构代码, apart from those of ``population``."""
        self._serial += 1
        body = f"398{self._serial:05d}" if digits else f"MB{codes.base31(self._serial * 7 + 19):0>6}"
        return codes.org_code(body)

    def code(self, prefix: str) -> str:
        """A new USCC."""
        return codes.uscc(prefix, self.org())

    def brand(self) -> str:
        while True:
            brand = "".join(self.rng.choice(part) for part in (_A, _B, _C))
            if brand not in self._names:
                self._names.add(brand)
                return brand

    def make(self, prefix: str, name: str, kind: str, org_type: str, **more) -> Organisation:
        """A new organisation with valid codes."""
        code = codes.uscc(prefix, self.org(digits=self.rng.random() < 0.3))
        number = self._serial
        return Organisation(
            uscc=more.pop("uscc", code),
            name=name,
            kind=kind,
            org_type=org_type,
            rep_name=f"法人代表甲{90000 + number:05d}",
            rep_id=self.population_id(),
            business_reg_no=codes.reg_no(f"{codes.REGION}229{number:05d}") if prefix[0] == "9" else "",
            established=date(1999, 1, 1) + timedelta(days=self.rng.randrange(9000)),
            scope=more.pop("scope", ""),
            address=f"示范区{self.rng.choice(['东城街道', '北山镇'])}样例路{number}号",
            capital="100万元",
            entity_type=more.pop("entity_type", org_type),
            **more,
        )

    def population_id(self) -> str:
        birth = date(1955, 1, 1) + timedelta(days=self.rng.randrange(18000))
        return codes.id_number(birth, self.rng.randrange(1, 999))

    def institution(self) -> Organisation:
        made = self.make(
            "12",
            f"示范区{self.brand()}{self.rng.choice(_INSTITUTIONS)}",
            "institution",
            "事业单位",
            sponsor="示范区教育和体育局" if self.rng.random() < 0.5 else "示范区卫生健康局",
        )
        made.institution_cert_no = f"1370399{self._serial:05d}"
        if self.rng.random() < 0.3:
            made.tax_reg_no = f"370399{made.org_code}"
        return made

    def social(self) -> Organisation:
        ending, org_type = self.rng.choice(_SOCIAL)
        prefix = {"社会团体": "51", "民办非企业单位": "52", "基金会": "53"}[org_type]
        made = self.make(prefix, f"示范区{self.brand()}{ending}", "association", org_type, sponsor="示范区民政局")
        made.social_org_cert_no = f"示民社登字第{self._serial:05d}号"
        return made

    def body(self) -> Organisation:
        return self.make("11", f"示范区{self.brand()}事务办公室", "body", "机关")

    def _unit(self, name: str, uscc: str) -> Organisation:
        """A unit of the district as a body of the register."""
        return self.make(uscc[:2], name, "body", "机关", uscc=uscc)

    def food(self) -> Organisation:
        ending, scope = self.rng.choice(_FOOD)
        return self.enterprise(ending, scope, kind="food")

    def enterprise(
        self,
        ending: str = "贸易有限公司",
        scope: str = "日用百货销售",
        kind: str = "story",
        prefix: str = "91",
        name: str = "",
    ) -> Organisation:
        """A firm (or with prefix 92 a 个体工商户) of the register of enterprises."""
        return self.make(
            prefix,
            name or f"示范区{self.brand()}{ending}",
            kind,
            "",
            scope=scope,
            entity_type="个体工商户" if prefix == "92" else "有限责任公司(自然人投资或控股)",
        )
