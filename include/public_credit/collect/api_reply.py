"""What an interface answered: JSON in UTF-8 with or without BOM, or in the charset the answer declares."""

from __future__ import annotations

import codecs
from typing import Any

from ..base import exact_json
from ..base.retry import Again

_WIDER = {"gb2312": "gb18030", "gbk": "gb18030"}  # what systems declare and what they write


def document(content: bytes, charset: str | None) -> Any:
    """The JSON document of an answer with status 200; ``charset`` as its header declares it.

    Raises Again for an empty body and for a web page (a proxy's or a maintenance notice), ValueError for what is no JSON or
    in no charset that was declared. Bytes that are valid UTF-8 are UTF-8, whatever was declared.
    """
    bare = content.removeprefix(codecs.BOM_UTF8).strip()
    if not bare:
        raise Again("答复为空")
    if bare.startswith(b"<"):
        raise Again("答复是网页（HTML）而不是 JSON")
    try:
        bare.decode()
    except UnicodeDecodeError:
        bare = content.decode(_codec(content, charset)).encode()
    return exact_json.loads(bare)


def _codec(content: bytes, charset: str | None) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        name = codecs.lookup(charset or "utf-8").name
    except LookupError:
        raise ValueError("unknown charset") from None
    return _WIDER.get(name, name)
