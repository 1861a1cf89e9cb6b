"""Mistakes a user can mend, said in Chinese with what to do about them."""

from __future__ import annotations

import os
import re
import unicodedata

PROGRAM = "public-credit"
_CALLED = re.compile(rf"{PROGRAM}(?= [a-z-])")


def program() -> str:
    """How the command line is called where this is read: ``run`` says so in ``PCW_PROGRAM``, elsewhere it is on the path."""
    return os.environ.get("PCW_PROGRAM") or PROGRAM


def spoken(text: str) -> str:
    """A text with every command it names as it is called here; what is written down names ``public-credit``."""
    return _CALLED.sub(program(), text)


class UserError(Exception):
    """A condition a person can act on.

    ``text`` says what is wrong, ``remedy`` what to do, ``code`` is the exit code of the command line
    (2 wrong call or input, 3 something needed is missing, 4 data held or refused, 5 another side fails, 6 another one is at it).
    Neither text may carry a value of a delivered record. ``of_receipt``: it ends one receipt only; otherwise what is amiss
    concerns all receipts alike.
    """

    of_receipt = False

    def __init__(self, text: str, remedy: str = "", code: int = 2):
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return f"{self.text} 处理办法：{self.remedy}" if self.remedy else self.text


def key_given(key: str, what: str) -> str:
    """A key to look something up by, without the blanks around it.

    Raises UserError (code 2) for one without a letter or digit: nothing is called so, and rows that lack the key would answer.
    """
    if not any(char.isalnum() for char in unicodedata.normalize("NFKC", key)):
        raise UserError(f"没有填写{what}。", remedy=f"写明一个{what}；不支持空白查询。")
    return key.strip()
