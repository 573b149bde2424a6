"""``POST /admin/api/<version>/graphql.json``: the Admin API's door."""

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    validate,
)

from sandbox import tokens, versions
from sandbox.access import SCHEMA, Access
from sandbox.cost import LARGEST_QUERY, Cost
from sandbox.mutations import Mutations
from sandbox.oauth import shop_of
from sandbox.program import running
from sandbox.queries import Queries
from sandbox.shops import Shop

LIMITS_PAGE = "https://shopify.dev/api/usage/rate-limits"
BAD_TOKEN = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def graphql(request: HttpRequest, version: str) -> HttpResponse:
    """Answer one GraphQL request; the token says for which shop."""
    program = running()
    settings = program.faults.settings
    if request.method != "POST":
        return HttpResponse(status=405)
    if settings.slow:
        time.sleep(settings.slow)
    if failure := program.faults.failure():
        return _json({"errors": "Internal Server Error"}, failure)
    answering = versions.served(version)
    if answering is None:
        return _json({"errors": "Not Found"}, 404)
    with program.store.read() as connection:
        opened = tokens.opened(connection, request.headers.get("X-Shopify-Access-Token", ""))
        # Without a Host of its own every shop is at this address; with one, a token opens its own shop only.
        elsewhere = (
            opened is not None
            and request.get_host().endswith(".myshopify.com")
            and (shop_of(connection, request, opened[0].domain) != opened[0])
        )
    if opened is None or elsewhere:
        return _json(BAD_TOKEN, 401)
    shop, installation = opened
    access = Access(frozenset(installation.scopes), installation.protected_data, answering, program.address)
    try:
        asked = json.loads(request.body)
        query, variables = asked["query"], asked.get("variables") or {}
        if not isinstance(query, str) or not isinstance(variables, dict):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
    name = asked.get("operationName")
    response = _json(_answer(shop, access, query, variables, name, throttled=settings.throttle))
    response["X-Shopify-API-Version"] = answering
    return response


def _answer(
    shop: Shop,
    access: Access,
    query: str,
    variables: dict[str, Any],
    operation_name: str | None,
    *,
    throttled: bool,
) -> dict[str, Any]:
    document = _read(query)
    if not isinstance(document, DocumentNode):
        return {"errors": [_shown(error) for error in document]}
    operation = _operation(document, operation_name)
    if operation is None:
        return {"errors": [{"message": "No operation (or more than one, and no operationName) was given"}]}
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    cost = Cost(SCHEMA, fragments, operation, variables)
    requested = cost.requested()
    if requested > LARGEST_QUERY:
        message = f"Query cost is {requested}, which exceeds the single query max cost limit ({LARGEST_QUERY})."
        return {"errors": [_limit("MAX_COST_EXCEEDED", message)]}
    buckets = running().buckets
    if throttled or not buckets.take(shop.domain, requested):
        return {
            "errors": [_limit("THROTTLED", "Throttled")],
            "extensions": {"cost": _cost(shop, requested, None)},
        }
    result = _execute(shop, access, document, variables, operation)
    used = min(requested, cost.actual(result.data)) if result.data is not None else 0
    buckets.give_back(shop.domain, requested - used)
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [_shown(error) for error in result.errors]
    return {**answer, "extensions": {"cost": _cost(shop, requested, used)}}


def _execute(
    shop: Shop, access: Access, document: DocumentNode, variables: dict[str, Any], operation: OperationDefinitionNode
) -> ExecutionResult:
    store = running().store
    with store.read() as connection:
        queries = Queries(connection, shop)
        root: Mapping[str, Any] = queries.fields()
        if operation.operation is OperationType.MUTATION:
            root = Mutations(store, shop, queries).fields()
        name = operation.name.value if operation.name else None
        return execute_sync(SCHEMA, document, root, access, variables, name)


@lru_cache(maxsize=256)
def _read(query: str) -> DocumentNode | tuple[GraphQLError, ...]:
    """Parse and validate; callers send the same few texts all day."""
    try:
        document = parse(query)
        errors = validate(SCHEMA, document)
    except GraphQLError as error:
        return (error,)
    except RecursionError:
        return (GraphQLError("The query is nested too deeply"),)
    return tuple(errors) if errors else document


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if name is not None:
        found = [one for one in found if one.name and one.name.value == name]
    return found[0] if len(found) == 1 else None


def _shown(error: GraphQLError) -> dict[str, Any]:
    return dict(error.formatted)


def _limit(code: str, message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, "documentation": LIMITS_PAGE}}


def _cost(shop: Shop, requested: int, used: int | None) -> dict[str, Any]:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": used,
        "throttleStatus": running().buckets.status(shop.domain),
    }


def _json(payload: Any, status: int = 200) -> HttpResponse:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, content_type="application/json; charset=utf-8", status=status)
