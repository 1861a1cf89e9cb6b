"""One delivery run: settle what is in doubt, then send what may be sent until nothing is left."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from ..base import settings
from ..base.messages import UserError
from ..base.progress import Paced
from ..base.run import Run
from ..catalogue import Receiver, load_catalogue, plain_http
from ..custody import vault
from ..ledger import locks
from ..ledger.session import step
from ..ledger.states import ItemState, Operation, RequestState, StepName, Verdict
from . import outbox
from .adapters.http_json import HttpJson
from .base import Adapter, BatchRefused, Item, NotTaken, Outcome, OutcomeUnknown, TooLarge

_TOKEN = re.compile(r"P[A-Z2-7]{26}")


@dataclass(frozen=True)
class Delivered:
    """Counts of one run."""

    accepted: int
    rejected: int
    unknown: int
    message: str


class Altered(UserError):
    """What waits to be sent is not what was released."""

    def __init__(self, releases: list[int]):
        super().__init__(
            f"第 {'、'.join(map(str, releases))} 号变更单的内容与冻结、批准时的差异指纹不符，未报送。",
            remedy="停止报送，由数据管理员查明是谁在何时改动了变更单的条目；查明前不要重新批准。",
            code=4,
        )


def adapter_for(receiver: Receiver, on: date) -> Adapter:
    """The adapter a receiver's catalogue entry names. Raises UserError (code 3) where it is not encrypted and nobody agreed."""
    unencrypted(receiver, on)
    return {"http_json": HttpJson}[receiver.adapter](receiver.connection)


def unencrypted(receiver: Receiver, on: date) -> str:
    """What is to be told of a receiver that is not encrypted, '' for one that is (``plain_http.agreed``)."""
    return plain_http.agreed(
        receiver.connection, settings.connection(receiver.connection, receiver=True), receiver.plain_http, on
    )


class Deliverer:
    """Sends for one receiver; outcomes go straight into the outbox."""

    def __init__(self, run: Run, receiver: Receiver, adapter: Adapter):
        self.receiver, self.adapter = receiver, adapter
        self.on = run.on
        self.counts: Counter[str] = Counter()
        self.left_out: set[int] = set()  # items whose numbers the vault does not give
        self.without_key = ""
        self._told = Paced(f"报送 {receiver.title}")

    def settle_doubts(self) -> None:
        """Ask for every outcome nobody knows; what the receiver never saw may be sent again."""
        keys = outbox.in_doubt(self.receiver.id)
        if keys:
            outcomes = self.adapter.query(keys)
            self.counts.update(
                {name: count for name, count in outbox.book(outcomes, self.on).items() if name != ItemState.UNKNOWN}
            )
            outbox.hand_back([outcome.key for outcome in outcomes if outcome.state == ItemState.UNKNOWN])

    def _reveal(self, items: list[Item]) -> list[Item]:
        """Fill numbers in memory: only fields the receiver's entry names, only for this request.

        The items that may go: one whose number is not to be had is left out of this run, and nothing that stands behind it waits.
        """
        spec = self.receiver.interfaces[items[0].interface]
        kind = load_catalogue().kinds[spec.kind]
        codes = [kind.fields[name].codes[spec.variant] for name in spec.sensitive_fields]
        tokens = {
            item.payload[code] for item in items for code in codes if _TOKEN.fullmatch(item.payload.get(code) or "")
        }
        numbers: dict[str, str] = {}
        if tokens:
            try:
                numbers = vault.reveal(tokens)
            except UserError as error:
                self.without_key = error.text
        missing = tokens - numbers.keys()
        ready = []
        for item in items:
            if missing and missing & {item.payload.get(code) for code in codes}:
                self.left_out.add(item.item_id)
                continue
            item.data = item.payload | {
                code: numbers.get(item.payload[code], item.payload[code]) for code in codes if code in item.payload
            }
            ready.append(item)
        return ready

    def send(self, items: list[Item]) -> None:
        """One request; a batch refused for one row is divided until the row stands alone."""
        items = self._reveal(items)  # before anything is booked as sent
        try:
            if items:
                self._send(items)
        finally:
            for item in items:
                item.data = {}

    def _send(self, items: list[Item]) -> None:
        delivery, request_id, items = outbox.claim(self.receiver.id, items[0].interface, items)
        keys = [item.key for item in items]
        if not items:
            outbox.close(delivery, RequestState.EMPTY)
            return
        try:
            outcomes = self.adapter.send(request_id, items[0].interface, items)
        except OutcomeUnknown as error:
            outbox.doubt(keys)
            outbox.close(delivery, RequestState.UNKNOWN, message=str(error))
            self.counts["doubt"] += len(items)
            return
        except BatchRefused as refused:
            outbox.close(delivery, RequestState.REFUSED, message=f"{refused.code} {refused.text}")
            if len(items) == 1:
                self.counts.update(
                    outbox.book([Outcome(keys[0], ItemState.REJECTED, refused.code, "", refused.text)], self.on)
                )
                return
            outbox.hand_back(keys)
            self._divide(items, refused.line)
            return
        except TooLarge:
            outbox.close(delivery, RequestState.REFUSED, message="413")
            outbox.hand_back(keys)
            self._divide(items, 0)
            return
        except (NotTaken, UserError):
            outbox.hand_back(keys)
            outbox.close(delivery, RequestState.NOT_TAKEN)
            raise
        self.counts.update(outbox.book(outcomes, self.on))
        self._told.say(
            f"已接收 {self.counts[ItemState.ACCEPTED]:,}，被拒收 {self.counts[ItemState.REJECTED]:,}，正在报送 {items[0].interface}"
        )
        missing = set(keys) - {outcome.key for outcome in outcomes}
        if missing:
            outbox.doubt(list(missing))
        outbox.close(delivery, RequestState.ANSWERED, outcomes[0].receipt_id if outcomes else None)

    def _divide(self, items: list[Item], line: int) -> None:
        """The named row alone, the rest in halves (in halves when no row is named)."""
        if 1 <= line <= len(items):
            self.send([items[line - 1]])
            items = items[: line - 1] + items[line:]
        middle = (len(items) + 1) // 2
        for half in (items[:middle], items[middle:]):
            if half:
                self.send(half)

    def run(self) -> None:
        """Rounds until nothing more can be sent: a record's next item waits for the outcome of the one before it.

        Raises Altered before anything of a round leaves when the releases it sends of are not what was frozen and approved.
        """
        self.settle_doubts()
        for _ in range(1000):
            items = [item for item in outbox.sendable(self.receiver.id) if item.item_id not in self.left_out]
            if not items:
                return
            if altered := outbox.altered(items):
                raise Altered(altered)
            before = sum(self.counts[name] for name in (ItemState.ACCEPTED, ItemState.REJECTED))
            for _, group in groupby(items, key=lambda item: (item.operation == Operation.DEL, item.interface)):
                batch = list(group)
                for start in range(0, len(batch), self.receiver.batch_size):
                    self.send(batch[start : start + self.receiver.batch_size])
            self.settle_doubts()
            if sum(self.counts[name] for name in (ItemState.ACCEPTED, ItemState.REJECTED)) == before:
                return


def run(run: Run, receiver: str = "city") -> Delivered:
    """Send everything that is released and open. Raises UserError (code 5) when the receiver cannot be reached.

    Raises Busy while another delivery to this receiver runs.
    """
    found = load_catalogue().receiver(receiver)
    with (
        locks.alone("sender", locks.delivery(receiver), "报送", run.holder),
        step(run, "sender", StepName.DELIVER) as record,
    ):
        adapter = adapter_for(found, run.on)
        deliverer = Deliverer(run, found, adapter)
        try:
            deliverer.run()
        except Altered:
            record.owner = "data_engineer"
            raise
        except NotTaken as error:
            record.owner = "city"
            raise UserError(
                f"{error}，未完成的记录留待下次报送。", remedy="任务会自动续报；持续失败时联系市平台。", code=5
            ) from None
        finally:
            record.counts = dict(deliverer.counts)
            if deliverer.left_out:
                record.counts["left_out"] = len(deliverer.left_out)
            adapter.close()
        accepted, rejected = deliverer.counts[ItemState.ACCEPTED], deliverer.counts[ItemState.REJECTED]
        unknown = len(outbox.in_doubt(receiver))
        record.message = f"报送 {accepted + rejected:,} 条：接收 {accepted:,}，拒收 {rejected:,}" + (
            f"，结果不明 {unknown:,}" if unknown else ""
        )
        if left := sorted(deliverer.left_out):
            record.message += f"；保险库中取不出号码，未报送 {len(left):,} 条（出站条目 {'、'.join(map(str, left[:5]))}{'等' if left[5:] else ''}）"
            record.message += f"：{deliverer.without_key}" if deliverer.without_key else ""
        if plain := unencrypted(found, run.on):
            record.message += f"；{plain}"
        record.verdict = (
            Verdict.WARNING if unknown or rejected or left else (Verdict.OK if accepted else Verdict.NOTHING_DUE)
        )
        record.owner = "data_engineer" if left else "department" if rejected else ""
        return Delivered(accepted, rejected, unknown, record.message)
