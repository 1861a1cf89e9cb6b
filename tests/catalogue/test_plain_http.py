"""An interface without TLS is refused, unless somebody has agreed to it, for a reason and a while."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from public_credit.base.messages import UserError
from public_credit.catalogue.plain_http import PlainHttp, agreed

DAY = date(2026, 2, 25)
AGREED = PlainHttp(reason="政务外网专线", agreed_by="区大数据中心", until=DAY)


@pytest.mark.parametrize("exception", [None, AGREED])
@pytest.mark.parametrize(
    "uri",
    [
        "https://key:secret@api.example.gov.cn",
        "http://key:secret@127.0.0.1:8080",
        "http://key:secret@[::1]:8080/x",
        "http://localhost",
        "mysql+pymysql://u:p@10.1.2.3/x",
        "http://[broken",
    ],
)
def test_what_is_encrypted_or_stays_on_this_machine_needs_nobody(uri, exception):
    assert agreed("api", uri, exception, DAY) == ""


@pytest.mark.parametrize(
    "uri",
    [
        "http://api.example.gov.cn",
        "http://key:secret@10.1.2.3:80/x",
        "HTTP://0.0.0.0",
        "http://127.example.cn",
        "http://u@[fe80::1]",
    ],
)
def test_what_is_not_encrypted_is_refused_or_told(uri):
    with pytest.raises(UserError) as told:
        agreed("api", uri, None, DAY)
    assert "未加密" in str(told.value) and "plain_http" in str(told.value.remedy) and told.value.code == 3
    assert "secret" not in str(told.value) + str(told.value.remedy)
    assert agreed("api", uri, AGREED, DAY) == "未加密传输（区大数据中心同意至 2026-02-25：政务外网专线）"
    with pytest.raises(UserError, match="例外只到 2026-02-25"):
        agreed("api", uri, AGREED, DAY + timedelta(days=1))
