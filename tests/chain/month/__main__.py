"""``./run month``: a course of days through the real steps, undisturbed and disturbed, and both against each other.

``--seed S`` names the course, ``--days N`` its length, ``--units a,b`` who delivers from the first day on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from random import Random

from local_stack.arguments import Parser

from . import compare
from .course import UNITS, Day, course
from .player import Player
from .site import site


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser("./run month", description="模拟一个月：真实步骤、干扰与对照")
    parser.add_argument("--seed", type=int, default=1, metavar="种子", help="随机种子")
    parser.add_argument("--days", type=int, default=30, metavar="天数", help="天数；至多十天的，各事来得更早")
    parser.add_argument("--units", metavar="单位", default=",".join(UNITS), help="第一天起报送的单位，逗号分隔")
    parser.add_argument("--keep", type=Path, metavar="文件夹", help="保留状态的文件夹；缺省为临时文件夹")
    parser.add_argument(
        "--run", choices=("calm", "rough"), help=argparse.SUPPRESS
    )  # one of the two, in a process of its own
    return parser.parse_args(arguments)


def play(days: list[Day], home: Path, seed: int, *, disturbed: bool) -> None:
    """One run of a course; what it leaves is written to ``left.json`` of its folder."""
    label, began = "受扰" if disturbed else "平静", time.monotonic()

    def say(text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  [{label}] {text}", flush=True)

    with site(home) as made:
        player = Player(made, Random(f"{seed}/disturbances"), disturbed=disturbed, say=say)
        for day in days:
            player.play(day)
        closing = days[-1].on + timedelta(days=1)  # what the city said on the last day is in its build
        made.finish(made.steps(closing, "build"))
        left = compare.left_by(made)
        rebuilt = compare.against_a_rebuild(made, closing) if disturbed else {}
    (home / "left.json").write_text(
        json.dumps({"left": left, "rebuilt": rebuilt, "happened": player.happened}, ensure_ascii=False),
        encoding="utf-8",
    )
    say(f"{len(days)} 天完成，{time.monotonic() - began:.0f} 秒；{player.happened or '无干扰'}")


def both(options: argparse.Namespace, folder: Path) -> int:
    """Both runs side by side, and what differs at the end; 0 when nothing does."""
    words = [f"--seed={options.seed}", f"--days={options.days}", f"--units={options.units}"]
    runs = {
        name: subprocess.Popen([sys.executable, "-m", "tests.chain.month", *words, f"--keep={folder}", f"--run={name}"])
        for name in ("calm", "rough")
    }
    failed = [name for name, run in runs.items() if run.wait()]
    if failed:
        print(f"没有走完：{'、'.join(failed)}", file=sys.stderr)
        return 1
    calm, rough = (json.loads((folder / name / "left.json").read_text(encoding="utf-8")) for name in ("calm", "rough"))
    differences = compare.differing(calm["left"], rough["left"])
    for what, found in (("受扰与平静不同", differences), ("逐日构建与全量重建不同", rough["rebuilt"])):
        for name, (gone, new) in found.items():
            print(f"{what}：{name}\n    少 {gone}\n    多 {new}", file=sys.stderr)
    never = [name for name, count in rough["happened"].items() if not count]
    print(
        f"种子 {options.seed}：{options.days} 天，{len(calm['left'])} 个关系相同 {len(calm['left']) - len(differences)} 个；"
        f"发生 {rough['happened']}" + (f"；未发生 {'、'.join(never)}" if never else "")
    )
    return 1 if differences or rough["rebuilt"] else 0


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if options.run:
        days = course(options.seed, options.days, tuple(options.units.split(",")))
        play(days, options.keep / options.run, options.seed, disturbed=options.run == "rough")
        return 0
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return both(options, options.keep.resolve())
    with tempfile.TemporaryDirectory(prefix="month") as folder:
        return both(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
