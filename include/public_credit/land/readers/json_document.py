"""JSON as a file: only the agreed envelope of an interface that says there is nothing to report; rows come by the interface."""

from __future__ import annotations

import orjson

from .base import Opener, Table, UnreadableFile, nothing_to_report

_MOST = 1 << 20  # an envelope without rows is short


def table(opener: Opener, name: str) -> Table:
    """The statement of an envelope with total 0 and an empty list. Raises UnreadableFile for any other JSON."""
    with opener() as source:
        data = source.read(_MOST).removeprefix(b"\xef\xbb\xbf")
    try:
        reply = orjson.loads(data)
        empty = str(reply["code"]) == "00" and reply["data"]["total"] == 0 and reply["data"]["rows"] == []
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        empty = False
    if not empty:
        raise UnreadableFile(
            f"文件 {name} 是 JSON，不能作为文件报送。",
            remedy="按填报模板报送 xlsx 或 csv 文件；接口数据由平台按目录拉取。",
        )
    return nothing_to_report()
