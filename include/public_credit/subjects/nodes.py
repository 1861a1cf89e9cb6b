"""Identifiers of organisations: which values may stand for one, and which a register row names.

Schemes in the order that picks a subject's canonical identifier: 统一社会信用代码, 组织机构代码, 注册号, 事业单位证书号,
社会组织登记证号, 税务登记号; a folded name only where a register row has no identifier at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from ..identifiers import identity

SCHEMES = ("uscc", "org", "reg", "inst", "soc", "tax", "name")
TITLES = {
    "uscc": "统一社会信用代码",
    "org": "组织机构代码",
    "reg": "注册号",
    "inst": "事业单位证书号",
    "soc": "社会组织登记证号",
    "tax": "税务登记号",
    "name": "名称",
}
SHORTEST_NAME = 4  # three characters and fewer may be a person's name
_RANK = {scheme: rank for rank, scheme in enumerate(SCHEMES)}

Node = tuple[str, str]


def usable(scheme: str, value: str) -> bool:
    """Whether a value may stand for an organisation: an identifier by the one rule, or a name of more than three letters."""
    return identity.usable(scheme, value) if scheme != "name" else len(value) >= SHORTEST_NAME and "〔" not in value


def key(node: Node) -> str:
    """The key ``scheme:value`` of a node."""
    return f"{node[0]}:{node[1]}"


def node(text: str) -> Node:
    """The node of a key ``scheme:value``."""
    scheme, _, value = text.partition(":")
    return scheme, value


def order(item: Node) -> tuple[int, str]:
    """Sorts nodes by scheme, then value; the first of a subject's is canonical."""
    return _RANK[item[0]], item[1]


def subject_id(canonical: Node) -> str:
    """The id of the subject whose canonical identifier this is."""
    return "s" + sha256(key(canonical).encode()).hexdigest()[:31]


@dataclass(frozen=True, slots=True)
class Row:
    """The current version of one register record."""

    record_id: str
    kind: str
    newest: tuple[str, int, int]
    gone: bool
    uscc: str
    org_code: str = ""
    business_reg_no: str = ""
    tax_reg_no: str = ""
    institution_cert_no: str = ""
    social_org_cert_no: str = ""
    predecessor_uscc: str = ""
    name: str = ""
    name_key: str = ""
    former_keys: str = ""
    org_type: str = ""
    state: str = ""
    established_on: date | None = None
    address: str = ""
    legal_rep_name: str = ""
    known_on: date | None = None

    @property
    def live(self) -> bool:
        """Whether the row says that its organisation exists now (存续)."""
        return not self.gone and self.state == "存续"

    @property
    def names(self) -> set[str]:
        """Folded current and former names that may identify."""
        return {name for name in (self.name_key, *self.former_keys.split(";")) if usable("name", name)}


def identifiers(row: Row) -> tuple[Node, ...]:
    """The identifiers a row claims for its organisation; the 组织机构代码 inside its codes among them."""
    given = [
        ("uscc", row.uscc),
        ("org", row.org_code),
        ("reg", row.business_reg_no),
        ("inst", row.institution_cert_no),
        ("soc", row.social_org_cert_no),
        ("tax", row.tax_reg_no),
    ]
    if len(row.tax_reg_no) == 15:
        given.append(("org", row.tax_reg_no[6:]))
    found = {item for item in given if usable(*item)}
    if ("uscc", row.uscc) in found:
        found.add(("org", row.uscc[8:17]))
    return tuple(sorted(found, key=order))


def former_codes(row: Row) -> tuple[Node, ...]:
    """The 统一社会信用代码 a row says its organisation had before, and the 组织机构代码 inside it."""
    before = row.predecessor_uscc
    return (("uscc", before), ("org", before[8:17])) if usable("uscc", before) else ()


def claims(row: Row) -> set[Node]:
    """Everything that ties a row to other rows: identifiers, the codes it had before, names."""
    own = identifiers(row)
    return {*own, *(former_codes(row) if own else ()), *(("name", name) for name in row.names)}
