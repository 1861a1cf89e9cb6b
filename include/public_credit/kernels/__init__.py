"""Compiled loops of the landing stream (numba); see docs/decisions/0010.

Whatever looks at every byte of a delivery is a kernel here: a small function over arrays with a plain-Python oracle in
``tests/kernels/test_kernels.py``. Everything that knows the catalogue, a rule or the ledger stays outside.

Machine code is made once per environment and processor and kept in the virtual environment (``python -m
public_credit.steps.compile_kernels`` does it ahead of time), or, where that may not be written, in the state folder.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import os
import sys
from pathlib import Path

from ..base import settings


def _keep_machine_code() -> None:
    """Tell numba where, before it is imported.

    Numba looks at the file of the function that is called, not at what it calls: so every state of the sources has a place.
    """
    inside = Path(sys.prefix)
    place = inside if os.access(inside, os.W_OK) else settings.home() / "cache"
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    os.environ.setdefault("NUMBA_CACHE_DIR", str(place / "kernels" / hashlib.sha256(sources).hexdigest()[:12]))


def _without_scipy() -> None:
    """Import the part of numba that would import SciPy for its BLAS: we multiply no matrices, and it costs 40 MB."""
    known = "scipy" in sys.modules
    if not known:
        sys.modules["scipy"] = None  # type: ignore[assignment]  # an import of it fails meanwhile
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        if not known:
            del sys.modules["scipy"]


_keep_machine_code()
_without_scipy()
gc.freeze()  # numba's hundreds of thousands of objects live as long as the process: no collection need walk them
