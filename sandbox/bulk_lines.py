"""A bulk query's result, line by line: every node of a connection is a JSON object of its own.

Written out by hand instead of executed by graphql-core, which wants a whole answer in memory and checks every value
of a hundred thousand orders against types they were made for.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    parse,
)
from graphql.execution.values import get_argument_values

from sandbox.access import Access
from sandbox.bulk_checks import Fragments, fragments_of, operation_of
from sandbox.connections import MOST

# Arguments that page; a bulk query has all pages.
PAGING = ("first", "last", "after", "before")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the result (without its end); ``depth`` is 0 for a root object."""

    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class _Info:
    """As much of GraphQLResolveInfo as the resolvers here read."""

    context: Access
    field_name: str


@dataclass(slots=True)
class _Chosen:
    """One field of one type, made ready: what to read and what to do with it."""

    key: str
    name: str
    info: _Info
    given: dict[str, Any]
    guard: Callable[..., Any] | None
    kind: GraphQLObjectType | GraphQLInterfaceType | None
    sets: list[SelectionSetNode]
    is_list: bool

    @property
    def is_connection(self) -> bool:
        """Whether its nodes become lines."""
        return self.kind is not None and self.kind.name.endswith("Connection")

    def read(self, source: Any) -> Any:
        """The field's value of one object."""
        if self.guard is not None:
            return self.guard(source, self.info, **self.given)
        value = source.get(self.name)
        return value(self.info, **self.given) if callable(value) else value


class Lines:
    """The lines of one bulk query that was found to be in order."""

    def __init__(self, schema: GraphQLSchema, query: str, access: Access) -> None:
        document = parse(query)
        operation = operation_of(document)
        assert operation is not None
        self._schema = schema
        self._access = access
        self._fragments: Fragments = fragments_of(document)
        self._sets = [operation.selection_set]
        self._plans: dict[tuple[int, str], list[_Chosen]] = {}

    def of(self, root: Any) -> Iterator[Line]:
        """All lines, each parent before its children; raises GraphQLError where access is denied."""
        assert self._schema.query_type is not None
        for chosen in self._plan(self._sets, self._schema.query_type):
            if chosen.is_connection:
                yield from self._connection(chosen, chosen.guard or root[chosen.name], root, None, 0)
            elif chosen.kind is not None and (found := chosen.read(root)) is not None:
                yield from self._node(chosen.sets, chosen.kind, found, None, 0)

    def _connection(self, chosen: _Chosen, value: Any, source: Any, parent: str | None, depth: int) -> Iterator[Line]:
        assert chosen.kind is not None
        node_kind, sets = self._node_of(chosen)
        for node in _pages(chosen, value, source):
            yield from self._node(sets, node_kind, node, parent, depth)

    def _node(
        self, sets: list[SelectionSetNode], kind: Any, source: Any, parent: str | None, depth: int
    ) -> Iterator[Line]:
        nested: list[tuple[_Chosen, Any]] = []
        line = self._shown(sets, kind, source, nested)
        if parent is not None:
            line["__parentId"] = parent
        yield Line(depth, json.dumps(line, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/"))
        for chosen, inner in nested:
            value = chosen.guard or inner.get(chosen.name)
            yield from self._connection(chosen, value, inner, line["id"], depth + 1)

    def _shown(
        self, sets: list[SelectionSetNode], kind: Any, source: Any, nested: list[tuple[_Chosen, Any]]
    ) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for chosen in self._plan(sets, self._concrete(kind, source)):
            if chosen.is_connection:
                nested.append((chosen, source))
            elif chosen.kind is None:
                shown[chosen.key] = chosen.read(source) if chosen.name != "__typename" else self._name(kind, source)
            else:
                value = chosen.read(source)
                if value is not None and chosen.is_list:
                    value = [self._shown(chosen.sets, chosen.kind, one, nested) for one in value]
                elif value is not None:
                    value = self._shown(chosen.sets, chosen.kind, value, nested)
                shown[chosen.key] = value
        return shown

    def _node_of(self, connection: _Chosen) -> tuple[Any, list[SelectionSetNode]]:
        assert connection.kind is not None
        for edges in self._plan(connection.sets, connection.kind):
            for node in self._plan(edges.sets, edges.kind) if edges.name == "edges" else ():
                if node.name == "node":
                    return node.kind, node.sets
        raise LookupError(f"{connection.key} selects no edges {{ node }}")

    def _plan(self, sets: list[SelectionSetNode], kind: Any) -> list[_Chosen]:
        key = (id(sets[0]), kind.name)
        known = self._plans.get(key)
        if known is None:
            found: dict[str, list[FieldNode]] = {}
            for one in sets:
                self._collect(one, kind, found)
            known = self._plans[key] = [self._chosen(name, nodes, kind) for name, nodes in found.items()]
        return known

    def _chosen(self, key: str, nodes: list[FieldNode], kind: Any) -> _Chosen:
        name = nodes[0].name.value
        info = _Info(self._access, name)
        definition = kind.fields.get(name)
        if definition is None:  # __typename
            return _Chosen(key, name, info, {}, None, None, [], False)
        given = get_argument_values(definition, nodes[0])
        below = get_named_type(definition.type)
        composite = below if isinstance(below, GraphQLObjectType | GraphQLInterfaceType) else None
        if composite is not None and composite.name.endswith("Connection"):
            given = {argument: value for argument, value in given.items() if argument not in PAGING}
        outer = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
        sets = [node.selection_set for node in nodes if node.selection_set]
        return _Chosen(key, name, info, given, definition.resolve, composite, sets, isinstance(outer, GraphQLList))

    def _collect(self, selections: SelectionSetNode, kind: Any, found: dict[str, list[FieldNode]]) -> None:
        for one in selections.selections:
            if isinstance(one, FieldNode):
                found.setdefault(one.alias.value if one.alias else one.name.value, []).append(one)
                continue
            part = one if isinstance(one, InlineFragmentNode) else self._fragments[one.name.value]  # type: ignore[attr-defined]
            wanted = part.type_condition.name.value if part.type_condition else kind.name
            if wanted == kind.name or any(above.name == wanted for above in kind.interfaces):
                self._collect(part.selection_set, kind, found)

    def _concrete(self, kind: Any, source: Any) -> Any:
        return kind if isinstance(kind, GraphQLObjectType) else self._schema.type_map[source["__typename"]]

    def _name(self, kind: Any, source: Any) -> str:
        return str(self._concrete(kind, source).name)


def _pages(chosen: _Chosen, value: Any, source: Any) -> Iterator[Any]:
    after: str | None = None
    while value is not None:
        paging = {**chosen.given, "first": MOST, "after": after}
        if chosen.guard is not None:
            page = chosen.guard(source, chosen.info, **paging)
        else:
            page = value(chosen.info, **paging) if callable(value) else value
        if page is None:
            return
        yield from (edge["node"] for edge in page["edges"])
        if not callable(value) or not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
