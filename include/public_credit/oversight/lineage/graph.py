"""Columns and what each is made from, as dbt's compiled models say it; no column is named by hand.

A *relation* is ``schema.name``; a column of it is ``schema.name.column``, and ``schema.name.*`` its rows: what a count counts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

ROWS = "*"
DIALECT = "postgres"
_COUNTED = (exp.AggFunc, exp.Window)


@dataclass(frozen=True)
class Made:
    """How a column of a model is made: its SQL, without the names of relations, and the columns it is made from.

    No sources: a constant of the project.
    """

    by: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """All columns of all models; what is named in ``sources`` and not in ``made`` comes from outside dbt: raw, ledger, subjects, seeds."""

    made: Mapping[str, Made]

    @cached_property
    def used(self) -> dict[str, list[str]]:
        """Column → columns made from it, in order of their names."""
        found: dict[str, list[str]] = defaultdict(list)
        for column, made in sorted(self.made.items()):
            for source in made.sources:
                found[source].append(column)
        return dict(found)

    def names(self) -> set[str]:
        """All columns, those from outside included."""
        return {*self.made, *self.used}

    def towards(self, column: str, down: bool = False) -> list[str]:
        """What a column is made from (``down``: what is made from it), next ones only."""
        if down:
            return self.used.get(column, [])
        return list(self.made[column].sources) if column in self.made else []

    def ends(self, column: str, down: bool = False) -> list[str]:
        """Where all ways from a column end, in order of their names."""
        seen, left, ends = {column}, [column], []
        while left:
            one = left.pop()
            following = self.towards(one, down)
            if not following and one != column:
                ends.append(one)
            for name in following:
                if name not in seen:
                    seen.add(name)
                    left.append(name)
        return sorted(ends)

    def to_json(self) -> str:
        """The graph as a text that ``from_json`` reads."""
        return json.dumps({name: [made.by, *made.sources] for name, made in self.made.items()}, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Graph:
        """The graph of a text of ``to_json``."""
        return Graph({name: Made(by, tuple(sources)) for name, (by, *sources) in json.loads(text).items()})


def derive(models: Mapping[str, str], columns: Mapping[str, Iterable[str]]) -> Graph:
    """The graph of models (relation → compiled SELECT) over relations with known columns (raw, ledger, subjects, seeds).

    Raises sqlglot's error where a model is no SELECT that can be read.
    """
    trees = {relation: _without_database(sqlglot.parse_one(sql, dialect=DIALECT)) for relation, sql in models.items()}
    schema: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for relation, names in columns.items():
        _add(schema, relation, names)
    made: dict[str, Made] = {}
    for relation in _in_order({name: _relations(tree) & trees.keys() for name, tree in trees.items()}):
        tree = qualify(
            trees[relation], schema=dict(schema), dialect=DIALECT, validate_qualify_columns=False, identify=False
        )
        assert isinstance(tree, exp.Query)
        _add(schema, relation, tree.named_selects)
        scope = build_scope(tree)
        for name in tree.named_selects:
            node = lineage(name, tree, {}, dialect=DIALECT, scope=scope, trim_selects=False)
            assert isinstance(node, Node)
            made[f"{relation}.{name}"] = _made(node, name, relation)
    return Graph(made)


def _without_database(tree: Any) -> Any:
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    return tree


def _relations(tree: Any) -> set[str]:
    return {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}


def _add(schema: dict[str, dict[str, dict[str, str]]], relation: str, names: Iterable[str]) -> None:
    place, _, name = relation.partition(".")
    schema[place][name] = dict.fromkeys(names, "text")


def _in_order(needs: Mapping[str, set[str]]) -> list[str]:
    """Every relation after those it reads; one that reads what an earlier build left of a later one stands before that."""
    begun: set[str] = set()
    done: list[str] = []

    def put(relation: str) -> None:
        begun.add(relation)
        for other in sorted(needs[relation] - begun):
            if other not in begun:
                put(other)
        done.append(relation)

    for relation in sorted(needs):
        if relation not in begun:
            put(relation)
    return done


def _made(node: Node, name: str, relation: str) -> Made:
    """How a column is made; rows of its own that an earlier build left are no source."""
    steps = [one for one in node.walk() if isinstance(one.expression, exp.Expr)]
    counted = any(one.expression.find(*_COUNTED) for one in steps if not isinstance(one.source, exp.Table))
    sources: set[str] = set()
    for one in steps:
        if one.downstream:
            continue
        if isinstance(one.source, exp.Table):
            sources.add(f"{one.source.db}.{one.source.name}.{_last(one.name)}")
        elif counted or one.expression.find(exp.Column, exp.TableColumn):  # rows, not a column of theirs
            sources |= {f"{relation}.{ROWS}" for relation in _relations(one.source)}
    others = {source for source in sources if source.rpartition(".")[0] != relation}
    return Made(_sql(node, name), tuple(sorted(others)))


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1].strip('"')


def _sql(node: Node, name: str) -> str:
    """The expressions on the way through the model's own steps, outermost first; a column handed on as it is says nothing."""
    steps: list[str] = []
    for one in node.walk():
        body = one.expression.unalias() if isinstance(one.expression, exp.Expr) else None
        handed_on = exp.Column | exp.Star | exp.Table | exp.Query
        if body is None or isinstance(body, handed_on) or isinstance(one.source, exp.Table):
            continue
        text = body.transform(_bare).sql(dialect=DIALECT, comments=False)
        if text not in steps:
            steps.append(text)
    return " ⟵ ".join(steps) or name


def _bare(part: Any) -> Any:
    return exp.column(part.name) if isinstance(part, exp.Column) else part
