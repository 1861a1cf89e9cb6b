"""目标进度: the published leadership page, its workbook, PDF and lists, for who leads."""

from __future__ import annotations

import html
import re
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response

from ...base import settings
from ...base.messages import UserError
from ..guard import Signed
from . import register
from .register import Told

_KINDS = {".html": "网页", ".xlsx": "工作簿", ".pdf": "PDF"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_POLICY = re.compile(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"')


def _published() -> dict[str, Path]:
    """Files that were published, by name."""
    folder = settings.folder("publications", "leadership")
    return {path.name: path for path in folder.iterdir() if path.suffix in _KINDS and path.is_file()}


def targets(person: Signed) -> Told:
    """What was published, the newest day first."""
    days: dict[str, list[Told]] = {}
    for name, path in sorted(_published().items()):
        if found := _DATE.search(name):
            days.setdefault(found[0], []).append(
                {
                    "name": name,
                    "kind": _KINDS[path.suffix],
                    "page": path.suffix == ".html",
                    "bytes": path.stat().st_size,
                }
            )
    return {"days": [{"day": day, "files": days[day]} for day in sorted(days, reverse=True)]}


def file(person: Signed, name: str) -> Response:
    """One published file. A page brings the policy it was published with: its own style and script, by hash, nothing else."""
    path = _published().get(name)
    if path is None:
        raise UserError("没有这份发布。", remedy="从“目标进度”中选择。", code=4)
    if path.suffix != ".html":
        return FileResponse(path, filename=path.name)
    text = path.read_text(encoding="utf-8")
    policy = _POLICY.search(text)
    headers = {"Content-Security-Policy": f"{html.unescape(policy[1])}; frame-ancestors 'none'"} if policy else {}
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def register_all(app: FastAPI) -> None:
    """Put the routes into the application."""
    register.page(app, "/targets", "targets.html.j2", "目标进度", targets)
    register.plain(app, "GET", "/targets/{name}", file)
