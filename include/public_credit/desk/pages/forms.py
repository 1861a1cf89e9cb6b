"""What is read of a form: texts people write, numbers and dates, each with a sentence when it is missing or of no use."""

from __future__ import annotations

from datetime import date

from starlette.datastructures import FormData, UploadFile

from ...base.messages import UserError

_MOST = 500  # characters of a reason


def text(form: FormData, name: str, title: str, most: int = _MOST) -> str:
    """A text that has to be there. Raises UserError."""
    value = form.get(name)
    value = value.strip() if isinstance(value, str) else ""
    if not value:
        raise UserError(f"没有填写{title}。", remedy=f"补上{title}后重新提交。")
    if len(value) > most:
        raise UserError(f"{title}超过 {most} 个字符。", remedy="缩短后重新提交。")
    return value


def number(form: FormData, name: str, title: str) -> int:
    """A number that has to be there. Raises UserError."""
    value = text(form, name, title, 18)
    if not (value.isascii() and value.isdecimal()):
        raise UserError(f"{title}应为整数。", remedy="改正后重新提交。")
    return int(value)


def day(form: FormData, name: str, title: str) -> date:
    """A date that has to be there. Raises UserError."""
    try:
        return date.fromisoformat(text(form, name, title, 10))
    except ValueError:
        raise UserError(f"{title}应为日期，如 2026-02-25。", remedy="改正后重新提交。") from None


def confirmed(form: FormData) -> None:
    """Raises UserError unless the box was ticked that stands before what cannot be taken back at once."""
    if form.get("confirm") != "yes":
        raise UserError("没有确认。", remedy="勾选“我已核对”后重新提交。")


def file(form: FormData) -> UploadFile:
    """The file of a form. Raises UserError where there is none, or an empty one."""
    given = form.get("file")
    if not isinstance(given, UploadFile) or not given.filename or not given.size:
        raise UserError("没有选择文件，或文件是空的。", remedy="选择要上传的文件后重新提交。")
    return given
