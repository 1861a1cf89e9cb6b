"""Ways an alert leaves: a file (default), e-mail, or a webhook; the connection ``alert`` decides.

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


def _failed(why: str) -> UserError:
    return UserError(f"提醒未能发出：{why}。", remedy="检查连接 alert；未发出的事项下次运行会再次提醒。", code=5)


def _to_file(parts: SplitResult, subject: str, body: str, items: Sequence[Any], on: date) -> None:
    folder = Path(unquote(parts.path))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{on}_{now():%Y%m%dT%H%M%S_%f}.txt"
    files.write(folder / name, body)


def _to_mail(parts: SplitResult, subject: str, body: str, items: Sequence[Any], on: date) -> None:
    query = parse_qs(parts.query)
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = query.get("from", [""])[0]
    message["To"] = ", ".join(query.get("to", []))
    if not message["From"] or not message["To"]:
        raise _failed("连接 alert 缺少 from 或 to")
    message.set_content(body, charset="utf-8", cte="base64")
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


def _to_webhook(parts: SplitResult, subject: str, body: str, items: Sequence[Any], on: date) -> None:
    import httpx

    content = {
        "msgtype": "text",
        "text": {"content": body},
        "business_date": on.isoformat(),
        "items": [item.as_json() for item in items],
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


def send(subject: str, body: str, items: Sequence[Any], on: date, conn_id: str = "alert") -> None:
    """Send one alert. Raises UserError, without addresses or passwords, when it did not get through."""
    parts = urlsplit(settings.connection(conn_id))
    if parts.scheme not in WAYS:
        raise _failed("连接 alert 应为 file、smtp、smtps、http 或 https 地址")
    try:
        WAYS[parts.scheme](parts, subject, body, items, on)
    except (OSError, smtplib.SMTPException) as error:
        raise _failed(type(error).__name__) from None
    except UserError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "httpx":
            raise _failed("网络不通或超时") from None
        raise
