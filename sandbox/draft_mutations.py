"""``draftOrderCreate``, ``…Update``, ``…Delete`` and ``…Complete``."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import drafts
from sandbox.draft_queries import shown_draft
from sandbox.order_documents import number_of
from sandbox.queries import Queries
from sandbox.refund_requests import UserError
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]


def draft_mutations(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field."""

    def changed(change: Callable[[Writing], Document], draft_gid: str | None = None) -> Document:
        try:
            with store.write() as writing:
                number = change(writing)["id"]
        except UserError as problem:
            before = shown_draft(queries.connection, shop.domain, number_of(draft_gid or ""))
            return {"draftOrder": before, "userErrors": [problem.shown]}
        return {"draftOrder": shown_draft(queries.connection, shop.domain, number), "userErrors": []}

    def delete(info: GraphQLResolveInfo, input: Document) -> Document:
        try:
            with store.write() as writing:
                drafts.delete(writing, shop, input["id"])
        except UserError as problem:
            return {"deletedId": None, "userErrors": [problem.shown]}
        return {"deletedId": input["id"], "userErrors": []}

    def complete(
        info: GraphQLResolveInfo, id: str, paymentPending: bool = False, sourceName: str | None = None, **_: Any
    ) -> Document:
        return changed(
            lambda writing: drafts.complete(writing, shop, id, pending=bool(paymentPending), source_name=sourceName), id
        )

    return {
        "draftOrderCreate": lambda info, input: changed(lambda writing: drafts.create(writing, shop, input)),
        "draftOrderUpdate": lambda info, id, input: changed(
            lambda writing: drafts.update(writing, shop, id, input), id
        ),
        "draftOrderDelete": delete,
        "draftOrderComplete": complete,
    }
