"""The case file: one zip with page, JSON, receipts, the original where it may go along, and the hashes of all of them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

from . import page
from .model import RecordCase, as_dict

PAGE, CASE, RECEIPTS, NOTE, SUMS = "record.html", "record.json", "receipts.json", "README.txt", "SHA256SUMS"
_STAMP = (1980, 1, 1, 0, 0, 0)  # of the zip's entries: the same case makes the same file


@dataclass(frozen=True)
class Original:
    """The original as it came, or why it does not go along (``content`` None)."""

    content: bytes | None
    why_not: str = ""


def as_json(value: Any) -> str:
    """A value as the case file and the command line write it."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n"


def made(case: RecordCase, original: Original) -> bytes:
    """The zip. ``sha256sum -c SHA256SUMS`` checks it where it was unpacked."""
    files: dict[str, bytes] = {}
    name = f"original/{PurePath(case.source.file_name or 'receipt').name}"
    if original.content is not None:
        files[name] = original.content
    html = page.page(case, original=name if original.content is not None else "")
    receipts = {"deliveries": [asdict(item) for item in case.deliveries], "later": [asdict(item) for item in case.told]}
    files |= {PAGE: html.encode(), CASE: as_json(as_dict(case)).encode(), RECEIPTS: as_json(receipts).encode()}
    files[NOTE] = _note(case, name, original).encode()
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(files.items()))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in [*sorted(files.items()), (SUMS, sums.encode())]:
            entry = zipfile.ZipInfo(path, _STAMP)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            packed.writestr(entry, content)
    return target.getvalue()


def _note(case: RecordCase, name: str, original: Original) -> str:
    lines = [
        f"{case.title} 案卷",
        f"{case.district}，数据日期 {case.data_on or '尚未构建'}，{case.made_at:%Y-%m-%d %H:%M} 由 {case.who} 导出，已记入查询日志。",
        f"目的：{case.purpose or '未写明'}",
        "",
        f"{PAGE}  网页，不联网即可打开、打印",
        f"{CASE}  同一内容，供程序读取",
        f"{RECEIPTS}  报送与回执",
        f"{name}  收到的原件" if original.content is not None else f"原件不在案卷中：{original.why_not}",
        f"{SUMS}  各文件的 sha256，核对：sha256sum -c {SUMS}",
        f"台账登记的原件 sha256：{case.source.file.booked}",
    ]
    return "\n".join(lines) + "\n"
