"""What somebody may send who means harm, or whose program is broken: texts of a field, and bodies of a form.

Every text that is markup carries ``MARK`` in its tag or attribute, so that an answer shows whether it came through as markup;
every template expression comes to ``PRODUCT``.
"""

from __future__ import annotations

import json
import random
from urllib.parse import quote_from_bytes

from tests import seeds

Value = str | bytes  # bytes: sent as they are, in no encoding the desk speaks

MARK = "pcwx"
PRODUCT = "55433"
_SUM = "7*7919"
BOUNDARY = "b0undary"

_SQL = [
    "' or '1'='1", "1; drop table ledger.batch; --", "'); delete from ledger.step; --", "1 union select null, version()", "\\'; select pg_sleep(5)--",
    "$$; select pg_sleep(5); $$", "%' or 1=1 --", "%s", "%(name)s", ":name", "?", "1e1' and sleep(5)#", "admin'--", "x'||pg_sleep(5)||'", "_%_%",
]  # fmt: skip
_MARKUP = [
    f"<{MARK}>", f"</textarea><{MARK}>", f"<script>{MARK}</script>", f"<ScRiPt src=//{MARK}></script>", f'" on{MARK}="1', f"' on{MARK}='1",
    f'"><{MARK}>', f"'><{MARK}>", f"<img src=x onerror={MARK}>", f"<svg/onload={MARK}>", f"--><{MARK}>", f"]]><{MARK}>", f"</title><{MARK}>",
    f"javascript:{MARK}", f"data:text/html,<{MARK}>", f"<a href='javascript:{MARK}'>x</a>", f"＜{MARK}＞", f"&lt;{MARK}&gt;", f"&#60;{MARK}&#62;",
    f"<!--#exec cmd={MARK}-->", f"+ADw-{MARK}+AD4-", f"\u3008{MARK}\u3009",
]  # fmt: skip
_TEMPLATES = [
    f"{{{{{_SUM}}}}}", f"${{{_SUM}}}", f"<%= {_SUM} %>", f"#{{{_SUM}}}", f"{{% print({_SUM}) %}}", "{{ ''.__class__.__mro__ }}", "{person.token}",
    "{0}", "{", "}", "{{", "%}", "${jndi:ldap://127.0.0.1/x}", f"=cmd|'/c calc'!A{MARK}", f"={_SUM}", f"@SUM({_SUM})", f"+{_SUM}", "%n%n%n%s%x",
]  # fmt: skip
_PATHS = [
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "....//....//etc/passwd", "%2e%2e%2fetc%2fpasswd", "file:///etc/passwd", "~root",
    "C:\\", "\\\\127.0.0.1\\c$", "CON", "NUL", ".", "..", "/", "//evil.example", "https://evil.example", "http://[::1", "/\\evil.example", "?x=1#y", "a/b/c",
    "-rf", "--help", "--", "--json", "--reason=x", "@/etc/passwd", "|id", "$(id)", "`id`", "; id", "& id", "> /tmp/x", "*",
]  # fmt: skip
_CONTROLS = [
    "\0", "a\0b", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m红", "\x1b]0;t\x07", "\x7f", "\x80", "\x85", "\x9b31m", "\r", "\n", "\r\n", "\t", "",
    " ", "\u3000", "\u00a0", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", f"x\r\nSet-Cookie: {MARK}=1", f"x\r\n\r\n<{MARK}>", f"x\nLocation: //{MARK}",
    "\u202e甲乙\u202c", "\u2066x\u2069", "\u200b", "\u200d", "\U000e0041", "\ud800", "\udfff", "a\udcffb", "\ud83d\ude00",
]  # fmt: skip
_LOOKS = [
    "а",
    "ｅngineer",
    "１２",
    "٣",
    "²",
    "Ⅷ",
    "①",
    "〇",
    "é",
    "e\u0301",
    "ﷺ",
    "ß",
    "İ",
    "ı",
    "𠮷",
    "😀",
    "Z\u0351\u036b",
    "\u1160",
    "㎏",
    "½",
]
_NUMBERS = [
    "9" * 18, "9" * 19, "9" * 400, "-1", "0", "-0", "00", "+1", "1.0", "1e3", "1e400", "-1e400", "NaN", "Infinity", "0x10", "1_000", "1,000", "1 ", "2147483648",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1/0", "true", "null", "None", "undefined", "9999-12-31", "0000-00-00", "0001-01-01",
    "2026-02-30", "2026-W09-3", "20260225", "-2026-02-25", "2026-02-25T00:00", "10000-01-01", "２０２６-02-25",
]  # fmt: skip
_SHAPED = [
    json.dumps({"$ne": None}), "[]", "{}", '["a","a"]', '{"__proto__":{"x":1}}', '{"a":' * 50 + "1" + "}" * 50, '"', "'", "\\", "a&b=c", "a=b", "a;b", "<?xml version='1.0'?>",
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "(a+)+$", "a" * 40 + "!", "甲" * 501, "x" * 2_000, "x" * 2_001, "x" * 20_000, "甲" * 5_000,
    "a\n" * 300, " " * 1_000, "'" * 1_000, "<" * 1_000, "&" * 1_000, "%" * 300,
]  # fmt: skip
_ENCODED: list[Value] = [
    b"\xff", b"\xfe\xff\x00a", "处罚".encode("gb18030"), "处罚".encode("utf-16"), b"\xc0\xaf", b"\xe4\xb8", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x80" * 60, b"\x00\x00",
]  # fmt: skip
_FAMILIES: list[list[Value]] = [
    [*_SQL], [*_MARKUP], [*_TEMPLATES], [*_PATHS], [*_CONTROLS], [*_LOOKS], [*_NUMBERS], [*_SHAPED], [*_ENCODED],
]  # fmt: skip


def values(of: str, count: int = 100) -> list[Value]:
    """``count`` different values, of every family as many; others for another field (``of``), so that all meet all in time."""
    rng = random.Random(f"{seeds.SEED} {of}")
    families = [rng.sample(family, len(family)) for family in _FAMILIES]
    taken: list[Value] = []
    while len(taken) < count:
        for family in families:
            if family:
                taken.append(family.pop())
    return taken[:count]


def raw(value: Value) -> bytes:
    """The bytes of a value: lone surrogates as a broken program writes them."""
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def quoted(value: Value) -> str:
    """A value in an address or a form."""
    return quote_from_bytes(raw(value), safe="")


def encoded(fields: dict[str, Value]) -> bytes:
    """A form as a page sends it."""
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields.items()).encode()


def parts(fields: dict[str, Value], file: tuple[str, Value, bytes] | None = None) -> bytes:
    """A form with a file (field, file name, content) as a page sends it; what ends a line in a name is sent as it is."""
    told = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (BOUNDARY.encode(), raw(name), raw(value))
        for name, value in fields.items()
    ]
    if file:
        head = (
            b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: text/csv\r\n\r\n%s\r\n'
        )
        told.append(head % (BOUNDARY.encode(), raw(file[0]), raw(file[1]), file[2]))
    return b"".join(told) + b"--%s--\r\n" % BOUNDARY.encode()


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"


def bodies(fields: dict[str, Value]) -> list[tuple[str, bytes]]:
    """(content type, body) of requests that are no form as the page sends it: fields missing, twice, strange; types and encodings that are not so."""
    whole, many = encoded(fields), parts(fields)
    odd: list[tuple[str, bytes]] = [
        (URLENCODED, encoded({name: value for name, value in fields.items() if name != left})) for left in fields
    ]
    odd += [(URLENCODED, encoded(fields) + b"&" + encoded({name: "<pcwx>"})) for name in fields]
    odd += [(URLENCODED, encoded({f"{name}[]": value for name, value in fields.items()}))]
    odd += [(URLENCODED, encoded({name.upper(): value for name, value in fields.items()}))]
    odd += [
        (URLENCODED, whole + b"&" + b"&".join(b"x%d=%d" % (n, n) for n in range(500))),
        (URLENCODED, whole + b"&" + b"x" * 100_000 + b"=1"),
        (URLENCODED, whole + b"&__proto__=1&__class__=2&admin=true&role=engineer"),
        (URLENCODED, whole + b"&%00=%00&%ff=%ff&" + encoded({"<pcwx>": "1"})),
        (URLENCODED, b"&" * 5_000 + whole),
        (URLENCODED, b"="), (URLENCODED, b""), (URLENCODED, b"\xff\xfe\x00"), (URLENCODED, b"%"), (URLENCODED, b"%zz=%u0041"),
        (URLENCODED + "; charset=utf-16", whole), ("application/json", json.dumps({"csrf": "x", "reason": ["a"]}).encode()), ("application/json", b"{"),
        ("text/plain", whole), ("text/xml", b"<?xml version='1.0'?><x/>"), ("", whole), ("\xe4\xb8", whole), ("multipart/form-data", many),
        ("multipart/form-data; boundary=", many), ("multipart/form-data; boundary=" + "x" * 300, many), (MULTIPART + "; charset=utf-7", parts(fields | {"reason": "+2AA-"})),
        (MULTIPART + "; charset=utf-7", parts(fields, ("file", "+2AA-.csv", b"x"))), (MULTIPART + "; charset=idna", many), (MULTIPART + "; charset=undefined", many),
        (MULTIPART + "; charset=rot13", many), (MULTIPART + "; charset=unicode_escape", parts(fields | {"reason": "\\ud800"})), (MULTIPART, many[:-20]), (MULTIPART, many[:40]),
        (MULTIPART, b""), (MULTIPART, whole), (MULTIPART, b"--%s\r\n\r\nx\r\n--%s--" % (BOUNDARY.encode(), BOUNDARY.encode())),
        (MULTIPART, parts({f"x{n}": "1" for n in range(100)})), (MULTIPART, parts({name: raw(value) * 40_000 for name, value in fields.items()})),
        (MULTIPART, parts({}, ("csrf", "csrf", raw(fields.get("csrf", ""))))), (MULTIPART, parts(fields, ("reason", "x.txt", b"x"))), (MULTIPART, parts(fields, ("file", "", b""))),
        (MULTIPART, parts(fields, ("file", "x", b"")) + parts(fields, ("file", "y", b"1"))),
    ]  # fmt: skip
    return odd


HEADERS: list[tuple[str, bytes]] = [
    ("origin", b"http://[evil"), ("origin", b"null"), ("origin", b"\xff"), ("origin", b"http://127.0.0.1:8090@evil.example"), ("host", b"127.0.0.1:["),
    ("host", b"127.0.0.1:x"), ("host", b"[::1"), ("host", b""), ("host", b"localhost/../x"), ("host", b"127.0.0.1:8090\x80"), ("cookie", b"pcw_desk=\xff\x00; ;=;"),
    ("cookie", b"pcw_desk=" + b"x" * 8_000), ("cookie", b"pcw_desk=%00"), ("cookie", b"pcw_desk=\"; pcw_before='"), ("x-csrf-token", b"\xff"), ("accept", b"\xff/*"),
    ("accept-language", b"<pcwx>"), ("x-forwarded-for", b"' or 1=1"), ("authorization", b"Bearer \xff\xfe"), ("authorization", b"Basic " + b"A" * 5_000), ("referer", b"<pcwx>"),
    ("range", b"bytes=9-1,-0"), ("if-modified-since", b"\x80"), ("user-agent", b"${jndi:ldap://x}"),
]  # fmt: skip
