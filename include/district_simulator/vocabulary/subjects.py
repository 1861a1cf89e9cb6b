"""Organisations and persons, as the registers of the simulated district know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass
class Subject:
    """One organisation of the register."""

    uscc: str
    name: str
    kind: str  # company | individual | cooperative | association | institution
    rep_name: str
    rep_id: str
    business_reg_no: str
    established: date
    scope: str
    address: str
    capital: str
    entity_type: str
    former_names: list[str] = field(default_factory=list)
    state: str = "存续"

    @property
    def org_code(self) -> str:
        return self.uscc[8:17]

    @property
    def category(self) -> str:
        return "个体工商户" if self.kind == "individual" else "法人及非法人组织"

    def registration(self) -> dict[str, str]:
        """The roster row of this subject."""
        return {
            "name": self.name,
            "uscc": self.uscc,
            "former_names": ";".join(self.former_names),
            "business_reg_no": self.business_reg_no,
            "org_code": self.org_code,
            "entity_type": self.entity_type,
            "established_on": self.established.isoformat(),
            "registered_capital": self.capital,
            "business_scope": self.scope,
            "address": self.address,
            "state": self.state,
            "legal_rep_name": self.rep_name,
        }


@dataclass(frozen=True)
class Person:
    """A natural person who exists nowhere."""

    name: str
    id_no: str


@dataclass
class Organisation(Subject):
    """An organisation with what only its own register knows."""

    org_type: str = ""
    tax_reg_no: str = ""
    institution_cert_no: str = ""
    social_org_cert_no: str = ""
    sponsor: str = ""
    predecessor: str = ""
    state_on: str = ""

    def register_row(self) -> dict[str, str]:
        """Its row in the register of bodies, institutions or social organisations (source unit left out)."""
        return {
            "subject_name": self.name,
            "uscc": self.uscc,
            "org_code": self.org_code,
            "tax_reg_no": self.tax_reg_no,
            "institution_cert_no": self.institution_cert_no,
            "social_org_cert_no": self.social_org_cert_no,
            "former_names": ";".join(self.former_names),
            "predecessor_uscc": self.predecessor,
            "org_type": self.org_type,
            "sponsor_name": self.sponsor,
            "established_on": self.established.isoformat(),
            "address": self.address,
            "state": self.state,
            "state_on": self.state_on,
            "legal_rep_name": self.rep_name,
        }

    def registration(self) -> dict[str, str]:
        """Its row in the register of enterprises."""
        return {**super().registration(), "predecessor_uscc": self.predecessor}
