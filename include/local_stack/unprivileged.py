"""How to run PostgreSQL, which refuses root: as the normal user we are, or stripped of root's rights in one of three ways."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

WAYS = ("setpriv", "namespace", "capability")


@dataclass(frozen=True)
class Unprivileged:
    """A way to run a program: the command prefix, and who must own the data folder (None: nothing to change)."""

    way: str
    prefix: tuple[str, ...] = ()
    owner: int | None = None


def _servant() -> pwd.struct_passwd | None:
    """An account without rights that every Debian has; initdb wants its user to have a name."""
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)


def _reachable_by(uid: int, path: Path) -> bool:
    """Whether a foreign user can walk down to ``path``."""
    return all(parent.stat().st_mode & 0o001 or parent.stat().st_uid == uid for parent in [path, *path.parents])


def _works(prefix: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _capability(base: tuple[str, ...]) -> tuple[str, ...] | None:
    """Keep the one right that lets a foreign user walk through folders that are closed to it."""
    for right in ("dac_read_search", "dac_override"):
        prefix = (*base, f"--inh-caps=+{right}", f"--ambient-caps=+{right}", "--bounding-set=-all", "--")
        bounded = (*base, f"--inh-caps=+{right}", f"--ambient-caps=+{right}", "--")
        for candidate in (prefix, bounded):
            if _works(candidate):
                return candidate
    return None


def choose(binaries: Path, data: Path, way: str | None = None) -> Unprivileged:
    """The first way that works here; ``way`` asks for one of ``WAYS``. Raises RuntimeError when none does.

    * a normal user needs nothing;
    * ``setpriv``: the account ``nobody``, where it can reach the programs and the data folder;
    * ``namespace``: a user namespace of its own (root's files stay root's), where the kernel allows it;
    * ``capability``: the account ``nobody`` with the right to walk through closed folders (containers without
      user namespaces, a checkout below a 0700 folder).

    setpriv sets the death signal itself, because the kernel forgets it when a process changes its user.
    """
    if os.geteuid() != 0:
        return Unprivileged("user")
    servant = _servant()
    base = ("setpriv", f"--reuid={servant.pw_uid}", f"--regid={servant.pw_gid}", "--clear-groups",
            "--no-new-privs", "--pdeathsig=INT") if servant and shutil.which("setpriv") else ()
    for candidate in (way,) if way else WAYS:
        if candidate == "setpriv" and base and _reachable_by(servant.pw_uid, binaries) and (
                _reachable_by(servant.pw_uid, data.parent)) and _works((*base, "--")):
            return Unprivileged("setpriv", (*base, "--"), servant.pw_uid)
        if candidate == "namespace" and servant:
            prefix = ("unshare", "-U", f"--map-user={servant.pw_uid}", "--")
            if _works(prefix):
                return Unprivileged("namespace", prefix, 0)
        if candidate == "capability" and base and (prefix := _capability(base)):
            return Unprivileged("capability", prefix, servant.pw_uid)
    raise RuntimeError("PostgreSQL 不能以 root 运行，而本机既不能降权（setpriv）也不能建立用户命名空间（unshare）："
                       "请以普通用户运行，或用 PCW_POSTGRES_BIN 指向系统 PostgreSQL。")
