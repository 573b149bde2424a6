"""What a GraphQL operation costs, and the bucket of points every shop has.

The model agrees with recorded Shopify answers: an object costs 1 and so does a plain list of objects, however long;
money and page information cost nothing, a count costs 10; a connection costs 2 and its node's cost times a factor
that grows much slower than its length; a mutation costs 10, the objects right inside its payload nothing.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

LARGEST_QUERY = 1_000
BUCKET = 2_000
RESTORED_PER_SECOND = 100

MUTATION_COST = 10
COUNT_COST = 10
CONNECTION_COST = 2
# (up to this many nodes, the node's cost counts so many times)
FACTORS = ((1, 1), (2, 1), (3, 2), (5, 3), (10, 4), (20, 5), (50, 7), (100, 9), (200, 10), (250, 11))
FREE_TYPES = {"MoneyBag", "MoneyV2", "PageInfo"}

Composite = GraphQLObjectType | GraphQLInterfaceType
Selections = dict[str, list[FieldNode]]

# Stands for "not executed yet": the cost is then reckoned from the arguments.
UNKNOWN = object()


class Cost:
    """Reckons one operation: before it runs from its arguments, after it ran from what it returned."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: dict[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._operation = operation
        defaults = {
            one.variable.name.value: value_from_ast_untyped(one.default_value)
            for one in operation.variable_definitions or ()
            if one.default_value is not None
        }
        self._variables = {**defaults, **variables}

    def requested(self) -> int:
        """Points asked for: every connection is thought full, every object there."""
        return self._operation_cost(UNKNOWN)

    def actual(self, data: Any) -> int:
        """Points used by an answer's ``data``."""
        return self._operation_cost(data)

    def _operation_cost(self, data: Any) -> int:
        root = self._schema.get_root_type(self._operation.operation)
        assert root is not None
        if self._operation.operation.value == "mutation":
            return sum(
                MUTATION_COST + self._payload(nodes, _child(data, key), _type_of(root, nodes))
                for key, nodes in self._fields([self._operation.selection_set], root)
                if _known(root, nodes)
            )
        return self._inside([self._operation.selection_set], root, data)

    def _payload(self, nodes: list[FieldNode], data: Any, payload: Composite | None) -> int:
        if payload is None:
            return 0
        total = 0
        for key, inner in self._fields(_sets(nodes), payload):
            kind = _type_of(payload, inner)
            if kind is not None and not kind.name.endswith("UserError") and kind.name != "UserError":
                found = _child(data, key)
                ones = found if isinstance(found, list) else [found]
                total += max((self._inside(_sets(inner), kind, one) for one in ones), default=0)
        return total

    def _inside(self, sets: list[SelectionSetNode], parent: Composite, data: Any) -> int:
        return sum(self._field(nodes, parent, _child(data, key)) for key, nodes in self._fields(sets, parent))

    def _field(self, nodes: list[FieldNode], parent: Composite, data: Any) -> int:
        kind = _type_of(parent, nodes)
        if kind is None or kind.name in FREE_TYPES or data is None or data == []:
            return 0
        if kind.name == "Count":
            return COUNT_COST
        if kind.name.endswith("Connection"):
            return self._connection(nodes, kind, data)
        if isinstance(data, list):
            return 1 + max(self._inside(_sets(nodes), kind, one) for one in data)
        return 1 + self._inside(_sets(nodes), kind, data)

    def _connection(self, nodes: list[FieldNode], kind: Composite, data: Any) -> int:
        length = self._first(nodes) if data is UNKNOWN else 0
        node_cost = 0
        for key, inner in self._fields(_sets(nodes), kind):
            name = inner[0].name.value
            if name not in ("nodes", "edges"):
                continue
            inner_kind = _type_of(kind, inner)
            assert inner_kind is not None
            found = _child(data, key)
            ones = [UNKNOWN] if found is UNKNOWN else found or []
            length = length if found is UNKNOWN else max(length, len(ones))
            extra = 1 if name == "nodes" else 0
            node_cost = max([node_cost, *(extra + self._inside(_sets(inner), inner_kind, one) for one in ones)])
        return CONNECTION_COST + _factor(length) * node_cost

    def _first(self, nodes: list[FieldNode]) -> int:
        for argument in nodes[0].arguments or ():
            if argument.name.value == "first":
                value = value_from_ast_untyped(argument.value, self._variables)
                return value if isinstance(value, int) else 0
        return 0

    def _fields(self, sets: list[SelectionSetNode], parent: Composite) -> Iterator[tuple[str, list[FieldNode]]]:
        found: Selections = {}
        for one in sets:
            self._collect(one, parent, found)
        return iter(found.items())

    def _collect(self, selections: SelectionSetNode, parent: Composite, found: Selections) -> None:
        for one in selections.selections:
            if isinstance(one, FieldNode):
                found.setdefault(one.alias.value if one.alias else one.name.value, []).append(one)
            elif isinstance(one, InlineFragmentNode):
                self._collect(one.selection_set, parent, found)
            else:
                self._collect(self._fragments[one.name.value].selection_set, parent, found)  # type: ignore[attr-defined]


def _sets(nodes: list[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set]


def _known(parent: Composite, nodes: list[FieldNode]) -> bool:
    return nodes[0].name.value in parent.fields


def _type_of(parent: Composite, nodes: list[FieldNode]) -> Composite | None:
    field = parent.fields.get(nodes[0].name.value)
    kind = get_named_type(field.type) if field else None
    return kind if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else None


def _child(data: Any, key: str) -> Any:
    if data is UNKNOWN or data is None:
        return data
    return data.get(key)


def _factor(length: int) -> int:
    if length < 1:
        return 0
    return next((factor for most, factor in FACTORS if length <= most), FACTORS[-1][1])


@dataclass(slots=True)
class _Level:
    points: float
    at: float


class Buckets:
    """Points left per shop; ``restored`` come back each second, and a bucket holds those of twenty seconds."""

    def __init__(self) -> None:
        self.restored = RESTORED_PER_SECOND
        self._levels: dict[str, _Level] = {}
        self._lock = threading.Lock()

    def take(self, shop: str, points: int) -> bool:
        """Pay for a query beforehand; False, and nothing is taken, when there are too few points."""
        with self._lock:
            level = self._filled(shop)
            if level.points < points:
                return False
            level.points -= points
            return True

    def give_back(self, shop: str, points: int) -> None:
        """What a query asked for and did not use."""
        with self._lock:
            level = self._filled(shop)
            level.points = min(self._size, level.points + points)

    def status(self, shop: str) -> dict[str, int]:
        """``throttleStatus`` as every answer carries it."""
        with self._lock:
            left = int(self._filled(shop).points)
        return {"maximumAvailable": self._size, "currentlyAvailable": left, "restoreRate": self.restored}

    @property
    def _size(self) -> int:
        return BUCKET * self.restored // RESTORED_PER_SECOND

    def _filled(self, shop: str) -> _Level:
        moment = time.monotonic()
        level = self._levels.setdefault(shop, _Level(self._size, moment))
        level.points = min(self._size, level.points + (moment - level.at) * self.restored)
        level.at = moment
        return level
