"""Union-find over identifiers that keeps apart what a person judged to be different."""

from __future__ import annotations

from collections.abc import Iterable

from .nodes import Node


class Groups:
    """Disjoint groups of nodes; ``join`` refuses to bring a forbidden pair together."""

    def __init__(self, different: Iterable[tuple[Node, Node]] = ()):
        self._parent: dict[Node, Node] = {}
        self._apart: dict[Node, set[Node]] = {}  # root -> nodes that must not enter its group
        self._members: dict[Node, list[Node]] = {}
        self._different: dict[Node, set[Node]] = {}
        for left, right in different:
            self._different.setdefault(left, set()).add(right)
            self._different.setdefault(right, set()).add(left)

    def __contains__(self, item: Node) -> bool:
        return item in self._parent

    def add(self, item: Node) -> Node:
        """The root of a node, which becomes a group of its own when it is new."""
        if item not in self._parent:
            self._parent[item] = item
            self._members[item] = [item]
            self._apart[item] = self._different.get(item, set())
            return item
        return self.find(item)

    def find(self, item: Node) -> Node:
        """The representative of an item's group."""
        while self._parent[item] != item:
            self._parent[item] = item = self._parent[self._parent[item]]
        return item

    def forbidden(self, left: Node, right: Node) -> bool:
        """Whether the groups of two nodes were judged different."""
        first, second = self.add(left), self.add(right)
        if first == second or not (self._apart[first] or self._apart[second]):
            return False
        return any(item in self._apart[first] for item in self._members[second])

    def join(self, left: Node, right: Node) -> bool:
        """Make one group of two, unless that is forbidden; whether they are one now."""
        first, second = self.add(left), self.add(right)
        if first == second:
            return True
        if self.forbidden(first, second):
            return False
        if len(self._members[first]) < len(self._members[second]):
            first, second = second, first
        self._parent[second] = first
        self._members[first] += self._members.pop(second)
        self._apart[first] = self._apart[first] | self._apart.pop(second)
        return True

    def members(self) -> dict[Node, list[Node]]:
        """Root → nodes of its group."""
        return self._members
