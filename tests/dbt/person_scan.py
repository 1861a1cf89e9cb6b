"""Scan every schema for what must not exist about natural persons (requirements L).

A relation speaks of persons when a column is named like a person's number or token, or holds a token. Such a relation may
carry no score, grade, rank, level, count or sum, and each of its rows must be one fact (a record or a delivered row), not a
person. Definitions of views and models may not gather, rank or number by person.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

PERSON_COLUMN = re.compile(r"(^|_)(person_ref|person_id|person|id_no|id_number|subject_ref|token)$")
TOKEN = r"^P[A-Z2-7]{26}$"
MEASURE = re.compile(
    r"(^|_)(scores?|grades?|ranks?|ranking|ratings?|levels?|points?|counts?|counted|sums?|totals?|records|penalties|breaches|"
    r"violations|number_of|amount_total|average|avg|percentile|share|rate|risk|credit_class)(_|$)|分数|评分|等级|排名|次数|条数|合计"
)
FACT = ({"record_id"}, {"batch_seq", "row_no"}, {"batch_seq", "attempt", "row_no"})

# What is allowed although it looks forbidden, each with its reason.
ALLOWED_COLUMNS = {
    "version_count": "versions of one record, not records of a person",
    "delivery_count": "deliveries of one record",
    "grade": "raw and staged ratings are organisations' only; a variant for persons does not exist",
}
ALLOWED_RELATIONS = {
    "vault.secret": "the vault itself: token and ciphertext of one number",
    "ledger.purged_token": "tokens whose rows have gone, until the vault lets go of the number; nothing else is said of them",
    "ledger.access_log": "who looked at whose record and why; requirements L ask for it",
}
_GATHERS = re.compile(r"(group\s+by|partition\s+by)[^;]{0,200}?\b\w*\.?(person_ref|id_no)\b", re.IGNORECASE)
_ORDERS = re.compile(r"order\s+by\s+(\w+\.)?(person_ref|id_no)\b", re.IGNORECASE)
_COLUMNS = """
    select n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod), c.relkind
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, a.attnum"""
_KEYS = """
    select i.indrelid::regclass::text, array_agg(a.attname::text)
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
    where i.indisunique and n.nspname !~ '^pg_' group by i.indexrelid, i.indrelid"""


def _holds_tokens(connection: psycopg.Connection, relation: str, columns: list[str]) -> set[str]:
    """Columns of a relation that hold a token, whatever they are called."""
    if not columns:
        return set()
    tests = ", ".join(f'coalesce(bool_or("{column}" ~ %(token)s), false)' for column in columns)
    row = connection.execute(f"select {tests} from {relation}", {"token": TOKEN}).fetchone()
    return {column for column, found in zip(columns, row, strict=True) if found}


def about_persons(connection: psycopg.Connection) -> dict[str, tuple[set[str], list[str]]]:
    """Relations that speak of persons: their person columns and all columns."""
    relations: dict[str, list[tuple[str, str]]] = {}
    for relation, column, kind, _ in connection.execute(_COLUMNS):
        relations.setdefault(relation, []).append((column, kind))
    result = {}
    for relation, columns in relations.items():
        named = {column for column, _ in columns if PERSON_COLUMN.search(column)}
        others = [column for column, kind in columns if kind in ("text", "character varying") and column not in named]
        found = named | _holds_tokens(connection, relation, others)
        if found:
            result[relation] = found, [column for column, _ in columns]
    return result


def findings(connection: psycopg.Connection) -> list[str]:
    """Everything that must not be there, as sentences; empty when the warehouse keeps the limits."""
    problems = []
    spoken = about_persons(connection)
    for relation, (person, columns) in spoken.items():
        if relation in ALLOWED_RELATIONS:
            continue
        problems += [
            f"{relation}.{column}: a measure beside {sorted(person)}"
            for column in columns
            if MEASURE.search(column) and column not in ALLOWED_COLUMNS
        ]
        if not any(fact <= set(columns) for fact in FACT):
            problems.append(f"{relation}: rows about persons that are not facts (no record, no delivered row)")
    for relation, key in connection.execute(_KEYS):
        name = relation if "." in relation else f"public.{relation}"
        if name in spoken and name not in ALLOWED_RELATIONS and set(key) <= spoken[name][0]:
            problems.append(f"{name}: keyed by person ({', '.join(key)})")
    for schema, view, definition in connection.execute(
        "select schemaname, viewname, definition from pg_views where schemaname !~ '^(pg_|information_schema)' union all "
        "select schemaname, matviewname, definition from pg_matviews"
    ):
        problems += [f"{schema}.{view}: {problem}" for problem in gathers(definition)]
    return sorted(problems)


def gathers(sql: str) -> list[str]:
    """Where a statement gathers, ranks or orders by person."""
    plain = re.sub(r"--[^\n]*|\{#.*?#\}", " ", sql, flags=re.DOTALL)
    return [
        f"gathers or orders by person: {' '.join(match.group(0).split())[:80]}"
        for pattern in (_GATHERS, _ORDERS)
        for match in pattern.finditer(plain)
    ]


def models(folder: Path) -> list[str]:
    """The same for the project's models and macros."""
    return [
        f"{path.name}: {problem}"
        for path in sorted(folder.rglob("*.sql"))
        for problem in gathers(path.read_text(encoding="utf-8"))
    ]
