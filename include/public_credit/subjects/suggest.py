"""Suggest organisations that may be one: by name, address and legal representative. Fills the work list, merges nothing.

Two organisations with a 统一社会信用代码 each, both alive, are two; so at least one of a pair has none or has ended. Such
pairs are compared where they share a name, an address or a legal representative, and suggested when two of the three
agree, or the name alone does.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import text

from ..base.run import Run
from ..ledger.locks import lock
from ..ledger.session import session, written
from ..ledger.states import Decision, Topic, WorkState, sql
from .register import copy

ALIKE = 0.7  # share of common letter pairs from which on two names are alike
LARGEST_BLOCK = 50  # an address or a representative that more subjects share says nothing


@dataclass(frozen=True, slots=True)
class Described:
    """What is compared of an organisation."""

    subject_id: str
    uscc: str
    alive: bool
    name: str
    address: str
    representative: str


def likeness(left: str, right: str) -> float:
    """Dice coefficient of the letter pairs of two folded names."""
    first, second = ({name[at : at + 2] for at in range(len(name) - 1)} for name in (left, right))
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else float(left == right)


def pairs(found: Iterable[Described]) -> Iterator[tuple[Described, Described, float, list[str]]]:
    """Pairs worth a look, with the likeness of their names and what else they share."""
    blocks: dict[tuple[str, str], list[Described]] = defaultdict(list)
    for item in found:
        for field in ("name", "address", "representative"):
            if getattr(item, field):
                blocks[field, getattr(item, field)].append(item)
    seen = set()
    for block in blocks.values():
        if not 1 < len(block) <= LARGEST_BLOCK:
            continue
        for left, right in combinations(sorted(block, key=lambda item: item.subject_id), 2):
            pair = left.subject_id, right.subject_id
            if pair in seen or (left.uscc and right.uscc and left.alive and right.alive):
                continue
            seen.add(pair)
            same = [
                field
                for field in ("address", "representative")
                if getattr(left, field) and getattr(left, field) == getattr(right, field)
            ]
            alike = likeness(left.name, right.name)
            if alike == 1 or len(same) == 2 or (same and alike >= ALIKE):
                yield left, right, alike, same


def suggest(run: Run) -> dict[str, int]:
    """Open an item per pair that is new, close those that are no longer suggested."""
    with session("builder") as opened:
        lock(opened, "resolve")
        found = [
            Described(
                row.subject_id,
                row.uscc,
                row.state == "存续" and not row.gone,
                row.name_key,
                row.address,
                row.legal_rep_name,
            )
            for row in opened.execute(
                text("select subject_id, uscc, state, gone, name_key, address, legal_rep_name from subjects.subject")
            )
        ]
        settled = {
            (min(pair), max(pair))
            for pair in opened.execute(
                text(f"""
            select l.subject_id, r.subject_id from subjects.judged j
            join subjects.identifier l on l.scheme || ':' || l.value = j.left_key
            join subjects.identifier r on r.scheme || ':' || r.value = j.right_key
            where j.decision = {sql(Decision.DIFFERENT)} and l.subject_id is not null and r.subject_id is not null
            union select old_subject_id, new_subject_id from subjects.succession""")
            ).tuples()
        }
        wanted = [
            (
                f"{left.subject_id}|{right.subject_id}",
                json.dumps(
                    {"usccs": sorted({left.uscc, right.uscc} - {""}), "name_likeness": round(alike, 2), "same": same}
                ),
            )
            for left, right, alike, same in pairs(found)
            if (left.subject_id, right.subject_id) not in settled
        ]
        opened.execute(text("create temp table suggested (key text, detail jsonb) on commit drop"))
        copy(opened, "suggested", wanted)
        closed = written(
            opened.execute(
                text(f"""
            update subjects.work_item i set state = {sql(WorkState.DONE)}, closed_on = :on
            where i.topic = {sql(Topic.POSSIBLE_DUPLICATE)} and i.state = {sql(WorkState.OPEN)}
              and not exists (select 1 from suggested s where s.key = i.key)"""),
                {"on": run.on},
            )
        )
        added = written(
            opened.execute(
                text(f"""
            insert into subjects.work_item (topic, key, reason, detail, opened_on)
            select {sql(Topic.POSSIBLE_DUPLICATE)}, key, 'alike', detail, :on from suggested
            on conflict (topic, key) do update set detail = excluded.detail, state = {sql(WorkState.OPEN)}, closed_on = null,
                opened_on = case when work_item.state = {sql(WorkState.OPEN)} then work_item.opened_on else excluded.opened_on end
            where work_item.state = {sql(WorkState.DONE)} or work_item.detail is distinct from excluded.detail"""),
                {"on": run.on},
            )
        )
        return {"suggested": len(wanted), "opened": added, "closed": closed}
