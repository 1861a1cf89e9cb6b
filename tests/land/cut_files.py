"""Child process: read files that end inside a character; says which of them were not refused."""

from __future__ import annotations

import io
import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "include"))

from public_credit.land.readers import UnreadableFile, delimited, records, text  # noqa: E402


def read(data: bytes, encoding: str) -> int:
    """Rows; every text is looked at."""
    tables, rows = delimited.tables(lambda: io.BytesIO(data), "t", encoding, lambda row: 2 * ("h1" in row)), 0
    for table in tables:
        for chunk in table.chunks:
            rows += chunk.frame.height
            for column in chunk.frame:
                column.to_list()
                column.str.len_chars().sum()
    return rows


def files(block: int):
    """(what, file that goes on, the same cut inside its last character, declared encoding)."""
    small = block < 1 << 20
    sizes = [20, block // 2, block - 40, block, block + 40, 3 * block + 7] if small else [block + 1000, 2 * block + 7]
    shapes = itertools.product(sizes, "é中𠀀", ("utf-8", "gb18030"), (1, 2), ("plain", "quoted", "long"), (True, False))
    for size, letter, encoding, width, shape, declared in shapes:
        if not small and (letter != "中" or width == 1 or shape != "plain" or declared):
            continue
        row = "甲乙丙丁戊己庚辛" * 4 + ",乙丙" * (width - 1) + "\n"
        head = ",".join(["h1", "h2"][:width]) + "\n"
        body = (head + row).encode(encoding) + row.encode(encoding) * (size // len(row.encode(encoding)))
        last = "乙" * (size // 2 + 9 if shape == "long" else 9) + letter
        cell = ('"' if shape == "quoted" else "") + last
        data = body + (("甲," if width == 2 else "") + cell).encode(encoding)
        whole = data + (b'"' if shape == "quoted" else b"")
        for cut in range(1, len(letter.encode(encoding))):
            yield (
                (size, letter, encoding, width, shape, declared, cut),
                whole,
                data[:-cut],
                encoding if declared else "auto",
            )


def main() -> None:
    block = int(sys.argv[1])
    if block != records.PIECE:
        records.PIECE, text.PROBE, delimited.HEAD = block, 1024, 1024
    bad, tried = 0, 0
    for what, whole, data, encoding in files(block):
        print(what, file=sys.stderr, flush=True)
        tried += 1
        if what[-1] == 1 and read(whole, encoding) < 2:
            bad += 1
            print("whole file", what)
        try:
            rows = read(data, encoding)
        except UnreadableFile:
            continue
        bad += 1
        print("not refused", rows, what)
    print("refused all" if tried and not bad else f"{bad} of {tried}")


if __name__ == "__main__":
    main()
