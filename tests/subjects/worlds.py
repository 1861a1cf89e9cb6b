"""Hypothesis strategies: a few organisations that share more numbers than any real register."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.helpers.registers import body, code, firm, org, reg

CODES = [code(1), code(2), code(3), code(4), code(1, "92"), code(5, "92"), code(6, "93")]
CERTS = ["137039900001", "137039900002"]
NAMES = ["示范区共名有限公司", "示范区另名有限公司", "示范区第三名有限公司"]
KEYS = [
    *(f"uscc:{value}" for value in CODES),
    f"org:{org(1)}",
    f"org:{org(2)}",
    f"org:{org(8)}",
    f"reg:{reg(1)}",
    f"reg:{reg(2)}",
    f"inst:{CERTS[0]}",
    f"name:{NAMES[0]}",
]
_some = {
    "business_reg_no": st.sampled_from(["", "", reg(1), reg(2), "0" * 15]),
    "former_names": st.sampled_from(["", "", NAMES[1], NAMES[2]]),
    "predecessor_uscc": st.sampled_from(["", "", "", *CODES]),
    "state": st.sampled_from(["存续", "注销"]),
}


def _firms() -> st.SearchStrategy[dict[str, str]]:
    return st.builds(
        lambda uscc, name, fields: firm(0, uscc=uscc, **({"name": name} if name else {}), **fields),
        st.sampled_from(CODES),
        st.sampled_from(["", *NAMES]),
        st.fixed_dictionaries(_some),
    )


def _bodies() -> st.SearchStrategy[dict[str, str]]:
    return st.builds(
        lambda number, codes, fields: body(
            number, **{name: value for name, value in (codes | fields).items() if value}
        ),
        st.integers(1, 4),
        st.fixed_dictionaries(
            {
                "uscc": st.sampled_from(["", "", code(7, "12"), code(8, "12")]),
                "org_code": st.sampled_from(["", org(1), org(2), org(8)]),
                "tax_reg_no": st.sampled_from(["", "", f"370399{org(1)}", "370399800000001"]),
                "institution_cert_no": st.sampled_from(["", *CERTS]),
                "social_org_cert_no": st.sampled_from(["", "51370399001"]),
                "subject_name": st.sampled_from(["", *NAMES]),
            }
        ),
        st.fixed_dictionaries({"business_reg_no": _some["business_reg_no"], "former_names": _some["former_names"]}),
    )


rows = st.one_of(_firms(), _firms(), _bodies())
judgements = st.tuples(st.sampled_from(["same", "different"]), st.sampled_from(KEYS), st.sampled_from(KEYS)).filter(
    lambda found: found[1] != found[2] and not (found[0] == "different" and "name:" in found[1] + found[2])
)
builds: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.fixed_dictionaries(
        {
            "rows": st.lists(rows, max_size=6),
            "snapshot": st.booleans(),
            "judge": st.lists(judgements, max_size=1),
            "undo": st.booleans(),
            "replay": st.booleans(),
        }
    ),
    min_size=1,
    max_size=5,
)
