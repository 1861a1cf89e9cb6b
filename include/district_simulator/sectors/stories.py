"""Stories of the registers that decide who is who, and records that name their subject by what the story left.

Each record's case says what must become of it: ``subject`` in the answer key is worked out from the registers as
delivered (see ``book.Registry``), so a story that is not told by a register resolves nothing.
"""

from __future__ import annotations

from district_simulator.book import Book
from district_simulator.population.organisations import Organisations
from district_simulator.sectors.clean import CleanRecords
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Organisation

ROSTER = "scjg.enterprise_registration"
EACH = 6
# Streams that tell the stories: (dataset, day)
TELLERS = [
    ("czj.contract_performance", 1),
    ("scjg.inspection", 1),
    ("rsj.social_insurance_payment", 1),
    ("scjg.honour", 1),
    ("yjgl.commitment", 1),
    ("scjg.abnormal_operation", 1),
    ("scjg.inspection", 2),
    ("czj.contract_performance", 2),
    ("scjg.inspection", 3),
    ("rsj.social_insurance_payment", 3),
]


class Stories:
    """Invented firms and institutions with a past."""

    def __init__(self, organisations: Organisations):
        self.organisations = organisations
        make, groups = organisations, organisations.groups
        self.reissued = [make.enterprise() for _ in range(EACH)]  # new code already on day 1
        for firm in self.reissued:
            firm.predecessor = make.code("91")
        self.later_reissued = [make.enterprise() for _ in range(EACH)]  # new code on day 3
        self.shops = [make.enterprise("杂货店", "食品零售", prefix="92") for _ in range(EACH)]
        self.grown = [make.enterprise() for _ in range(EACH)]  # 个转企: 92 → 91
        for old, new in zip(self.shops, self.grown, strict=True):
            new.predecessor, old.state = old.uscc, "注销"
        self.renamed = [make.enterprise() for _ in range(EACH)]
        for firm in self.renamed:
            firm.former_names = [f"示范区{make.brand()}商行有限公司"]
        self.ended = [make.enterprise() for _ in range(EACH)]
        for i, firm in enumerate(self.ended):
            firm.state = ("吊销", "注销")[i % 2]
        self.sharing = [make.enterprise() for _ in range(2 * EACH)]  # two rows with one wrong 注册号 each
        for one, other in zip(self.sharing[::2], self.sharing[1::2], strict=True):
            other.business_reg_no = one.business_reg_no
        self.namesakes = [make.enterprise() for _ in range(2 * EACH)]
        for one, other in zip(self.namesakes[::2], self.namesakes[1::2], strict=True):
            other.name = one.name
        self.plain = [make.enterprise() for _ in range(2 * EACH)]  # known by old codes or the name alone
        self.unknown = [make.enterprise() for _ in range(2 * EACH)]  # in no register
        self.moved = [make.institution() for _ in range(EACH)]  # institutions with a re-issued code
        for place in self.moved:
            place.predecessor = make.code("12")
        self.certified = [make.institution() for _ in range(EACH)]  # two institutions with one certificate number
        for one, other in zip(self.certified[::2], self.certified[1::2], strict=True):
            other.institution_cert_no = one.institution_cert_no
        self.clubs = [make.social() for _ in range(EACH)]
        groups.institutions += self.moved + self.certified
        groups.social += self.clubs

    @property
    def firms(self) -> list[Organisation]:
        """Everybody of the register of enterprises, food and drug firms included."""
        return (
            self.reissued
            + self.later_reissued
            + self.shops
            + self.grown
            + self.renamed
            + self.ended
            + self.sharing
            + self.namesakes
            + self.plain
            + self.organisations.groups.food
        )

    def add_to_registers(self, book: Book) -> None:
        """Rows of the register of enterprises on days 1 and 3 (the cut one of day 2 ends before them)."""
        book.main[ROSTER, 1].rows.extend(self._row(firm) for firm in self.firms)
        for i, firm in enumerate(self.firms):
            row = self._row(firm)
            if firm in self.later_reissued:
                new = book.reissued[firm.uscc] = self.organisations.code("91")
                row.fix(uscc=new, org_code=new[8:17], predecessor_uscc=firm.uscc)
                row.plant(f"SE-code-firm-{i}", [], "accepted", "代码重新赋码：原代码写在记录中")
            book.insert(3, row)

    @staticmethod
    def _row(firm: Organisation) -> Row:
        return Row(ROSTER, "qydj", firm.registration(), firm)

    def records(self, clean: CleanRecords) -> list[tuple[int, Row]]:
        """(day, row): each story told in turn by several streams."""
        told: list[tuple[int, Row]] = []

        def tell(word: str, subject: Organisation, how: str, note: str, **values: str) -> None:
            name, day = TELLERS[len(told) % len(TELLERS)]
            row = clean.row(name, day, subject, how=how).fix(**values)
            told.append(
                (day, row.plant(f"SU-{word}-{len(told):03d}", ["C08"] if how == "name" else [], "accepted", note))
            )

        for firm in self.reissued + self.moved:
            tell("oldcode", firm, "uscc", "报送重新赋码前的代码", uscc=firm.predecessor)
            tell("oldorg", firm, "org_code", "只有重新赋码前的组织机构代码", org_code=firm.predecessor[8:17])
            tell("newcode", firm, "uscc", "报送现代码")
        for firm in self.later_reissued:
            tell("latercode", firm, "uscc", "第三日重新赋码，此前按原代码报送")
        for firm in self.shops:
            tell("shop", firm, "uscc", "转为企业前的个体工商户：另一主体")
        for firm in self.grown:
            tell("grown", firm, "uscc", "个体工商户转成的企业")
        for firm in self.renamed:
            tell("renamed", firm, "uscc", "以曾用名报送", subject_name=firm.former_names[0])
        for firm in self.ended:
            tell("ended", firm, "uscc", "已吊销或注销的企业")
        for firm in self.sharing:
            tell("sharedreg", firm, "business_reg_no", "两个登记共用的错误注册号：不得关联")
            tell("sharing", firm, "uscc", "共用注册号者以代码报送：各归各")
        for firm in self.namesakes:
            tell("namesake", firm, "name", "登记中有两家同名：不得关联")
        for i, firm in enumerate(self.plain):
            tell("plain", firm, ("name", "org_code", "business_reg_no")[i % 3], "只有名称或旧代码，登记中唯一")
        for i, firm in enumerate(self.unknown):
            tell("unknown", firm, ("name", "org_code", "business_reg_no")[i % 3], "登记中没有的名称或旧代码")
        for place in self.certified:
            tell("sharedcert", place, "institution_cert_no", "两家共用的证书号：不得关联")
        for i, club in enumerate(self.clubs):
            tell("club", club, ("social_org_cert_no", "name")[i % 2], "社会组织：只有登记证号或名称")
        return told
