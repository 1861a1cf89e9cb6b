"""Interfaces that are not encrypted: refused beyond this machine, unless somebody has agreed to it, for a reason and a while.

网络安全法 第二十一条、个人信息保护法 第五十一条: what is delivered is encrypted on its way.
"""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Field as Attribute

from ..base.messages import UserError
from .strict import Strict


class PlainHttp(Strict):
    """Why an interface may be spoken to without TLS, who agreed to it, and the last day it holds."""

    reason: str = Attribute(min_length=4)
    agreed_by: str = Attribute(min_length=2)
    until: date

    def __str__(self) -> str:
        return f"未加密传输（{self.agreed_by}同意至 {self.until}：{self.reason}）"


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def agreed(connection: str, uri: str, exception: PlainHttp | None, on: date) -> str:
    """What is to be told of a connection that is not encrypted, '' for one that is or does not leave this machine.

    Raises UserError (code 3) where nobody has agreed to it, or not for the day ``on``.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:  # no address at all: whoever opens it says so
        return ""
    if parts.scheme != "http" or _on_this_machine(parts.hostname or ""):
        return ""
    if exception is None or exception.until < on:
        raise UserError(
            f"连接 {connection} 是未加密的 http 地址"
            + (f"，例外只到 {exception.until}。" if exception else "，不予使用。"),
            remedy="改用 https；确无条件的，在目录的该数据集渠道或接收方下写明 plain_http：reason、agreed_by、until。",
            code=3,
        )
    return str(exception)
