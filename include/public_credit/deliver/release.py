"""Release: freeze the difference between what a receiver has and what the build says, and put it into the outbox.

One transaction after dbt. Per record: the newest export row since the last release against the last item the receiver
took or may have taken. The idempotency key is chained to the item before it, never a serial, so the same change offered
twice is the same item. An unusual release waits for an approval that names its id and its hash; it is turned down with a
reason, or ends when later releases have overtaken all of it (decision 0092).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import Receiver, load_catalogue
from ..ledger import locks, published, words
from ..ledger.approvals import ALONE, by_another
from ..ledger.models import Build, PublishedDataset, Release
from ..ledger.session import session, step, written
from ..ledger.states import IN_DOUBT, BuildState, ItemState, Operation, ReleaseState, StepName, Verdict, sql
from ..ledger.written import clean
from . import outbox

_OPEN = sql((ItemState.ACCEPTED, *IN_DOUBT))
_LOOKED_BACK = 100  # releases in which a dataset is looked for: some months of daily ones


@dataclass(frozen=True)
class Prepared:
    """A release that was made: its number, counts and what to tell."""

    release_id: int
    state: str
    adds: int
    mods: int
    dels: int
    message: str


def _payload(interface: str, receiver: Receiver) -> str:
    """SQL of the payload: official codes → text; numbers of persons only where the receiver's entry names the field."""
    spec = receiver.interfaces[interface]
    kind = load_catalogue().kinds[spec.kind]
    pairs = []
    for name in kind.tables[spec.variant].fields:
        field = kind.fields[name]
        hidden = field.type == "person_id" and name not in spec.sensitive_fields
        if hidden or (name == "legal_rep_id_type" and "legal_rep_id_no" not in spec.sensitive_fields):
            continue
        code = field.codes[spec.variant]
        pairs.append(f"'{code}', e.payload ->> '{code.lower()}'")
    return f"jsonb_build_object({', '.join(pairs)})"


def _not_disclosed(opened: Session, interface: str, receiver: Receiver) -> list[str]:
    """Datasets whose disclosure level this interface does not take; of one that left the catalogue, the level it had last."""
    spec = receiver.interfaces[interface]
    levels = dict(opened.execute(select(PublishedDataset.dataset_id, PublishedDataset.disclosure)).tuples().all())
    levels |= {dataset.id: dataset.disclosure for dataset in load_catalogue().datasets.values()}
    return sorted(dataset for dataset, level in levels.items() if level not in spec.disclosures)


def _collect_changes(opened: Session, receiver: Receiver, since: int, until: int) -> None:
    """Temporary table ``change``: the newest export row per record, with payload and content version."""
    opened.execute(
        text("""
        create temp table change (interface text, record_id text, dataset_id text, unit_id text, hint text, reason text,
                                  due_on date, payload jsonb, version text) on commit drop""")
    )
    for interface, spec in receiver.interfaces.items():
        opened.execute(
            text(f"""
            insert into change
            select '{interface}', e.record_id, c.dataset_id, b.unit_id, e.operation_hint, e.reason, e.due_on, p.payload, md5(cast(p.payload as text))
            from (
                select *, row_number() over (partition by record_id order by build_id desc) as newest
                from published.export_changes
                where receiver = :receiver and interface = '{interface}' and build_id <= :until and (build_id > :since or record_id in (
                    select i.record_id from ledger.delivery_item i join ledger.delivery_state s using (item_id)
                    where i.receiver = :receiver and i.interface = '{interface}' and s.state = {sql(ItemState.REJECTED)}
                      and s.receipt_code in ('3001', '3002')
                    union all
                    select i.record_id
                    from ledger.release r join ledger.delivery_item i using (release_id) join ledger.delivery_state s using (item_id)
                    where r.receiver = :receiver and r.state = {sql(ReleaseState.REJECTED)} and i.interface = '{interface}'
                      and s.state = {sql(ItemState.SUPERSEDED)}))
            ) e
            cross join lateral (select {_payload(interface, receiver)} as payload) p
            left join published.heads c on c.kind = '{spec.kind}' and c.record_id = e.record_id
            left join ledger.batch b on b.seq = c.batch_seq
            where e.newest = 1 and (c.dataset_id is null or c.dataset_id <> all (cast(:closed as text[])))"""),
            {
                "since": since,
                "until": until,
                "receiver": receiver.id,
                "closed": _not_disclosed(opened, interface, receiver),
            },
        )
    opened.execute(text("create index on pg_temp.change (record_id)"))
    opened.execute(text("analyze pg_temp.change"))


def _difference(opened: Session, receiver: Receiver) -> None:
    """Temporary table ``diff``: operation per record against the last item the receiver took or may have taken."""
    opened.execute(
        text(f"""
        create temp table diff on commit drop as
        with before as (
            select * from (
                select i.record_id, i.operation, i.version, s.idempotency_key, s.unit_id,
                       row_number() over (partition by i.record_id order by item_id desc) as newest
                from change c join ledger.delivery_item i on i.record_id = c.record_id join ledger.delivery_state s using (item_id)
                where i.receiver = :receiver and s.state in {_OPEN}) ranked
            where newest = 1
        )
        select c.*, b.version as before_version, b.idempotency_key as before_key,
            coalesce(c.unit_id, b.unit_id, '') as of_unit,
            case when c.hint = 'upsert' and coalesce(b.operation, {sql(Operation.DEL)}) = {sql(Operation.DEL)} then {sql(Operation.ADD)}
                 when c.hint = 'upsert' and b.version <> c.version then {sql(Operation.MOD)}
                 when c.hint = 'delete' and b.operation in {sql((Operation.ADD, Operation.MOD))} then {sql(Operation.DEL)} end as operation
        from change c left join before b on b.record_id = c.record_id"""),
        {"receiver": receiver.id},
    )
    opened.execute(text("delete from diff where operation is null"))
    opened.execute(
        text(f"""
        update diff set version = before_version where operation = {sql(Operation.DEL)}""")
    )
    opened.execute(text("alter table diff add column key text"))
    opened.execute(
        text("""
        update diff set key = encode(sha256(convert_to(concat_ws(chr(31), cast(:receiver as text), record_id, version,
                                                                 operation, coalesce(before_key, '')), 'UTF8')), 'hex')"""),
        {"receiver": receiver.id},
    )
    opened.execute(text("delete from diff where key in (select idempotency_key from ledger.delivery_state)"))


def _overtake(opened: Session, receiver: Receiver) -> None:
    """Items the receiver never saw and that are overtaken by a newer image leave the outbox."""
    opened.execute(
        text(f"""
        update ledger.delivery_state s set state = {sql(ItemState.SUPERSEDED)}, idempotency_key = null
        from change c join ledger.delivery_item i on i.record_id = c.record_id
        where s.item_id = i.item_id and i.receiver = :receiver and s.state = {sql(ItemState.PENDING)}"""),
        {"receiver": receiver.id},
    )


def _close_overtaken(opened: Session, receiver: Receiver, by: int) -> list[int]:
    """Releases that wait and have nothing left to be sent end as overtaken; their numbers. ``by``: the release that did it."""
    return sorted(
        opened.scalars(
            text(f"""
            update ledger.release r set state = {sql(ReleaseState.OVERTAKEN)}, decided_at = clock_timestamp(), decided_why = :why
            where r.receiver = :receiver and r.state = {sql(ReleaseState.WAITING)} and r.release_id <> :by and not exists (
                select from ledger.delivery_item i join ledger.delivery_state s using (item_id)
                where i.release_id = r.release_id and s.underway)
            returning r.release_id"""),
            {"receiver": receiver.id, "by": by, "why": f"由第 {by} 号变更单取代"},
        )
    )


def _filled(opened: Session) -> dict[str, dict[str, tuple[int, int]]]:
    """How many of the records added or changed have a value, and of how many, per dataset and official code."""
    found = opened.execute(
        text(f"""
        select d.dataset_id, d.interface || '.' || f.key, count(*) filter (where f.value <> ''), count(*)
        from diff d, jsonb_each_text(d.payload) f
        where d.operation <> {sql(Operation.DEL)} and d.dataset_id is not null group by 1, 2 order by 1, 2""")
    )
    filled: dict[str, dict[str, tuple[int, int]]] = {}
    for dataset, code, with_value, of in found.tuples():
        filled.setdefault(dataset, {})[code] = (with_value, of)
    return filled


def _fill_rates(filled: dict[str, dict[str, tuple[int, int]]], at_least: int) -> dict[str, dict[str, float]]:
    """What later releases are compared with: shares of the datasets that brought so many records."""
    return {
        dataset: rates
        for dataset, codes in filled.items()
        if (rates := {code: round(some / of, 4) for code, (some, of) in codes.items() if of >= at_least})
    }


def _fallen(opened: Session, receiver: Receiver, filled: dict[str, dict[str, tuple[int, int]]]) -> list[str]:
    """Official codes that are filled much less often than the same datasets filled them when each came last.

    Every release brings other datasets, and each fills other fields: what is expected is made of the datasets that are in this
    one (direct standardisation), so that another mixture alone is no fall.
    """
    newest = (
        select(Release.cover)
        .where(Release.receiver == receiver.id, Release.state == ReleaseState.RELEASED)
        .order_by(Release.release_id.desc())
        .limit(_LOOKED_BACK)
    )
    covers: list[dict[str, Any]] = list(opened.scalars(newest))
    latest: dict[str, dict[str, float]] = {}
    for made in covers:
        for dataset, rates in (made.get("fill_rates") or {}).items():
            if isinstance(rates, dict):  # releases of earlier versions say one rate for all datasets
                latest.setdefault(dataset, rates)
    missing: dict[str, float] = defaultdict(float)
    of_all: dict[str, int] = defaultdict(int)
    for dataset, codes in filled.items():
        for code, (some, of) in codes.items():
            if code.rpartition(".")[2] in receiver.unusual.free_fields:
                continue
            if (share := latest.get(dataset, {}).get(code)) is not None:
                missing[code] += share * of - some
                of_all[code] += of
    limits = receiver.unusual
    return [
        code for code, of in of_all.items() if of >= limits.min_records and missing[code] > limits.fill_rate_drop * of
    ]


def _unusual(
    opened: Session, receiver: Receiver, dels: int, filled: dict[str, dict[str, tuple[int, int]]]
) -> list[str]:
    """Reasons to wait for an approval (thresholds in the receiver's catalogue entry)."""
    limits, reasons = receiver.unusual, list[str]()
    held: int = opened.execute(
        text(f"""
        select count(*) from (
            select operation, row_number() over (partition by record_id order by item_id desc) as newest
            from ledger.delivery_item join ledger.delivery_state s using (item_id)
            where receiver = :receiver and s.state in {_OPEN}) last
        where newest = 1 and operation <> {sql(Operation.DEL)}"""),
        {"receiver": receiver.id},
    ).scalar_one()
    if dels >= limits.min_records and dels > held * limits.deletion_share:
        reasons.append(f"撤下 {dels:,} 条，超过已报送 {held:,} 条的 {limits.deletion_share:.0%}")
    if fallen := sorted(_fallen(opened, receiver, filled)):
        reasons.append(f"填报率较各数据集上次明显下降：{'、'.join(fallen[:5])}")
    return reasons


def prepare(run: Run, receiver_id: str = "city") -> Prepared | None:
    """Freeze the difference since the last release, up to the newest finished build; None when there is none due.

    Raises Busy while another release for this receiver is being made.
    """
    with locks.alone("sender", locks.release(receiver_id), "变更单", run.holder), locks.between_builds("sender"):
        return _prepare(run, load_catalogue().receiver(receiver_id))


def _prepare(run: Run, receiver: Receiver) -> Prepared | None:
    receiver_id = receiver.id
    with session("sender") as opened:
        newest = opened.scalar(
            select(Build).where(Build.state == BuildState.BUILT).order_by(Build.build_id.desc()).limit(1)
        )
        last = opened.scalar(select(func.max(Release.build_id)).where(Release.receiver == receiver_id)) or 0
        if newest is None or newest.build_id <= last:
            return None
        published.require(opened)
        _collect_changes(opened, receiver, last, newest.build_id)
        _overtake(opened, receiver)
        _difference(opened, receiver)
        counted = {
            (interface, operation): count
            for interface, operation, count in opened.execute(
                text("select interface, operation, count(*) from diff group by 1, 2")
            ).tuples()
        }
        adds, mods, dels = (sum(n for (_, op), n in counted.items() if op == name) for name in Operation)
        digest: str = opened.execute(text(f"select {outbox.digest('diff')} from diff")).scalar_one()
        filled = _filled(opened)
        reasons = _unusual(opened, receiver, dels, filled)
        cover = {
            "接收方": receiver.title,
            "业务日期": newest.business_date.isoformat(),
            "构建": newest.build_id,
            "新增": adds,
            "变更": mods,
            "撤下": dels,
            "法律依据": receiver.legal_basis,
            "目的": receiver.purpose,
            "按接口": {f"{interface} {operation}": count for (interface, operation), count in sorted(counted.items())},
            "目录版本": load_catalogue().version,
            "fill_rates": _fill_rates(filled, receiver.unusual.min_records),
        }
        release = Release(
            build_id=newest.build_id,
            receiver=receiver_id,
            business_date=newest.business_date,
            adds=adds,
            mods=mods,
            dels=dels,
            diff_hash=digest,
            cover=cover,
            unusual="；".join(reasons),
            state=ReleaseState.WAITING if reasons else ReleaseState.RELEASED,
            prepared_by=run.who,
        )
        opened.add(release)
        opened.flush()
        opened.execute(
            text(f"""
            with released as (
                insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, predecessor,
                                                  payload, due_on)
                select :release, :receiver, interface, record_id, operation, version, before_version,
                       case when operation = {sql(Operation.DEL)} then '{{}}'::jsonb else payload end, due_on
                from diff order by case when operation = {sql(Operation.DEL)} then 0 else 1 end, interface, record_id
                returning item_id, interface, record_id)
            insert into ledger.delivery_state (item_id, idempotency_key, unit_id)
            select r.item_id, d.key, d.of_unit from released r join diff d using (interface, record_id) order by r.item_id"""),
            {"release": release.release_id, "receiver": receiver_id},
        )
        ended = _close_overtaken(opened, receiver, release.release_id)
        made = Prepared(
            release.release_id,
            release.state,
            adds,
            mods,
            dels,
            f"第 {release.release_id} 号变更单：新增 {adds:,}，变更 {mods:,}，撤下 {dels:,}"
            + (f"；等待审批：{release.unusual}" if reasons else "")
            + (f"；等待审批的第 {'、'.join(map(str, ended))} 号已被取代" if ended else ""),
        )
        on, build_id = newest.business_date, newest.build_id
    with step(run.at(on), "sender", StepName.RELEASE, build_id=build_id, release_id=made.release_id) as record:
        record.message, record.counts = made.message, {"adds": adds, "mods": mods, "dels": dels}
        if made.state == ReleaseState.WAITING:
            record.verdict, record.owner = Verdict.HELD, "leadership"
    return made


def cover(release_id: int) -> dict[str, Any]:
    """Cover sheet of a release with its state and hash."""
    with session("reader") as opened:
        release = opened.get(Release, release_id)
        if release is None:
            raise UserError(f"没有第 {release_id} 号变更单。", remedy="用 public-credit status 查看编号。", code=4)
        left: dict[str, int] = {}
        if release.state == ReleaseState.WAITING:
            overtaken = text(
                f"select count(*) from desk.release_items(:id, null) where state = {sql(ItemState.SUPERSEDED)}"
            )
            left["其中已被后来的变更单取代"] = opened.execute(overtaken, {"id": release_id}).scalar_one()
        return {
            "变更单": release_id,
            "状态": words.RELEASE[release.state],
            **left,
            "异常": release.unusual or "无",
            "差异指纹": release.diff_hash,
            **{key: value for key, value in release.cover.items() if key != "fill_rates"},
            "生成人": release.prepared_by,
            "批准人" if release.state != ReleaseState.REJECTED else "否决人": (release.decided_by or "")
            + (f"（{ALONE}）" if release.decided_alone else ""),
            **({"理由": release.decided_why} if release.decided_why else {}),
        }


def _waiting(opened: Session, release_id: int) -> Release:
    """A release that waits, locked until the transaction ends. Raises UserError (code 4) for any other."""
    release = opened.get(Release, release_id, with_for_update=True)
    if release is None or release.state != ReleaseState.WAITING:
        raise UserError(
            f"第 {release_id} 号变更单不在等待审批。", remedy="用 public-credit status 查看待审批的变更单。", code=4
        )
    return release


def approve(run: Run, release_id: int, diff_hash: str) -> None:
    """Approve a waiting release that another one prepared; the hash must be the one of its cover sheet. Raises UserError otherwise."""
    with session("sender", run.token or "") as opened:
        release = _waiting(opened, release_id)
        if release.diff_hash != diff_hash:
            raise UserError(
                "差异指纹不符，未批准。", remedy=f"用 public-credit release show {release_id} 核对封面后重试。", code=4
            )
        release.decided_alone = by_another(
            run,
            release.prepared_by,
            load_catalogue().district.single_handed,
            f"生成了第 {release_id} 号变更单，自己生成",
        )
        release.state, release.decided_by, release.decided_at = ReleaseState.RELEASED, run.who, func.clock_timestamp()


def reject(run: Run, release_id: int, reason: str) -> int:
    """Turn a waiting release down: nothing of it leaves, and its records are offered again by the next release; how many.

    Whoever may approve may, who prepared it too: nothing leaves the house by it. Raises UserError (code 4) for a release that does
    not wait, UserError without a reason, Busy while a release for its receiver is made.
    """
    if not reason.strip():
        raise UserError("否决须写明理由。", remedy="加上 --reason “……”。")
    with session("sender") as opened:
        receiver = _waiting(opened, release_id).receiver
    with locks.alone("sender", locks.release(receiver), "变更单", run.holder), session("sender") as opened:
        release = _waiting(opened, release_id)
        release.state, release.decided_by, release.decided_at = ReleaseState.REJECTED, run.who, func.clock_timestamp()
        release.decided_why = clean(reason.strip())
        return written(
            opened.execute(
                text(f"""
                update ledger.delivery_state s set state = {sql(ItemState.SUPERSEDED)}, idempotency_key = null
                from ledger.delivery_item i
                where i.item_id = s.item_id and i.release_id = :release and s.state = {sql(ItemState.PENDING)}"""),
                {"release": release_id},
            )
        )
