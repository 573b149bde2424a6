"""What a bulk query must be before it is run, in Shopify's words (recorded answers of a live shop, 2026-04)."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    NoFragmentCyclesRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    parse,
    validate,
)

MOST_CONNECTIONS = 5
DEEPEST = 2

Fragments = dict[str, FragmentDefinitionNode]


def problems(schema: GraphQLSchema, query: str) -> list[str]:
    """Everything that is wrong with a bulk query; an empty list means it can run."""
    try:
        document = parse(query)
    except RecursionError:
        return ["Invalid bulk query: it is nested too deeply"]
    except GraphQLError as error:
        ended = "<EOF>" in error.message or not query.strip()
        return [f"Invalid bulk query: syntax error, unexpected {'end of file' if ended else error.message}"]
    operation = operation_of(document)
    if operation is None:
        return ["Invalid bulk query: it must contain exactly one operation"]
    if operation.operation is not OperationType.QUERY:
        return ["Invalid operation type. Only `query` operations are supported."]
    circles = validate(schema, document, [NoFragmentCyclesRule])
    if not circles:
        found = list(_shape_problems(schema, document, operation))
        if found:
            return found
    return [f"Invalid bulk query: {error.message}" for error in (circles or validate(schema, document))[:1]]


def operation_of(document: DocumentNode) -> OperationDefinitionNode | None:
    """The only operation of a document."""
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return found[0] if len(found) == 1 else None


def fragments_of(document: DocumentNode) -> Fragments:
    """Its fragments by name."""
    return {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}


def fields_of(sets: SelectionSetNode | None, fragments: Fragments, depth: int = 0) -> Iterator[FieldNode]:
    """The fields of a selection, fragments opened."""
    for one in sets.selections if sets and depth < 20 else ():
        if isinstance(one, FieldNode):
            yield one
        elif isinstance(one, FragmentSpreadNode):
            known = fragments.get(one.name.value)
            yield from fields_of(known.selection_set if known else None, fragments, depth + 1)
        else:
            yield from fields_of(one.selection_set, fragments, depth + 1)  # type: ignore[attr-defined]


def _shape_problems(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    shape = _Shape(fragments_of(document))
    for field in fields_of(operation.selection_set, shape.fragments):
        if field.name.value in ("node", "nodes"):
            yield f"Bulk queries cannot contain a top level `{field.name.value}` field."
        else:
            shape.look(field, schema.query_type, parent=None, depth=0, in_list=False)
    if not shape.connections:
        yield "Bulk queries must contain at least one connection."
    if shape.by_nodes:
        first, named = shape.by_nodes[0], "', '".join(shape.by_nodes)
        yield (
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g:"
            f" '{first} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. Invalid connection fields:"
            f" '{named}'."
        )
    if shape.deepest > DEEPEST:
        yield f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}."
    if shape.connections > MOST_CONNECTIONS:
        yield f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."
    if shape.without_id:
        yield (
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be"
            f" of 'ID' return type. Connection fields without 'id': {', '.join(shape.without_id)}."
        )
    if shape.within_list:
        yield "Queries that contain a connection field within a list field are not currently supported."


class _Shape:
    """What was met on the way through a query. A connection is known by its ``edges`` or ``nodes``: types the
    stand-in does not have are judged like those it has."""

    def __init__(self, fragments: Fragments) -> None:
        self.fragments = fragments
        self.connections = 0
        self.deepest = 0
        self.by_nodes: list[str] = []
        self.without_id: list[str] = []
        self.within_list = False

    def look(
        self, field: FieldNode, kind: GraphQLNamedType | None, *, parent: FieldNode | None, depth: int, in_list: bool
    ) -> None:
        """Look at one field of ``kind`` and all below it; ``parent`` is the connection it is in."""
        definition = _definition(kind, field)
        inner = {one.name.value: one for one in fields_of(field.selection_set, self.fragments)}
        below = get_named_type(definition.type) if definition else None
        if not {"edges", "nodes"} & inner.keys():
            listed = in_list or (definition is not None and _is_list(definition))
            for one in inner.values():
                self.look(one, below, parent=parent, depth=depth, in_list=listed)
            return
        self.connections += 1
        self.deepest = max(self.deepest, depth)
        self.within_list = self.within_list or in_list
        if "nodes" in inner:
            self.by_nodes.append(field.name.value)
        if parent is not None:
            self._demand_id(parent)
        edge = get_named_type(found.type) if (found := _definition(below, inner.get("edges"))) else None
        for node in self._nodes_of(field):
            node_kind = get_named_type(found.type) if (found := _definition(edge, node)) else None
            for one in fields_of(node.selection_set, self.fragments):
                self.look(one, node_kind, parent=field, depth=depth + 1, in_list=False)

    def _nodes_of(self, connection: FieldNode) -> Iterator[FieldNode]:
        for one in fields_of(connection.selection_set, self.fragments):
            if one.name.value == "nodes":
                yield one
            elif one.name.value == "edges":
                inner = fields_of(one.selection_set, self.fragments)
                yield from (node for node in inner if node.name.value == "node")

    def _demand_id(self, connection: FieldNode) -> None:
        for node in self._nodes_of(connection):
            chosen = fields_of(node.selection_set, self.fragments)
            plain = any(one.name.value == "id" and one.alias is None for one in chosen)
            if not plain and connection.name.value not in self.without_id:
                self.without_id.append(connection.name.value)


def _definition(kind: GraphQLNamedType | None, field: FieldNode | None) -> GraphQLField | None:
    if field is None or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return None
    return kind.fields.get(field.name.value)


def _is_list(definition: GraphQLField) -> bool:
    kind = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
    return isinstance(kind, GraphQLList)
