"""A file is written whole or not at all: whatever ends the writer, a reader finds the old content or the new one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from public_credit.base import files

CHECKOUT = Path(__file__).resolve().parents[2]
_DIE = """
import os, signal, sys
from pathlib import Path
from public_credit.base import files
def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
moment, target = sys.argv[1], Path(sys.argv[2])
if moment == "before the move":
    os.replace = die
elif moment == "before the sync":
    os.fsync = die
with files.whole(target) as part:
    with part.open("wb") as opened:
        opened.write(b"new" * 1000)
        opened.flush()
        if moment == "in the middle":
            die()
die()
"""


@pytest.mark.parametrize("moment", ["in the middle", "before the sync", "before the move", "afterwards"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_writer_that_is_killed_leaves_the_old_file_or_the_new_one(
    moment: str, before: bytes | None, tmp_path: Path
) -> None:
    target = tmp_path / "表.xlsx"
    if before is not None:
        target.write_bytes(before)
    done = subprocess.run(
        [sys.executable, "-c", _DIE, moment, str(target)],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT / "include")},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    content = target.read_bytes() if target.exists() else None
    assert content == (b"new" * 1000 if moment == "afterwards" else before)
    assert list(tmp_path.glob("*.xlsx")) == ([target] if content is not None else []), "nobody reads what was left over"
    assert all(path.name.startswith(".") and path.suffix == files.PART for path in tmp_path.iterdir() if path != target)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_writer_that_raises_leaves_nothing_behind(error: type[BaseException], tmp_path: Path) -> None:
    target = tmp_path / "x.html"
    target.write_text("old")
    with pytest.raises(error):
        with files.whole(target) as part:
            part.write_text("half")
            raise error
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("mode", [files.PRIVATE, files.SHARED])
@pytest.mark.parametrize("content", ["文字", b"\x00\xff", ""])
def test_a_file_has_its_content_and_its_permissions(mode: int, content: str | bytes, tmp_path: Path) -> None:
    target = tmp_path / ("长" * 80)
    for _ in range(2):
        files.write(target, content, mode)
    assert target.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert stat.S_IMODE(target.stat().st_mode) == mode and list(tmp_path.iterdir()) == [target]


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, target = tmp_path / "link", tmp_path / "real" / "file"
    target.write_text("old")
    link.symlink_to(target)
    files.write(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    files.write(Path("/dev/null"), "gone")
    assert not Path("/dev/null").is_file()


def test_the_product_writes_files_in_no_other_way() -> None:
    """Apart from the archive, which is any store that fsspec knows and has its own temporary name."""
    own_way = ("write_text(", "write_bytes(", "mkstemp(", "NamedTemporaryFile(", "os.replace(", "O_CREAT", ".rename(")
    found = {
        path.relative_to(CHECKOUT / "include").as_posix(): [way for way in own_way if way in text]
        for room in ("public_credit", "local_stack")
        for path in (CHECKOUT / "include" / room).rglob("*.py")
        for text in [path.read_text(encoding="utf-8")]
        if any(way in text for way in own_way)
    }
    assert found == {
        "local_stack/backup.py": [".rename("],  # a finished folder
        "public_credit/base/files.py": ["write_bytes(", "mkstemp(", "os.replace("],
        "public_credit/papers/leadership/paper.py": ["write_bytes("],  # to the path ``files.whole`` gave it
    }
