"""Numbers of persons are found however they are spelt, and nothing else is taken for one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from public_credit.identifiers import codes, persons

ID18, ID15 = "370399199001011231", "370399900101123"
ID_X = next(made for serial in range(100) if (made := codes.make_id_number(f"370399198506150{serial:02d}"))[-1] == "X")
MOBILE, CARD, OLD_CARD = "13800138000", "6222021234567890128", "9558800100123456780"
ARABIC, MATHEMATICAL = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"), str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
SPELLINGS = [
    *[(number, number) for number in (ID18, ID_X, ID15, MOBILE, CARD, OLD_CARD)],
    *[(number.translate(WIDE), number) for number in (ID18, ID_X, ID15, MOBILE, CARD)],
    *[(number.translate(ARABIC), number) for number in (ID18, ID15, MOBILE, OLD_CARD)],
    *[("\u200b".join(number), number) for number in (ID18, ID15, MOBILE, CARD)],
    *[("\u3000 ".join(number), number) for number in (ID18, ID15, MOBILE, CARD)],
    *[(f"ID{number}号", number) for number in (ID18, ID_X, CARD, MOBILE)],
    (MOBILE.translate(MATHEMATICAL), MOBILE),
    ("①③⑧００１３８０００", MOBILE),
    ("⒈⒊⒏🄁🄁⒈⒊⒏🄁🄁🄁", MOBILE),
    *[(ID_X.replace("X", cross), ID_X) for cross in "╳✖✗✘⨯ⅩХ"],
    ("1\ufe0f\u20e33\ufe0f\u20e38\ufe0f\u20e300138000", MOBILE),
    ("370399 19900101 1231", ID18),
    ("370399.19900101.1231", ID18),
    ("370399，19900101，1231", ID18),
    ("3703 9919 9001 0112 31", ID18),
    ("370399-19900101-1231", ID18),
    ("370399\n19900101\n1231", ID18),
    (ID_X.lower(), ID_X),
    (ID_X.replace("X", " x"), ID_X),
    (ID_X.replace("X", "×"), ID_X),
    ("370399 900101 123", ID15),
    ("1380 013 8000", MOBILE),
    ("138-0013-8000", MOBILE),
    ("(138)0013-8000", MOBILE),
    ("008613800138000", MOBILE),
    ("+86 138 0013 8000", MOBILE),
    ("86-13800138000", MOBILE),
    ("013800138000", MOBILE),
    ("tel_13800138000.csv", MOBILE),
    ("6222 0212 3456 7890 128", CARD),
    ("622202-1234567890128", CARD),
]
NO_NUMBERS = [
    "11370399000001118G",
    "51370399398004318K",
    "52370399398002435M",  # a wrong check character, no card
    "913703041642831238",
    "示农罚〔2026〕第80000号",
    "2026-01-20 10:30:00.123456+08:00",
    "29.123 14:36:29.123 15-16-17",
    "2025.1.3-2026.11.30",
    "13,800,138,000.00元",
    "4,000,500,060,007,000",
    "1380013.8000",
    "manual__2026-11-29T14:36:29.123456+00:00",
    "5e13800138000f",
    "550e8400-e29b-41d4-a716-446655440000",
    "电话0533-2770000转8001",
    "6222021234567890129",
]


@pytest.mark.parametrize(("spelt", "number"), SPELLINGS)
def test_a_number_is_found_however_it_is_spelt(spelt: str, number: str) -> None:
    text = f"联系 {spelt}，已核对。"
    assert [hit.number for hit in persons.hits(text)] == [number]
    masked = persons.mask(text)
    assert "******" in masked and not persons.hits(masked)
    assert masked.startswith("联系 ") and masked.endswith("，已核对。")


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_stays(text: str) -> None:
    assert persons.mask(text) == text


def test_two_numbers_side_by_side_are_two() -> None:
    assert [hit.number for hit in persons.hits(f"{ID18} {MOBILE}、{CARD}")] == [ID18, MOBILE, CARD]


def test_a_document_number_is_no_card_but_an_identity_number_is_one_anywhere() -> None:
    assert persons.holds(CARD) and not persons.holds(CARD, "document")
    assert persons.holds(ID15) and not persons.holds(ID15, "document")
    assert persons.holds(ID18, "document") and persons.holds(ID_X, "document")
    registered = next(
        number
        for serial in range(1000)
        if persons.holds(number := codes.make_registration(f"37039990010{serial:03d}"))  # a date inside
    )
    assert not persons.holds(registered, "registration")


def test_nothing_in_a_real_register_is_a_number_of_a_person(shared_data: Path) -> None:
    cells = 0
    for path in sorted(shared_data.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                assert [cell for cell in row if persons.holds(cell)] == []
                cells += len(row)
    assert cells > 20_000
