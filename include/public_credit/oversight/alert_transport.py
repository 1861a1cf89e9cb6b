"""Ways an alert leaves: a file (default), e-mail, or a webhook; the connection decides, ``alert`` unless the district names others.

The roots of the chain of evidence leave the same ways, by the connection ``audit``.

``file:///folder`` · ``smtp://user:password@host:port/?from=a@b&to=c@d,e@f`` (``smtps://`` for TLS from the
start, STARTTLS otherwise where offered; required when a password is given) · ``https://host/webhook`` in
the form that WeCom and DingTalk robots read.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ..base import files, settings
from ..base.messages import UserError
from ..base.run import now

SECONDS = 20
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every address asked, and a robot's holds its key


@dataclass(frozen=True)
class Letter:
    """What is sent: a subject, the text, the items for machines, the business date; ``to``: addresses of a mail."""

    subject: str
    body: str
    items: Sequence[Any]
    on: date
    to: Sequence[str] = ()


class _NotSent(Exception):
    """Why a letter did not leave, without addresses or passwords."""


def _failed(why: str) -> _NotSent:
    return _NotSent(why)


def _to_file(parts: SplitResult, letter: Letter) -> None:
    folder = Path(unquote(parts.path))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{letter.on}_{now():%Y%m%dT%H%M%S_%f}.txt"
    files.write(folder / name, letter.body)


def _to_mail(parts: SplitResult, letter: Letter) -> None:
    query = parse_qs(parts.query)
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = query.get("from", [""])[0]
    message["To"] = ", ".join(letter.to or query.get("to", []))
    if not message["From"] or not message["To"]:
        raise _failed("连接缺少 from 或 to")
    message.set_content(letter.body, charset="utf-8", cte="base64")
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            parts.hostname or "", parts.port or 465, timeout=SECONDS, context=context
        )
    else:
        server = smtplib.SMTP(parts.hostname or "", parts.port or 25, timeout=SECONDS)
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif parts.scheme == "smtp" and parts.password:
            raise _failed("邮件服务器不支持加密，口令不会明文发送")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _to_webhook(parts: SplitResult, letter: Letter) -> None:
    import httpx

    content = {
        "msgtype": "text",
        "text": {"content": letter.body},
        "business_date": letter.on.isoformat(),
        "items": [item.as_json() for item in letter.items],
    }
    answer = httpx.post(parts.geturl(), json=content, timeout=SECONDS, trust_env=False)
    if answer.status_code // 100 != 2:
        raise _failed(f"接收方答复 HTTP {answer.status_code}")
    try:
        code = answer.json().get("errcode", 0)
    except (ValueError, AttributeError):
        code = 0
    if code:
        raise _failed(f"接收方返回错误 {code}")


WAYS = {"file": _to_file, "smtp": _to_mail, "smtps": _to_mail, "http": _to_webhook, "https": _to_webhook}


def send(letter: Letter, connection: str = "alert") -> None:
    """Send one alert by a connection. Raises UserError, without addresses or passwords, when it did not get through."""
    parts = urlsplit(settings.connection(connection))
    try:
        if parts.scheme not in WAYS:
            raise _failed("应为 file、smtp、smtps、http 或 https 地址")
        _sent(parts, letter)
    except _NotSent as why:
        raise UserError(
            f"提醒未能发出：连接 {connection}：{why}。",
            remedy=f"检查连接 {connection}；未发出的事项下次运行会再次提醒。",
            code=5,
        ) from None


def _sent(parts: SplitResult, letter: Letter) -> None:
    try:
        WAYS[parts.scheme](parts, letter)
    except (OSError, smtplib.SMTPException) as error:
        raise _failed(type(error).__name__) from None
    except _NotSent:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "httpx":
            raise _failed("网络不通或超时") from None
        raise
