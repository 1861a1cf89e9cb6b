"""States, steps and outcomes are spelled once, in ``ledger.states``; the database, the code and the words agree with it."""

from __future__ import annotations

import ast
import re
from enum import StrEnum
from typing import Any

import pytest
from public_credit.ledger import states, words
from public_credit.ledger.models import Base
from public_credit.papers import policy as policies

from tests.conftest import CHECKOUT

ENUMS = [
    found for found in vars(states).values() if isinstance(found, type) and issubclass(found, StrEnum) and list(found)
]
PRODUCT = CHECKOUT / "include" / "public_credit"
# What holds such a value: columns of the ledger, and attributes and variables called like them.
PLACES = ("state", "verdict", "outcome", "operation", "decision", "topic", "event", "batch_state", "quarantine_state")
SPELLED = {str(member) for enum in ENUMS for member in enum}
OTHERS = {("deliver/reconcile.py", "held")}  # a receiver's word for what it holds


def _constants(node: ast.AST) -> list[ast.Constant]:
    """The texts a node may be worth: of a literal, a tuple, either branch of a condition."""
    if isinstance(node, ast.Constant):
        return [node] if isinstance(node.value, str) else []
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [found for item in node.elts for found in _constants(item)]
    if isinstance(node, ast.IfExp):
        return _constants(node.body) + _constants(node.orelse)
    return []


def _named(node: ast.AST) -> bool:
    """Whether a node is called like something that holds a state: ``batch.state``, ``row["state"]``, ``state``."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in PLACES
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in PLACES


IN_SQL = re.compile(rf"\b(?:\w+\.)?(?:{'|'.join(PLACES)})\s*(?:=|<>|in\s*\(|not in\s*\()\s*'(\w+)'")


def spelled(source: str) -> list[tuple[int, str]]:
    """(line, text) of every state that is spelled out where one is compared, set, passed or asked for in SQL."""
    found: list[ast.Constant] = []
    texts: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(map(_named, (node.left, *node.comparators))):
            found += [item for side in (node.left, *node.comparators) for item in _constants(side)]
        elif isinstance(node, ast.Call):
            found += [item for word in node.keywords if word.arg in PLACES for item in _constants(word.value)]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "in_" and _named(node.func.value):
                found += [item for given in node.args for item in _constants(given)]
            if isinstance(node.func, ast.Name) and node.func.id == "step":
                found += _constants(node.args[2])
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = (
                    zip(target.elts, node.value.elts, strict=True)
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                    else [(target, node.value)]
                )
                found += [item for place, value in pairs if _named(place) for item in _constants(value)]
        elif isinstance(node, ast.Dict) and len(node.keys) > 1:
            keys = {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
            texts += [(node.lineno, "、".join(keys)) for enum in ENUMS if keys and keys <= set(map(str, enum))]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts += [
                (node.lineno + node.value[: hit.start()].count("\n"), hit.group(1))
                for hit in IN_SQL.finditer(node.value)
                if hit.group(1) in SPELLED
            ]
    return sorted({*texts, *((item.lineno, str(item.value)) for item in found if item.value in SPELLED)})


def test_no_state_is_spelled_outside_its_enum() -> None:
    found = [
        f"{path.relative_to(PRODUCT)}:{line} {text}"
        for path in sorted(PRODUCT.rglob("*.py"))
        if "migrations" not in path.parts and path.name != "states.py"
        for line, text in spelled(path.read_text(encoding="utf-8"))
        if (str(path.relative_to(PRODUCT)), text) not in OTHERS
    ]
    assert found == [], "use the member of ledger.states"


@pytest.mark.parametrize(
    "planted",
    [
        'if batch.state == "held": pass',
        'if row["state"] in ("held", "failed"): pass',
        'batch.state, batch.message = "failed", message',
        'Step(verdict="ok" if done else "nothing_due")',
        'query.where(Batch.state.in_(("received", "broken")))',
        'with step(run, "collector", "land") as record: pass',
        "text(\"select 1 from ledger.batch b where b.state = 'held'\")",
        "text(f\"select {one} from ledger.batch where state not in ('held', 'failed')\")",
        'WORDS = {"held": "扣留", "failed": "出错"}',
    ],
)
def test_a_spelled_state_is_found(planted: str) -> None:
    assert spelled(planted)


CONSTRAINTS = {
    ("batch", "state"): states.BatchState,
    ("attempt", "state"): states.AttemptState,
    ("step", "verdict"): states.Verdict,
    ("row_outcome", "outcome"): states.Outcome,
    ("quarantine", "state"): states.QuarantineState,
    ("correction_case", "reason"): states.CaseReason,
    ("correction_case", "state"): states.CaseState,
    ("build", "state"): states.BuildState,
    ("build_input", "operation"): states.InputOperation,
    ("release", "state"): states.ReleaseState,
    ("delivery_state", "state"): states.ItemState,
    ("delivery_item", "operation"): states.Operation,
    ("edition", "state"): states.EditionState,
    ("edition", "kind"): states.EditionKind,
    ("approval", "state"): states.ApprovalState,
    ("approval", "action"): states.Irreversible,
    ("report", "kind"): states.ReportKind,
    ("report_paper", "form"): states.PaperForm,
    ("judgement", "decision"): states.Decision,
    ("chain_event", "operation"): states.ChainOperation,
    ("raw_digest", "reason"): states.DigestReason,
    ("subject", "subject_class"): states.SubjectClass,
    ("alias", "reason"): states.PastId,
    ("succession", "kind"): states.Conversion,
    ("work_item", "topic"): states.Topic,
    ("work_item", "state"): states.WorkState,
    ("target_unit", "role"): states.UnitRole,
    ("session", "role"): states.Audience,
    ("session", "channel"): states.Channel,
    ("login_attempt", "outcome"): states.SignIn,
}


def test_the_database_allows_what_the_enums_name(warehouse) -> None:
    with warehouse.connect() as connection:
        found = {
            (table, name.removeprefix(f"ck_{table}_")): set(re.findall(r"'(\w+)'", definition))
            for table, name, definition in connection.execute(
                "select c.relname, k.conname, pg_get_constraintdef(k.oid) from pg_constraint k join pg_class c on c.oid = k.conrelid "
                "join pg_namespace n on n.oid = c.relnamespace where k.contype = 'c' and n.nspname in ('ledger', 'subjects', 'desk')"
            )
        }
    assert {place: found.get(place) for place in CONSTRAINTS} == {
        place: set(map(str, enum)) for place, enum in CONSTRAINTS.items()
    }
    listed = {place for place, values in found.items() if values and place[1] in {column for _, column in CONSTRAINTS}}
    assert listed <= set(CONSTRAINTS), "a listed column without its enum here"
    assert {table.name for table in Base.metadata.tables.values()} >= {table for table, _ in CONSTRAINTS}


def test_every_state_has_a_word_and_no_two_the_same() -> None:
    silent = {  # what no page, command or message names by itself
        states.AttemptState,
        states.BuildState,
        states.InputOperation,
        states.ReportKind,
        states.PaperForm,
        states.Conversion,
        states.WorkState,
        states.UnitRole,
        states.Channel,
    }
    told = {}
    for name, vocabulary in words.VOCABULARIES.items():
        enum: Any
        (enum,) = {type(member) for member in vocabulary}
        assert list(vocabulary) == list(enum) or set(vocabulary) == set(enum), f"{name} lacks a word"
        assert len(set(vocabulary.values())) == len(vocabulary), f"{name} tells two states by one word"
        assert all(re.fullmatch(r"[\u4e00-\u9fff]+", word) for word in vocabulary.values()), name
        told[enum] = vocabulary
    assert set(told) == set(ENUMS) - silent


def test_lists_are_told_in_the_mart_as_in_reports() -> None:
    """``mart_lists__entry`` writes its words in SQL; they are those of the reports' vocabulary."""
    path = CHECKOUT / "dbt_project" / "models" / "lists" / "mart_lists__entry.sql"
    text = path.read_text(encoding="utf-8")
    ended, of_debtors, of_others = re.findall(
        r"when 'ended' then (case kind when 'judgment_debtor' then '(\w+)' else '(\w+)' end)", text
    )[0]
    found = dict(re.findall(r"when '(\w+)' then '([\u4e00-\u9fff]+)'", text.replace(ended, f"'{of_others}'")))
    told = policies.load().states_of("breach_list").words
    shown = {state: word for state, word in told.items() if state in found}
    assert found == {str(state): word for state, word in shown.items()} and len(found) >= 5
    debtors = policies.load().states_of("judgment_debtor").words
    assert {str(state): word for state, word in debtors.items() if state in found} == found | {"ended": of_debtors}


def test_words_of_states_stand_in_the_vocabulary_only() -> None:
    """No module keeps a dictionary of its own from states to words."""
    own = []
    for path in sorted(PRODUCT.rglob("*.py")):
        if path.name == "words.py" or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict) and len(node.keys) > 1:
                keys = [ast.unparse(key) for key in node.keys if key is not None]
                spoken = [
                    value
                    for value in node.values
                    if isinstance(value, ast.Constant) and re.search("[\u4e00-\u9fff]", str(value.value))
                ]
                if len(spoken) == len(keys) and all(
                    key.split(".")[0] in {enum.__name__ for enum in ENUMS} for key in keys
                ):
                    own.append(f"{path.relative_to(PRODUCT)}:{node.lineno}")
    assert own == []
