"""Files of connections: a line ``id: URI`` for each department and the alert; databases and the city in files of their own.

Every line may hold a password. So nothing of the content gets into a message or a log, an id neither: a fault is told by
the number of its line, and a library's own error, which shows the line it stumbled over, is never passed on.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from .files import why
from .messages import UserError

log = logging.getLogger(__name__)
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+._-]*)://(?P<place>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*)(?::(?P<port>[0-9]{1,5}))?")
_ENTRY = re.compile(r"#| *[A-Za-z0-9_.-]+:(?:\s|$)|---")
_ENCODE = "用户名、口令中的特殊字符（@ : / ? # % 等）须作百分号编码"
_REMEDY = "打开该文件改正；每行一个“编号: 地址”，编码 UTF-8，特殊字符作百分号编码。"


class NotNamed(UserError):
    """Neither the file nor the environment names a connection."""


@dataclass(frozen=True)
class Connections:
    """URIs by id; ``faults``: id → what is wrong with its line; ``lines``: id → its first line and the one after its last."""

    known: dict[str, str]
    faults: dict[str, str]
    lines: dict[str, tuple[int, int]]

    def uri(self, conn_id: str) -> str | None:
        """The URI of a connection, None when the file does not name it. Raises UserError (code 3) when its line is wrong."""
        if conn_id in self.faults:
            raise UserError(self.faults[conn_id], remedy=_REMEDY, code=3)
        return self.known.get(conn_id)


def not_named(conn_id: str, place: str) -> NotNamed:
    """What is said of a connection nobody names; ``place``: the file it belongs into."""
    return NotNamed(
        f"未配置连接 {conn_id}。",
        code=3,
        remedy=f"在 {place} 中增加一行 {conn_id}: <URI>，或设置环境变量 PCW_CONN_{conn_id.upper()}。",
    )


NONE = Connections({}, {}, {})


def uri_fault(uri: str) -> str:
    """What is wrong with a URI, without a word of it; '' when every library we use can take it apart."""
    if not uri:
        return "没有地址"
    if " " in uri or not uri.isprintable():
        return "地址中有空白或不可见字符"
    if re.search(r"%(?![0-9A-Fa-f]{2})", uri):
        return f"百分号编码不完整，{_ENCODE}"
    parts = _URI.fullmatch(uri)
    if parts is None:
        return "地址应写成 协议://用户:口令@主机:端口/路径"
    user, _, host = parts["place"].rpartition("@")
    place = _HOST.fullmatch(host)
    if (
        place is None
        or int(place["port"] or 0) > 65535
        or not user.isascii()
        or any(char in user for char in "@[]")
        or "@" in parts["path"]
        and parts["scheme"] != "file"
    ):
        return f"用户、口令、主机、端口分不清，{_ENCODE}"
    return ""


def _wrong(name: str, line: int | None, what: str) -> UserError:
    return UserError(f"{name} {f'第 {line} 行' if line else ''}有误：{what}。", remedy=_REMEDY, code=3)


def _root(text: str, name: str) -> yaml.Node | None:
    """The document of the file. Raises UserError."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        begun = error.context_mark if "scanning" in (error.context or "") else None  # where a quote or a key begins
        mark = begun or error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
    except (yaml.YAMLError, ValueError, RecursionError):
        line = None
    odd = (number for number, one in enumerate(text.splitlines()[:line], 1) if one.strip() and not _ENTRY.match(one))
    line = next(odd, line)  # YAML goes on over the end of a line that is none and stumbles later
    raise _wrong(name, line, "不是有效的 YAML（常见原因：冒号后缺空格、引号不成对、用了制表符）")


def parse(content: bytes, name: str) -> Connections:
    """The connections of a file's bytes. Raises UserError (code 3) with the line when it is no list of ids and URIs.

    A line whose URI is wrong is a fault of that connection alone.
    """
    try:
        text, broken = content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        text, broken = "", content.count(b"\n", 0, error.start) + 1
    if broken:
        raise _wrong(name, broken, "不是 UTF-8 编码")
    root = _root(text, name)
    if root is None or isinstance(root, yaml.ScalarNode) and not root.value:
        return NONE
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise _wrong(name, root.start_mark.line + 1, "应为每行一个“编号: 地址”")
    known: dict[str, str] = {}
    faults: dict[str, str] = {}
    lines: dict[str, tuple[int, int]] = {}
    for key, value in root.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or not _ID.fullmatch(key.value):
            raise _wrong(name, line, "连接编号只用字母、数字和下划线")
        if key.value in lines:
            raise _wrong(name, line, f"与第 {lines[key.value][0] + 1} 行的连接编号相同")
        end = value.end_mark
        lines[key.value] = (line - 1, max(end.line + (end.column > 0), line))
        what = uri_fault(value.value) if isinstance(value, yaml.ScalarNode) else "编号后应为一个地址"
        if what:
            faults[key.value] = str(_wrong(name, line, what).text)
        else:
            known[key.value] = value.value
    return Connections(known, faults, lines)


_good: dict[Path, tuple[tuple[int, int, int], Connections]] = {}
_told: dict[Path, tuple[int, int, int]] = {}


def read(path: Path) -> Connections:
    """The connections of a file, none when there is no file. Raises UserError (code 3).

    A process that has read the file before goes on with what it read while the file is missing or cannot be understood.
    """
    before = _good.get(path)
    try:
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
        if before and before[0] == stamp:
            return before[1]
        found = parse(path.read_bytes(), path.name)
    except FileNotFoundError:
        return before[1] if before else NONE
    except OSError as error:
        problem = UserError(f"无法读取 {path.name}（{why(error)}）。", remedy="检查文件的权限。", code=3)
        stamp = (0, 0, error.errno or 0)
    except UserError as error:
        problem = error
    else:
        _good[path] = stamp, found
        return found
    if before is None:
        raise problem
    if _told.get(path) != stamp:
        _told[path] = stamp
        log.warning("%s 继续使用改动以前的连接。", problem)
    return before[1]


def updated(content: bytes, name: str, changes: dict[str, str]) -> bytes:
    """The file's content with some connections set anew; all other lines, comments too, stay as they are."""
    before = parse(content, name)
    lines = content.decode("utf-8-sig").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    added = []
    places = []
    for conn_id, uri in changes.items():
        line = f"{conn_id}: {json.dumps(uri, ensure_ascii=False) if uri != _plain(uri) else uri}\n"
        if conn_id in before.lines:
            places.append((before.lines[conn_id], line))
        else:
            added.append(line)
    for (first, after), line in sorted(places, reverse=True):
        lines[first:after] = [line]
    made = "".join(lines + added).encode()
    if {conn_id: parse(made, name).known.get(conn_id) for conn_id in changes} != changes:
        raise _wrong(name, None, "无法在其中更新连接")
    return made


def without(content: bytes, name: str, gone: Iterable[str]) -> bytes:
    """The file's content without some connections; all other lines, comments too, stay as they are."""
    lines = content.decode("utf-8-sig").splitlines(keepends=True)
    known = parse(content, name).lines
    for first, after in sorted((known[conn_id] for conn_id in gone), reverse=True):
        del lines[first:after]
    return "".join(lines).encode()


def _plain(uri: str) -> str:
    """A URI as it is read when it stands in its line without quotes."""
    try:
        return str(yaml.load(uri, Loader=yaml.BaseLoader))
    except yaml.YAMLError:
        return ""
