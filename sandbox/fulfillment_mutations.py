"""What apps do with fulfillment orders: hold, move, split, merge, report progress. The order itself stays untouched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from graphql import GraphQLError

from sandbox import clock, fulfillment_orders, holding, kept_orders, regrouping, scheduling
from sandbox.fulfillment_order_fields import hold_fields
from sandbox.fulfillment_queries import shown
from sandbox.order_documents import number_of
from sandbox.queries import Queries
from sandbox.regrouping import Refused, Units
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]

NO_SUCH = "Fulfillment order does not exist."


def fields(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field of ``Mutation``."""
    changes = Changes(store, shop, queries)
    return {
        "fulfillmentOrderCancel": lambda info, id: changes.cancel(id),
        "fulfillmentOrderHold": lambda info, id, fulfillmentHold: changes.hold(id, fulfillmentHold),
        "fulfillmentOrderMerge": lambda info, fulfillmentOrderMergeInputs: changes.merge(fulfillmentOrderMergeInputs),
        "fulfillmentOrderMove": lambda info, **given: changes.move(**given),
        "fulfillmentOrderOpen": lambda info, id: changes.reopen(id),
        "fulfillmentOrderReleaseHold": lambda info, id, holdIds=None, **_: changes.release(id, holdIds),
        "fulfillmentOrderReportProgress": lambda info, id, **_: changes.report_progress(id),
        "fulfillmentOrderReschedule": lambda info, id, fulfillAt: changes.reschedule(id, fulfillAt),
        "fulfillmentOrderSplit": lambda info, fulfillmentOrderSplits: changes.split(fulfillmentOrderSplits),
    }


class Changes:
    """Changes of one shop's fulfillment orders."""

    def __init__(self, store: Store, shop: Shop, queries: Queries) -> None:
        self._store = store
        self._shop = shop
        self._queries = queries

    def hold(self, id: str, given: Document) -> Document:
        """``fulfillmentOrderHold``."""
        units = given["fulfillmentOrderLineItems"]
        field = ["fulfillmentHold", "fulfillmentOrderLineItems"]
        if len({one["id"] for one in units}) < len(units):
            text = "must contain unique line item ids"
            return _wrong(Refused(field, text, "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS"))
        for position, one in enumerate(units):
            if one["quantity"] < 1:
                text = "You must select at least one item to place on partial hold."
                return _wrong(Refused([*field, str(position), "quantity"], text, "GREATER_THAN_ZERO"))
        try:
            with self._changing(id) as (writing, order, one):
                made, rest = holding.hold(
                    writing,
                    order,
                    one,
                    reason=given["reason"],
                    reason_notes=given.get("reasonNotes"),
                    handle=given["handle"],
                    units=_units(units),
                )
        except Refused as refusal:
            return _wrong(refusal)
        return {
            "fulfillmentHold": hold_fields(made),
            "fulfillmentOrder": self._shown(one),
            "remainingFulfillmentOrder": self._shown(rest) if rest else None,
            "userErrors": [],
        }

    def release(self, id: str, hold_ids: list[str] | None) -> Document:
        """``fulfillmentOrderReleaseHold``."""
        numbers = None if hold_ids is None else [number_of(one) or 0 for one in hold_ids]
        return self._one(id, lambda writing, order, one: holding.release(writing, order, one, numbers))

    def report_progress(self, id: str) -> Document:
        """``fulfillmentOrderReportProgress``."""
        return self._one(id, regrouping.report_progress)

    def reopen(self, id: str) -> Document:
        """``fulfillmentOrderOpen``."""
        return self._one(id, scheduling.reopen)

    def reschedule(self, id: str, moment: str) -> Document:
        """``fulfillmentOrderReschedule``."""
        try:
            kept = clock.kept(moment)
        except ValueError:
            return _wrong(Refused(["fulfillAt"], "Fulfill at is invalid"))
        return self._one(id, lambda writing, order, one: scheduling.reschedule(writing, order, one, kept))

    def cancel(self, id: str) -> Document:
        """``fulfillmentOrderCancel``."""
        try:
            with self._changing(id) as (writing, order, one):
                made = regrouping.begin_anew(writing, order, one)
        except Refused as refusal:
            return _wrong(refusal)
        return {
            "fulfillmentOrder": self._shown(one),
            "replacementFulfillmentOrder": self._shown(made),
            "userErrors": [],
        }

    def move(self, id: str, newLocationId: str, fulfillmentOrderLineItems: list[Document] | None = None) -> Document:
        """``fulfillmentOrderMove``."""
        units = _units(fulfillmentOrderLineItems or [])
        try:
            with self._changing(id) as (writing, order, one):
                moved = regrouping.move(writing, order, one, number_of(newLocationId), units)
        except Refused as refusal:
            return _wrong(refusal)
        return {
            "movedFulfillmentOrder": self._shown(moved),
            "originalFulfillmentOrder": self._shown(one),
            "remainingFulfillmentOrder": self._shown(one) if moved["id"] != one["id"] else None,
            "userErrors": [],
        }

    def split(self, given: list[Document]) -> Document:
        """``fulfillmentOrderSplit``: all or none."""
        try:
            for position, wanted in enumerate(given):
                path = ["fulfillmentOrderSplits", str(position), "fulfillmentOrderLineItems"]
                if not wanted["fulfillmentOrderLineItems"]:
                    text = "There must be at least one item selected in this fulfillment to split it."
                    raise Refused(path, text, "NO_LINE_ITEMS_PROVIDED_TO_SPLIT")
                _all_positive(path, wanted["fulfillmentOrderLineItems"], "split")
            made = []
            with self._store.write() as writing:
                for wanted in given:
                    order, one = self._known(writing, wanted["fulfillmentOrderId"])
                    units = _units(wanted["fulfillmentOrderLineItems"])
                    made.append((one, regrouping.split(writing, order, one, units)))
        except Refused as refusal:
            return {"fulfillmentOrderSplits": None, "userErrors": [refusal.shown]}
        shown_splits = [
            {
                "fulfillmentOrder": self._shown(one),
                "remainingFulfillmentOrder": self._shown(rest),
                "replacementFulfillmentOrder": None,
            }
            for one, rest in made
        ]
        return {"fulfillmentOrderSplits": shown_splits, "userErrors": []}

    def merge(self, given: list[Document]) -> Document:
        """``fulfillmentOrderMerge``: all or none; units, where given, must be all that an order has left."""
        try:
            for position, wanted in enumerate(given):
                for number, intent in enumerate(wanted["mergeIntents"]):
                    path = ["fulfillmentOrderMergeInputs", str(position), "mergeIntents", str(number)]
                    path.append("fulfillmentOrderLineItems")
                    _all_positive(path, intent.get("fulfillmentOrderLineItems") or [], "merge")
            merged = []
            with self._store.write() as writing:
                for wanted in given:
                    merged.append(self._merged(writing, wanted["mergeIntents"]))
        except Refused as refusal:
            return {"fulfillmentOrderMerges": None, "userErrors": [refusal.shown]}
        return {
            "fulfillmentOrderMerges": [{"fulfillmentOrder": self._shown(one)} for one in merged],
            "userErrors": [],
        }

    def _merged(self, writing: Writing, intents: list[Document]) -> Document:
        ones = []
        order: Document = {}
        for intent in intents:
            order, one = self._known(writing, intent["fulfillmentOrderId"])
            regrouping.check_units(one, _units(intent.get("fulfillmentOrderLineItems") or []))
            ones.append(one)
        return regrouping.merge(writing, order, ones)

    def _one(self, id: str, change: Callable[[Writing, Document, Document], None]) -> Document:
        try:
            with self._changing(id) as (writing, order, one):
                change(writing, order, one)
        except Refused as refusal:
            return _wrong(refusal)
        return {"fulfillmentOrder": self._shown(one), "userErrors": []}

    @contextmanager
    def _changing(self, id: str) -> Iterator[tuple[Writing, Document, Document]]:
        """One fulfillment order and its order, to be changed; an unknown id is an error at the top level."""
        with self._store.write() as writing:
            try:
                order, one = self._known(writing, id)
            except Refused:
                raise GraphQLError(f"Invalid id: {id}", extensions={"code": "RESOURCE_NOT_FOUND"}) from None
            yield writing, order, one

    def _known(self, writing: Writing, id: str) -> tuple[Document, Document]:
        one = fulfillment_orders.find(writing.connection, self._shop.domain, number_of(id))
        order = kept_orders.load(writing.connection, one["order_id"]) if one else None
        if one is None or order is None:
            raise Refused(None, NO_SUCH, "FULFILLMENT_ORDER_NOT_FOUND")
        return order, one

    def _shown(self, one: Document) -> Document | None:
        return shown(self._queries.connection, self._shop, one["id"])


def _units(given: list[Document]) -> Units:
    return {number_of(one["id"]) or 0: one["quantity"] for one in given}


def _all_positive(path: list[str], given: list[Document], what: str) -> None:
    for position, one in enumerate(given):
        if one["quantity"] < 1:
            text = f"You must select at least one item to {what} into a new fulfillment order."
            raise Refused([*path, str(position), "quantity"], text, "GREATER_THAN")


def _wrong(refusal: Refused) -> Document:
    return {"userErrors": [refusal.shown]}
