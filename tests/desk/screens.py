"""``python -m tests.desk.screens STATE [FOLDER]``: pictures of the desk of a running ``./run demo``, for the README.

Only the demo's invented data is shown. 1440 px wide, as many colours as keep each under ``MOST``; Chromium takes them, Pillow
reduces them (``pip install pillow`` into another environment will do: it is not among the requirements).
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from PIL import Image  # type: ignore[import-not-found]  # not among the requirements: only whoever makes pictures needs it

from tests.papers.leadership.browser import Tab, browser

MOST = 150_000  # bytes of a picture
WIDTH, HEIGHT = 1440, 900
NUMBER = "示市监罚〔2026〕第00135号"  # a penalty of the demo's first days


def _sign_in(tab: Tab, address: str, account: str, password: str) -> None:
    tab.call("Network.clearBrowserCookies")
    tab.open(f"{address}/login", WIDTH, HEIGHT)
    for name, value in (("account", account), ("password", password)):
        tab.evaluate(f"document.querySelector('[name={name}]').value = {json.dumps(value)}")
    tab.evaluate("document.querySelector('form[action=\"/login\"] button').click()")
    while tab.evaluate("location.pathname === '/login' || document.readyState !== 'complete'"):
        pass


def _taken(tab: Tab, path: Path) -> None:
    raw = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        tab.picture(Path(folder) / "screen.png", whole=False)
        raw.write((Path(folder) / "screen.png").read_bytes())
    picture = Image.open(raw).convert("RGB")
    for colours in (64, 32, 16):
        picture.quantize(colours).save(path, optimize=True)
        if path.stat().st_size <= MOST:
            return
    raise ValueError(f"{path.name}: {path.stat().st_size} bytes with 16 colours")


def main(state: Path, folder: Path) -> None:
    """Take every picture, or raise."""
    address = f"http://127.0.0.1:{(state / 'desk_port').read_text(encoding='ascii')}"
    passwords = json.loads((state / "secrets" / "desk_demo_passwords.json").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as tab:
        for account, page, link, name in (
            ("engineer", "/intake", "", "intake"),
            ("auditor", f"/find?q={quote(NUMBER)}", "/records/", "record"),
            ("leader", "/targets", "/targets/", "targets"),
            ("clerk", "/mine", "", "mine"),
        ):
            _sign_in(tab, address, account, passwords[account])
            tab.open(address + page, WIDTH, HEIGHT)
            if link:
                href = tab.evaluate(f"document.querySelector('main a[href^=\"{link}\"]').getAttribute('href')")
                tab.open(address + href, WIDTH, HEIGHT)
            _taken(tab, folder / f"{name}.png")
            print(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "docs/screens"))
