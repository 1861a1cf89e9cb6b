"""Try a channel without collecting: ``python -m public_credit.collect <dataset>``."""

from __future__ import annotations

import sys

from ..messages import UserError
from .run import probe


def main(arguments: list[str]) -> int:
    """Say what a collection of each dataset would take; 0 when every source answered."""
    worst = 0
    for dataset_id in arguments:
        try:
            outcome = probe(dataset_id)
        except UserError as error:
            print(f"{dataset_id}：{error}")
            worst = max(worst, error.code)
            continue
        print(f"{dataset_id}：{outcome.message.replace('新收', '可收')}")
        worst = max(worst, 5 if outcome.verdict == "failed" else 0)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
