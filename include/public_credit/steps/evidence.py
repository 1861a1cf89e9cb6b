"""Verifying evidence: by the clock, recent days nightly and everything once a week; and explaining what was found."""

from __future__ import annotations

from datetime import timedelta

from ..base import settings
from ..base.messages import UserError
from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..identifiers import persons
from ..ledger import approvals, chain
from ..ledger.session import session, step
from ..ledger.states import ChainOperation, Irreversible, StepName, Verdict
from ..oversight.audit import standing as standings
from ..oversight.audit.findings import MENDED_ONLY
from ..oversight.audit.verify import verify

WHOLE = timedelta(days=7)  # everything is verified so often
RECENT = timedelta(days=10)  # what came since then is verified every night; longer than WHOLE, so nothing falls between


def _whole_due() -> bool:
    with settings.engine("reader").connect() as connection:
        last = standings.standing(connection).whole_at
    return last is None or now() - last >= WHOLE - timedelta(
        hours=12
    )  # a run that was quick is not skipped a week later


def check(run: Run, whole: bool = False) -> int:
    """Verify what is due, or everything, and book what came of it; how many findings stand.

    Raises UserError (code 3) where nothing was found but the archive could not be read.
    """
    whole = whole or _whole_due()
    since = None if whole else (now().astimezone(settings.TIMEZONE) - RECENT).date()
    with step(run, "collector", StepName.AUDIT) as record:
        report = verify(run, since).report
        if report.unread and not report.findings:
            raise report.unread  # booked in the chain as not verified; the task is tried again
        with settings.engine("reader").connect() as connection:
            stands = standings.standing(connection).count
        record.counts = {"findings": len(report.findings), "standing": stands, **report.counts}
        scope = f"{since} 以来收到的" if since else "全部"
        record.message = f"复核{scope}原始行与归档、台账和证据链：发现 {len(report.findings)} 处改动"
        if stands:
            record.verdict, record.owner = Verdict.WARNING, "leadership"
    return stands


def explain(run: Run, finding: str, reason: str) -> approvals.Asked:
    """Explain a finding; it stands no more once a second person agreed and the first one asks again.

    Raises UserError (code 4) for a finding no verification named or that is explained already, and for one that
    covers more than one state of things: what happens there later could not be told from what was explained.
    """
    with settings.engine("reader").connect() as connection:
        seen = standings.last_seen(connection, finding)
        known = standings.explained(connection).get(finding)
    if seen is None:
        raise UserError(f"复核没有发现过 {finding[:40]}。", remedy="编号见 public-credit audit verify。", code=4)
    if (why := MENDED_ONLY.get(seen["what"])) is not None:
        what, remedy = why.split("：")
        raise UserError(f"{finding} 是{what}。", remedy=f"{remedy}，再复核。", code=4)
    if known is not None:
        raise UserError(f"{finding} 已由 {known.who} 说明。", remedy="再次复核即列在“依规”中。", code=4)
    about = persons.mask(f"留痕复核的发现 {finding}（{seen['where']}）")
    asked = approvals.ask(run, Irreversible.EXPLAIN, finding, about, reason, load_catalogue().district.single_handed)
    if asked.granted:
        with session("owner") as opened:
            question = approvals.of(opened, asked.id)
            chain.note(
                opened,
                ChainOperation.EXPLAINED,
                finding=finding,
                what=seen["what"],
                where=seen["where"],
                reason=question.reason,
                who=question.asked_by,
                agreed_by=question.decided_by,
            )
            approvals.used(opened, asked.id)
    return asked
