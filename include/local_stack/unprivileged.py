"""How to run PostgreSQL, which refuses root: as the user we are, or by one of three ways down."""

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
    """A way to run a program: the command prefix, and who must own the data folder (None: whoever does)."""

    way: str
    prefix: tuple[str, ...] = ()
    owner: int | None = None


def _servant() -> pwd.struct_passwd:
    """An account without rights; initdb wants its user to have a name."""
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)


def _works(prefix: tuple[str, ...], binaries: Path, folder: Path) -> bool:
    """Whether a program run this way can reach PostgreSQL's programs and ``folder``."""
    return bool(shutil.which(prefix[0])) and all(
        subprocess.run([*prefix, *probe], capture_output=True, cwd="/", check=False).returncode == 0
        for probe in ((str(binaries / "postgres"), "--version"), ("stat", f"{folder}/."))
    )


def choose(binaries: Path, data: Path, way: str | None = None) -> Unprivileged:
    """The first way that works here; ``way`` asks for one of ``WAYS``. Raises RuntimeError when none does.

    ``data`` is the data folder; the folder above it exists.

    * a normal user needs nothing;
    * ``setpriv``: the account ``nobody``, where it can reach the programs and the data folder;
    * ``namespace``: a user namespace of its own (root's files stay root's), where the kernel allows it;
    * ``capability``: the account ``nobody`` with the right to walk through closed folders (containers without
      user namespaces, a checkout below a 0700 folder); containers often have ``dac_override`` only.

    setpriv sets the death signal itself, because the kernel forgets it when a process changes its user.
    """
    if os.geteuid() != 0:
        return Unprivileged("user")
    uid, group = _servant().pw_uid, _servant().pw_gid
    drop = ("setpriv", f"--reuid={uid}", f"--regid={group}", "--clear-groups", "--no-new-privs", "--pdeathsig=INT")
    candidates = [
        Unprivileged("setpriv", (*drop, "--"), uid),
        Unprivileged("namespace", ("unshare", "-U", f"--map-user={uid}", "--"), 0),
        *(
            Unprivileged("capability", (*drop, f"--inh-caps={c}", f"--ambient-caps={c}", "--"), uid)
            for c in ("+dac_read_search", "+dac_override")
        ),
    ]
    for candidate in candidates:
        if way in (None, candidate.way) and _works(candidate.prefix, binaries, data.parent):
            return candidate
    raise RuntimeError(
        "PostgreSQL 不能以 root 运行，而本机既不能降权（setpriv）也不能建立用户命名空间（unshare）："
        "请改用普通用户运行。"
    )
