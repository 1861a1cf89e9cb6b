"""``python -m public_credit.cli``."""

from . import main

main()
