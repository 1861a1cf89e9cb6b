"""Cases of the rules of licences and penalties: (table, change of the valid row, errors, warnings)."""

from __future__ import annotations

from public_credit.identifiers.codes import make_id_number, make_uscc, uscc_check_character

from .judging import (
    AUTHORITY,
    COMPANY,
    ID,
    INDIVIDUAL,
    LICENCE_ENTITY,
    LICENCE_PERSON,
    ORG,
    OTHER_ORG,
    PENALTY_ENTITY,
    PENALTY_PERSON,
    PLACEHOLDER,
    STRANGER,
)

PE, PP, LE, LP = PENALTY_ENTITY, PENALTY_PERSON, LICENCE_ENTITY, LICENCE_PERSON
CONFISCATION = "没收违法所得、没收非法财物"
SUSPENSION = "暂扣或者吊销许可证、暂扣或者吊销执照"
SHOP = {"uscc": INDIVIDUAL, "subject_category": "个体工商户", "org_code": ""}
BAD_ORG_INSIDE = make_uscc("91", "MA3A0001")[:16]
BAD_ORG_INSIDE += "0" if COMPANY[16] != "0" else "1"


def uscc_with(first: str) -> str:
    return first + uscc_check_character(first)


def money(category: str, content: str, fine: str = "", taken: str = "", licence: str = "") -> dict[str, str]:
    return {
        "penalty_category": category,
        "penalty_content": content,
        "fine_amount_wan": fine,
        "confiscated_amount_wan": taken,
        "suspended_or_revoked_licence": licence,
        "publication_end": "",
    }


def fined(content: str, fine: str) -> dict[str, str]:
    return {"penalty_content": content, "fine_amount_wan": fine}


# (table, change, errors, warnings)
CASES: list[tuple[tuple[str, str], dict[str, str | None], str, str]] = [
    # R01 required fields
    (PE, {"violation_facts": ""}, "R01", ""),
    (PE, {"legal_basis": "  　"}, "R01", ""),
    (PE, {"decision_no": None}, "R01", ""),
    (PE, {"subject_name": "\u200b\ufeff"}, "R01", ""),
    (PE, {"decision_date": ""}, "R01", ""),
    (PE, {"authority_uscc": ""}, "R01", ""),
    (PE, {"uscc": "", "org_code": ""}, "R01", ""),
    (PE, {"legal_rep_name": ""}, "R01", ""),
    (PE, {"subject_category": " "}, "R01", ""),
    (LE, {"licence_content": ""}, "R01", ""),
    (LE, {"licence_state": ""}, "R01", ""),
    (PP, {"id_type": "", "id_no": ""}, "R01;R14", ""),
    (LP, {"id_no": ""}, "R01;R14", ""),
    (PE, SHOP | {"uscc": "", "legal_rep_name": ""}, "", ""),
    (PE, {"publication_end": "", "remark": ""}, "", ""),
    (LE, {"certificate_name": "", "licence_no": "", "org_code": ""}, "", ""),
    # R02 category against table
    (PE, {"subject_category": "自然人"}, "R02", ""),
    (PE, {"subject_category": "01"}, "R02", ""),
    (PP, {"subject_category": "法人"}, "R02", ""),
    (PP, {"subject_category": "个体工商户"}, "R02", ""),
    (LP, {"subject_category": "04"}, "R02", ""),
    (PE, {"subject_category": "03"}, "", ""),
    (PE, {"subject_category": "法人"}, "", ""),
    (PP, {"subject_category": "01"}, "", ""),
    (LE, SHOP | {"subject_category": "04"}, "", ""),
    # R03 USCC
    (PE, {"uscc": COMPANY[:17]}, "R03", ""),
    (PE, {"uscc": COMPANY + "0"}, "R03", ""),
    (PE, {"uscc": COMPANY[:9] + "S" + COMPANY[10:], "org_code": ""}, "R03", ""),
    (PE, {"uscc": uscc_with(BAD_ORG_INSIDE), "org_code": ""}, "R03", ""),
    (PP, {"uscc": COMPANY}, "R03", ""),
    (LP, {"uscc": COMPANY}, "R03", ""),
    (PP, {"uscc": PLACEHOLDER}, "R03", ""),
    (PP, {"uscc": ""}, "", ""),
    (PE, {"uscc": make_uscc("A1", "00000009"), "org_code": ""}, "", ""),
    (PE, {"uscc": make_uscc("N1", "00000009"), "org_code": ""}, "", ""),
    (PE, {"uscc": make_uscc("Y1", "00000009"), "org_code": ""}, "", ""),
    # R04 prefix 92
    (PE, {"uscc": INDIVIDUAL, "org_code": ""}, "R04", ""),
    (PE, {"subject_category": "个体工商户"}, "R04", ""),
    (PE, {"uscc": make_uscc("93", "MA3D0001"), "org_code": ""}, "", ""),
    (PE, SHOP, "", ""),
    (PE, {"uscc": INDIVIDUAL[:17], "org_code": ""}, "R03", ""),
    (PE, {"uscc": INDIVIDUAL, "org_code": "", "subject_category": "企业"}, "R13", ""),
    # R05 organisation code
    (PE, {"org_code": OTHER_ORG}, "R05", ""),
    (PE, {"org_code": OTHER_ORG[:8]}, "R05", ""),
    (PE, {"org_code": COMPANY[8:16] + ("0" if COMPANY[16] != "0" else "1")}, "R05", ""),
    (PE, {"uscc": "", "org_code": OTHER_ORG, "subject_category": "个体工商户"}, "", ""),
    (PE, {"org_code": ""}, "", ""),
    # R07 placeholder
    (PE, SHOP | {"uscc": PLACEHOLDER}, "", "R07W"),
    (PE, {"uscc": PLACEHOLDER, "org_code": ""}, "R07", ""),
    (PE, {"authority_uscc": PLACEHOLDER}, "R07", ""),
    (LP, {"source_unit_uscc": PLACEHOLDER}, "R07", ""),
    (PE, {"uscc": make_uscc("91", "00000000"), "org_code": ""}, "", ""),
    # R24 whom the row is about
    (PE, SHOP | {"uscc": "", "business_reg_no": "无"}, "", "R24W"),
    (LE, SHOP | {"uscc": "", "tax_reg_no": "不详", "social_org_cert_no": "000000"}, "", "R24W"),
    (PE, SHOP | {"uscc": "", "org_code": "000000000"}, "", "R24W"),
    (PE, SHOP | {"uscc": PLACEHOLDER, "business_reg_no": "无"}, "", "R07W"),
    (PE, SHOP | {"uscc": "", "business_reg_no": "无", "tax_reg_no": "370399" + ORG}, "", ""),
    (PE, {"business_reg_no": "无"}, "", ""),
    (PE, SHOP | {"uscc": "", "business_reg_no": "无", "subject_name": "无"}, "R24", ""),
    (LE, SHOP | {"uscc": "", "business_reg_no": "N/A", "subject_name": "／"}, "R24", ""),
    (PE, SHOP | {"uscc": "", "business_reg_no": "无", "subject_name": ""}, "R01", ""),
    # R08, R09, R10 dates
    (PE, {"decision_date": "2026-02-26", "publication_end": ""}, "R08", ""),
    (PE, {"decision_date": "2026-02-25"}, "", ""),
    (PE, {"decision_date": "长期", "valid_until": "长期", "publication_end": ""}, "R08", ""),
    (PE, {"decision_date": "2026-02-30"}, "R09", ""),
    (PE, {"valid_until": "待定"}, "R09", ""),
    (PE, {"valid_until": "2100-01-01"}, "R09", ""),
    (PE, {"decision_date": "1948-12-31"}, "R09", ""),
    (PE, {"valid_until": "2026-01-09"}, "R09", ""),
    (PE, {"decision_date": "46032"}, "R09", ""),
    (PE, {"publication_end": "2026年13月1日"}, "R09", ""),
    (LE, {"valid_to": "2026-01-09"}, "R09", ""),
    (LE, {"valid_from": "2026-01-10", "valid_to": "2026-01-10"}, "", ""),
    (LE, {"valid_from": "2026-01-09"}, "", "R10"),
    (LE, {"valid_to": "长期"}, "", ""),
    (PE, {"valid_until": "2026-01-10"}, "", ""),
    # R11 kinds and what they need
    (PE, {"fine_amount_wan": ""}, "R11", ""),
    (PE, {"fine_amount_wan": "0"}, "R11", "R12W"),
    (PE, {"fine_amount_wan": "0.00"}, "R11", "R12W"),
    (PE, money(CONFISCATION, "没收违法所得1500元。"), "R11", ""),
    (PP, money(SUSPENSION, "暂扣许可证。"), "R11", ""),
    (PE, money(f"警告;{CONFISCATION}", "没收非法财物一批。", taken="0"), "", ""),
    (PE, money("警告", "给予警告。", fine="0.1"), "", "R11W"),
    (PE, money("警告", "给予警告。", taken="0.2"), "", "R11W"),
    (PE, money("罚款", "处罚款500元。", "0.05", licence="许可证 示1号"), "", "R11W"),
    (PE, money("警告", "给予警告。", fine="0"), "", ""),
    (PE, money("其他-暂停罚款优惠", "暂停优惠。"), "", ""),
    (PE, money(SUSPENSION, "吊销许可证。", licence="许可证 示1号"), "", ""),
    (PE, money("吊销许可证", "吊销。"), "R11", ""),
    # R12 amounts
    (PE, {"fine_amount_wan": "2千"}, "R12", ""),
    (PE, {"fine_amount_wan": "2,000"}, "R12", ""),
    (PE, {"fine_amount_wan": "0.2万"}, "R12", ""),
    (PE, {"fine_amount_wan": "0.2000001"}, "R12", ""),
    (PE, {"fine_amount_wan": "-0.2"}, "R11;R12", "R12W"),
    (PE, money(CONFISCATION, "没收违法所得。", taken="-1"), "R12", ""),
    (PE, {"fine_amount_wan": "1000000000000"}, "R12", ""),
    (PE, {"fine_amount_wan": "2000"}, "R12", ""),
    (PE, fined("处2000元罚款。", "2000"), "R12", ""),
    (PE, fined("罚款人民币2,000.00元整。", "2000"), "R12", ""),
    (PE, fined("对甲项罚款1000元，对乙项罚款2000元，合计罚款3000元。", "3000"), "R12", ""),
    (PE, fined("处以罚款3000元。", "0.2"), "", "R12W"),
    (PE, fined("处3000元的罚款。", "0.2"), "", "R12W"),
    (PE, fined("罚款人民币2000元。", "0.2"), "", ""),
    (PE, fined("处以罚款0.2万元。", "0.2"), "", ""),
    (PE, fined("罚款2,000元。", "0.200000"), "", ""),
    (PE, fined("罚款贰仟元（2000元）整。", "0.20"), "", ""),
    (PE, fined("1.警示约谈；2.罚款2000元。", "0.2"), "", ""),
    (PE, fined("对甲项罚款1000元，对乙项罚款2000元，合计罚款3000元。", "0.3"), "", ""),
    (PE, fined("罚款0.2万元", "0.2"), "", ""),
    (PE, fined("没收违法所得500元，罚款2000元。", "0.2"), "", ""),
    (PE, fined("每日按罚款数额的3%加处罚款。", "0.2"), "", ""),
    (PE, fined("罚款12000000元。", "1200"), "", ""),
    (PE, fined("处以罚款。", "2000"), "", ""),
    # R13 code lists
    (PE, money("罚钱", "给予警告。"), "R13", ""),
    (PE, money("其他", "责令改正。"), "R13", ""),
    (PE, money("其他-", "责令改正。"), "R13", ""),
    (PE, money("警告;训斥", "警告。"), "R13", ""),
    (PE, {"subject_category": "企业"}, "R13", ""),
    (PP, {"id_type": "驾驶证"}, "R13", ""),
    (LE, {"licence_category": "普通许可"}, "R13", ""),
    (LE, {"licence_category": "06"}, "R13", ""),
    (LE, {"licence_category": "7"}, "R13", ""),
    (LE, {"licence_state": "注销"}, "R13", ""),
    (LE, {"licence_category": "05", "licence_state": "有效"}, "", ""),
    (LE, {"licence_category": "其他（备案）"}, "", ""),
    (PE, money("其他:责令改正", "责令改正。"), "", ""),
    (PE, money(f"警告、{CONFISCATION}、罚款", "警告，没收违法所得1500元，罚款2000元。", "0.2", "0.15"), "", ""),
    (PE, money("没收违法所得，罚款", "没收，罚款2000元。", "0.2", "0.15"), "", ""),
    (PP, {"id_type": "其他-军官证", "id_no": "示字第001号"}, "", ""),
    # R14 ID type and number
    (PP, {"id_no": ID[:17] + ("1" if ID[17] != "1" else "2")}, "R14", ""),
    (PP, {"id_no": make_id_number("37039919850231001")}, "R14", ""),
    (PP, {"id_no": make_id_number("37039920260226001")}, "R14", ""),
    (PP, {"id_no": make_id_number("37039920260225001")}, "", ""),
    (PP, {"id_no": ID[:17]}, "R14", ""),
    (PP, {"id_type": ""}, "R01;R14", ""),
    (PE, {"legal_rep_id_type": ""}, "R14", ""),
    (PE, {"legal_rep_id_no": ""}, "R14", ""),
    (PE, {"legal_rep_id_no": ID[:17] + "A"}, "R14", ""),
    (PE, {"legal_rep_id_type": "", "legal_rep_id_no": ""}, "", ""),
    (PP, {"id_no": ID[:6] + ID[8:17]}, "", "R14W"),
    (PP, {"id_no": ID[:6] + "850231" + "001"}, "R14", "R14W"),
    (PE, {"legal_rep_id_no": ID[:6] + ID[8:17]}, "", "R14W"),
    (PP, {"id_type": "护照号", "id_no": "E99900001"}, "", ""),
    (PP, {"id_type": "01"}, "", ""),
    (PP, {"id_type": "港澳居民来往内地通行证", "id_no": "123456789012345"}, "", ""),
    # R15 authorities
    (PE, {"authority_uscc": STRANGER}, "R15", ""),
    (LE, {"source_unit_uscc": STRANGER}, "R15", ""),
    (PE, {"authority_uscc": AUTHORITY[:17] + ("0" if AUTHORITY[17] != "0" else "1")}, "R15", ""),
    (PE, {"source_unit_uscc": AUTHORITY}, "", ""),
    # R17 end of publication
    (PE, {"publication_end": "2026-01-10"}, "R17", ""),
    (PE, {"publication_end": "2026-01-01"}, "R17", ""),
    (PE, {"publication_end": "2027-01-11"}, "", "R17W"),
    (PE, {"publication_end": "2027-01-10"}, "", ""),
    (PE, {"publication_end": "2026-01-11"}, "", ""),
    (PE, money("警告", "给予警告。") | {"publication_end": "2026-04-11"}, "", "R17W"),
    (PE, money("警告", "给予警告。") | {"publication_end": "2026-04-10"}, "", ""),
    (PE, money("责令关闭", "责令关闭。") | {"publication_end": "2029-01-10"}, "", ""),
    (PE, money("警告;责令关闭", "责令关闭。") | {"publication_end": "2029-01-11"}, "", "R17W"),
    (PE, {"decision_date": "2024-02-29", "valid_until": "2026-01-01", "publication_end": "2025-02-28"}, "", ""),
    (PE, {"decision_date": "2024-02-29", "valid_until": "2026-01-01", "publication_end": "2025-03-01"}, "", "R17W"),
    # R18 lengths
    (PE, {"remark": "备" * 513}, "", "R18"),
    (PE, {"remark": "备" * 512}, "", ""),
    (PE, {"tax_reg_no": COMPANY}, "", "R18"),
    (LE, {"decision_title": "书" * 65}, "", "R18"),
    (LE, {"decision_title": "书" * 64}, "", ""),
    (PE, {"tax_reg_no": "370399" + COMPANY[8:17]}, "", ""),
    (PE, money("其他-" + "改" * 62, "责令改正。"), "", "R18"),
    # R21 mended spelling
    (PE, {"uscc": COMPANY.lower()}, "", "R21"),
    (PE, {"uscc": f"{COMPANY[:8]} {COMPANY[8:]}"}, "", "R21"),
    (PE, {"uscc": f" {COMPANY}"}, "", "R21"),
    (PE, {"org_code": f"{COMPANY[8:16]}-{COMPANY[16]}"}, "", "R21"),
    (PE, {"decision_date": "２０２６-０１-１０"}, "", "R21"),
    (PE, {"fine_amount_wan": "０．２"}, "", "R21"),
    (PP, {"id_no": ID.replace("3", "３", 1)}, "", "R21"),
    (PE, {"authority_uscc": AUTHORITY.replace("1", "１")}, "", "R21"),
    (PE, {"remark": "见附件１ＡＢ", "decision_no": "示罚〔２０２６〕１号"}, "", ""),
    (PE, {"decision_date": " 2026/1/10 "}, "", ""),
    (PE, {"uscc": f"{COMPANY[:8]}\u3000{COMPANY[8:].lower()}"}, "", "R21"),
]
