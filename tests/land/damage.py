"""Damaged deliveries: files of every format, changed at random from a seed, each read to its end by a process of its own.

A program too: ``python -m tests.land.damage --count 400 --seed 1`` reads so many, ``--minutes 30`` as many as the time allows
and compares CSV with Python's csv module; it prints what was not as promised and ends with 1 then. A file is named by seed and
number, so that it can be made again (``--only 17``).
"""

from __future__ import annotations

import contextlib
import io
import random
import resource
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import orjson
import xlwt
from local_stack.arguments import Parser
from public_credit.catalogue import load_catalogue
from public_credit.land import headers, matched
from public_credit.land.readers import UnreadableFile, open_tables
from public_credit.land.rules import load_ruleset
from public_credit.land.rules.context import RowContext
from public_credit.land.rules.rows import RowRules

SECONDS, MEMORY_KB = 60, 1 << 20  # of one file
DATASET = load_catalogue().datasets["zhzf.penalty_entity"]
KIND = load_catalogue().kinds[DATASET.kind]
FIELDS = KIND.tables[DATASET.variant].fields
TITLES = [KIND.fields[name].title for name in FIELDS]
CODES = [KIND.fields[name].codes[DATASET.variant] for name in FIELDS]
RULES = RowRules(KIND, DATASET.variant, load_ruleset(KIND.id))
SHREDS = [
    b'"',
    b"'",
    b"\r",
    b"\n",
    b"\r\r\n",
    b"\0",
    b"\0" * 9,
    b",",
    b";",
    b"\t",
    b"<",
    b"</ROW>",
    b"&",
    b"{",
    b"]",
    b"\xff",
    b"\xe4\xb8",
]
SHREDS += [
    b"PK\3\4",
    b"\x1f",
    b"\xef\xbb\xbf",
    "，".encode(),
    "镕".encode("gbk"),
    b"<!DOCTYPE a>",
    b"\\u0000",
    b"=1",
    b"\xd0\xcf\x11\xe0",
]


@dataclass(frozen=True)
class File:
    """A file, whether nothing was cut from it, and how many rows it had before it was changed."""

    name: str
    data: bytes
    whole: bool
    rows: int


def _cells(rng: random.Random, rows: int) -> list[list[str]]:
    words = [
        "甲公司",
        "2026-01-10",
        "0.2",
        "罚款",
        "示罚〔2026〕1号",
        "91370399MA9Q04614N",
        "",
        "备 注",
        "多行\n文字",
        '55" 屏',
        "甲,乙",
    ]
    return [[rng.choice(words) for _ in TITLES] for _ in range(rows)]


def _csv(rows: list[list[str]], rng: random.Random) -> bytes:
    delimiter, end = rng.choice(",,,;\t|"), rng.choice(["\n", "\r\n", "\r"])

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in f'{delimiter}"\n\r') else text

    text = end.join(delimiter.join(map(cell, row)) for row in [TITLES, *rows]) + end
    title = rng.choice(["", "", "双公示；报送表\n", "甲,乙;丙\t丁\n"])
    return (title + text).encode(rng.choice(["utf-8", "utf-8-sig", "gb18030"]))


def _xlsx(rows: list[list[str]], rng: random.Random) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    for row in [TITLES, *rows]:
        book.active.append(row)
    if rng.random() < 0.3:
        book.active.row_dimensions[2].hidden = True
    book.save(target)
    return target.getvalue()


def _xls(rows: list[list[str]], rng: random.Random) -> bytes:
    book, target = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("处罚")
    for number, row in enumerate([TITLES, *rows]):
        for column, text in enumerate(row):
            sheet.write(number, column, text)
    book.save(target)
    return target.getvalue()


def _xml(rows: list[list[str]], rng: random.Random) -> bytes:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;")

    body = "".join(
        "<ROW>" + "".join(f"<{code}>{escaped(text)}</{code}>" for code, text in zip(CODES, row, strict=True)) + "</ROW>"
        for row in rows
    )
    encoding = rng.choice(["utf-8", "gb2312", "gb18030"])
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<ROWDATA>{body}</ROWDATA>'
    return text.encode("utf-8" if encoding == "utf-8" else "gb18030")


def _json(rows: list[list[str]], rng: random.Random) -> bytes:
    lines = [{"columns": CODES, "source_version": "1"}, *(dict(zip(CODES, row, strict=True)) for row in rows)]
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def _zip(rows: list[list[str]], rng: random.Random) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(
        target, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
    ) as archive:
        build = rng.choice([_csv, _csv, _xml, _xlsx])
        archive.writestr(rng.choice(["a.csv", "处罚.csv", "x/y.csv"]), build(rows, rng))
        if rng.random() < 0.3:
            archive.writestr("__MACOSX/._a.csv", b"\0\5\x16\7")
    return target.getvalue()


FORMATS: list[Callable[[list[list[str]], random.Random], bytes]] = [_csv, _csv, _csv, _xlsx, _xls, _xml, _json, _zip]


def _changed(data: bytes, rng: random.Random) -> tuple[bytes, bool]:
    """The data with up to four changes; whether nothing was taken from it."""
    changed, whole = bytearray(data), True
    for _ in range(rng.choice([1, 1, 2, 4])):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0:
                del changed[place:]
                whole = False
            case 1:
                del changed[place : place + rng.choice([1, 7, 500])]
                whole = False
            case 2:
                changed[place : place + 1] = bytes([rng.randrange(256)])
            case 3:
                changed[place:place] = rng.choice(SHREDS)
            case 4:
                changed[place:place] = changed[max(0, place - rng.choice([9, 400])) : place]
            case 5:
                changed[place : place + 4] = rng.randbytes(4)
    return bytes(changed), whole


def file(seed: int, number: int) -> File:
    """The file of this seed and number; every eighth of them is as it should be."""
    rng = random.Random(f"{seed}/{number}")
    rows = _cells(rng, rng.choice([1, 3, 20, 120]))
    build = FORMATS[number % len(FORMATS)]
    data = build(rows, rng)
    if number // len(FORMATS) % 8 == 0:
        return File(f"{seed}/{number} {build.__name__}", data, True, sum(any(map(str.strip, row)) for row in rows))
    data, whole = _changed(data, rng)
    return File(f"{seed}/{number} {build.__name__} changed", data, whole, -1)


def land(data: bytes) -> tuple[int, str]:
    """Rows that come out of a file, with all verdicts about them, and why it is unreadable; no other error is caught.

    Raises AssertionError when row numbers go back or a text is none.
    """
    rows = 0
    try:
        for table in open_tables(
            lambda: io.BytesIO(data), "f", DATASET, lambda row: headers.recognised(KIND, DATASET.variant, row, DATASET)
        ):
            columns, last = matched.of_table(table, KIND, DATASET.variant, DATASET), 0
            for chunk in table.chunks:
                numbers = chunk.source_row.to_list()
                assert numbers == sorted(set(numbers)) and (not numbers or numbers[0] > last), "row numbers go back"
                last, rows = numbers[-1] if numbers else last, rows + chunk.frame.height
                frame = matched.named(chunk, columns, FIELDS[0])
                assert not any("\0" in text for column in frame for text in column), "NUL"
                absent = set(FIELDS) - set(frame.columns)
                context = RowContext(date(2026, 3, 1), frozenset(), table.spreadsheet, absent, {}, {}, chunk.ragged)
                verdicts = RULES.apply(frame, context)
                assert verdicts.errors.len() == chunk.frame.height
    except UnreadableFile as error:
        assert error.remedy and any("\u4e00" <= letter <= "\u9fff" for letter in error.text), "a reason in Chinese"
        return 0, error.text
    return rows, ""


def faults(made: File) -> Iterator[str]:
    """What of a file is not as promised."""
    begun = time.monotonic()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            rows, reason = land(made.data)
    except BaseException as error:  # whatever a library throws is what we look for
        yield f"{type(error).__name__}: {error}"[:300]
        return
    if time.monotonic() - begun > SECONDS:
        yield f"took {time.monotonic() - begun:.0f} s"
    if made.rows >= 0 and (rows, reason) != (made.rows, ""):
        yield f"{rows} rows of {made.rows}, {reason}"
    if made.whole and not rows and not reason:
        yield "taken for a report of nothing"


def compare_csv(seed: int, number: int) -> str:
    """One small CSV of shreds, read piece by piece and by Python's csv module; what differs, '' where nothing does."""
    from tests.helpers.pieces import pieces_of
    from tests.land.test_csv import SHREDS, TITLE, oracle, read

    rng = random.Random(f"csv/{seed}/{number}")
    body = "".join(rng.choices(SHREDS, k=rng.randrange(17)))
    with pieces_of(rng.choice([rng.randint(5, 40), 1 << 20]), len(TITLE)):
        try:
            headers, found = read((TITLE + body).encode())
        except UnreadableFile:
            return "" if oracle(TITLE + body, 3) is None else f"refused: {body!r}"
    expected = oracle(TITLE + body, len(headers))  # delimiters at the ends of lines may make the table wider
    return "" if found == expected else f"{body!r}: {found} is not {expected}"


def _own_peak() -> int:
    """Kilobytes this process has held at most: ``ru_maxrss`` begins with those of whoever started it."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM"))


def main() -> int:
    """Read files until there are enough or the time is over; 1 when one was not read as promised."""
    options = Parser("./run fuzz", description="读取随机损坏的文件：每一行都有去处，不丢行，不超内存")
    options.add_argument("--seed", type=int, default=int(time.time()), metavar="种子", help="随机种子；缺省为当前时间")
    options.add_argument("--count", type=int, default=0, metavar="个数", help="读取的文件数；缺省为时限内能读的")
    options.add_argument("--minutes", type=float, default=10, metavar="分钟", help="时限")
    options.add_argument("--csv", type=int, default=100_000, metavar="个数", help="与 csv 模块对照的小文件数")
    options.add_argument("--only", type=int, metavar="序号", help="只读这一个文件，并留在当前文件夹")
    given = options.parse_args()
    if given.only is not None:
        made = file(given.seed, given.only)
        Path(f"fuzz_{given.seed}_{given.only}").write_bytes(made.data)
        print(made.name, land(made.data))
        return 0
    until, tried, bad = time.monotonic() + 60 * given.minutes, 0, 0
    ended: Counter[str] = Counter()
    while tried < given.count if given.count else time.monotonic() < until:
        made = file(given.seed, tried)
        print(
            f"reading {made.name}", file=sys.stderr, flush=True
        )  # the last line names the file that ended the process
        for fault in faults(made):
            bad += 1
            print(f"{made.name}: {fault}", flush=True)
        tried += 1
        ended[made.name.split()[1]] += 1
    compared = 0
    while compared < given.csv:
        fault = compare_csv(given.seed, compared)
        compared += 1
        if fault:
            bad += 1
            print(f"csv {given.seed}/{compared - 1}: {fault}", flush=True)
    peak = max(_own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    if peak > MEMORY_KB:
        bad += 1
        print(f"peak memory {peak >> 10} MB")
    print(
        f"seed {given.seed}: {tried} files ({dict(ended)}), {compared} CSV compared, peak {peak >> 10} MB, {bad} not as promised"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
