"""An order out of a bulk file is the order that reading it would have made, column by column."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.differences import differences
from integrations.models import Connection
from integrations.shopify import bulk_rows, bulk_values
from integrations.shopify.nodes import orders
from integrations.shopify.nodes.orders import Whole
from integrations.tests.bulk import (
    address,
    customer_node,
    line_node,
    load_file,
    money,
    of,
    order_node,
    shipping_line_node,
    transaction_node,
    work_line_node,
    work_node,
    write,
)
from integrations.tests.shopify import connect
from orders.models import Order
from orders.money import decimal_of, text_of
from orders.parts import head
from orders.tests.builders import apply, make_shop

WHOLE_FILE = pytest.mark.django_db(transaction=True)


def snapshot_of(order: dict[str, Any], *lines: dict[str, Any], **parts: list[Any]):
    """What a read would make of it; parts are `shipping_lines`, and `work`: fulfillment orders with their lines."""
    whole = order | {"lineItems": {"nodes": list(lines)}, "shippingLines": {"nodes": parts.get("shipping_lines", [])}}
    work = [node | {"lineItems": {"nodes": children}} for node, children in parts.get("work", [])]
    return orders.order(Whole(whole, transactions=order["transactions"], fulfillment_orders=work or None, returns=None))


REFUNDED: list[dict[str, Any]] = [{
    "id": "gid://shopify/Refund/1", "createdAt": None, "processedAt": None, "note": None, "return": None, "duties": [],
    **{name: {"nodes": []} for name in ("refundLineItems", "refundShippingLines", "orderAdjustments", "transactions")},
}]  # fmt: skip
ODD = [
    (order_node(), [line_node(), line_node(title="Tip", variant=None, product=None)]),
    (order_node(customer=None, shippingAddress=None, billingAddress=None, email=None, processedAt=None), []),
    (
        order_node(
            name="EN1001/BE", number=None, note='a "quote", a \\ backslash,\ta tab\nand a line', phone="+1 555",
            tags=[" b ", "a", "", "b"],
            customAttributes=[{"key": "gift", "value": None}, {"key": "é\\n", "value": "x"}],
            displayFulfillmentStatus="PARTIALLY_FULFILLED", displayFinancialStatus="SOMETHING_NEW",
            cancelReason="CUSTOMER", cancelledAt="2026-11-21T10:00:00Z", closedAt="2026-11-21T05:00:00-05:00",
            billingAddress=address(city="Shelbyville", company="Duff & Söhne"), totalDiscountsSet=None,
        ),
        [line_node(quantity=3, currentQuantity=0, sku=None, vendor=None, variant=None)],
    ),
    (
        order_node(
            currencyCode="JPY", presentmentCurrencyCode="KWD", totalPriceSet=money("1200.0", "JPY", "2.5", "KWD"),
            subtotalPriceSet=money("1200", "JPY", "2.3456", "KWD"), totalTaxSet=money("-0.5", "JPY", "0.0", "KWD"),
            customer=customer_node(defaultEmailAddress=None, defaultPhoneNumber={"phoneNumber": "+81"}, updatedAt=None),
        ),
        [
            line_node(
                originalUnitPriceSet=money("1200.0", "JPY", "2.5", "KWD"),
                discountAllocations=[
                    {"allocatedAmountSet": money("0.1", "JPY", "0.0001", "KWD")},
                    {"allocatedAmountSet": money("0.2", "JPY", "0.0002", "KWD")},
                ],
                taxLines=[{"priceSet": money("7", "JPY", "0.123456", "KWD")}],
                customAttributes=[{"key": "engraving", "value": "für Zoë"}],
            )
        ],
    ),
]  # fmt: skip


@WHOLE_FILE
def test_odd_orders_come_out_of_a_file_as_they_would_from_a_read(tmp_path):
    connection = connect()
    load_file(connection, write(tmp_path / "file", [node for order, lines in ODD for node in of(order, *lines)]))
    for order, lines in ODD:
        ours = Order.objects.get(shop=connection.shop, remote_id=int(order["id"].rsplit("/", 1)[1]))
        theirs = snapshot_of(order, *lines)
        assert differences(ours, theirs) == []
        assert [line.remote_id for line in ours.lines.all()] == [line.remote_id for line in theirs.lines]
        assert ours.remote_updated_at == theirs.updated_at
        assert ours.total == head.order_values(theirs)["total"]


def known_before(connection: Connection, whether: bool) -> list[dict[str, Any]]:
    """Nodes of an order that is known already, if so: orders beside it go by another way than orders among new ones."""
    node = order_node(name="#7")
    return of(node, line_node()) if whether and apply(snapshot_of(node), connection.shop) else []


@WHOLE_FILE
@pytest.mark.parametrize("is_one_known", [False, True])
def test_all_columns_are_those_of_an_order_that_was_read(tmp_path, is_one_known):
    """Also those that no snapshot names: whatever column the tables get, this test asks what a file puts there."""
    connection, other = connect(), make_shop("other.myshopify.com")
    nodes = known_before(connection, is_one_known)
    load_file(connection, write(tmp_path / "file", nodes + [node for o, lines in ODD for node in of(o, *lines)]))
    for order, lines in ODD:
        read = apply(snapshot_of(order, *lines), other).order
        loaded = Order.objects.get(shop=connection.shop, remote_id=read.remote_id)
        own = {"id", "public_id", "shop", "created_at", "updated_at", "digest", "customer", "order"}
        for ours, theirs in [(loaded, read), *zip(loaded.lines.all(), read.lines.all(), strict=True)]:
            names = [field.name for field in ours._meta.concrete_fields if field.name not in own]
            theirs.refresh_from_db()
            assert {n: getattr(ours, n) for n in names} == {n: getattr(theirs, n) for n in names}
        if read.customer:
            names = ["remote_id", "email", "phone", "first_name", "last_name", "remote_updated_at"]
            assert {n: getattr(loaded.customer, n) for n in names} == {n: getattr(read.customer, n) for n in names}


@WHOLE_FILE
@pytest.mark.parametrize(("apart", "is_one_known"), [(False, False), (True, False), (False, True)])
def test_payments_shipping_bundles_and_work_come_with_the_order(tmp_path, apart, is_one_known):
    connection = connect()
    bundle = {"id": "gid://shopify/LineItemGroup/9", "title": "Tea for two", "quantity": 1}
    lines = [line_node(lineItemGroup=bundle), line_node(quantity=2, currentQuantity=2, lineItemGroup=bundle)]
    sale = transaction_node(status="PENDING", processedAt=None)
    refund = transaction_node(
        kind="REFUND", parentTransaction={"id": sale["id"]}, amountSet=money("1.5", "USD", "3", "JPY")
    )
    hold = {"id": "gid://shopify/FulfillmentHold/1", "reason": "OTHER", "reasonNotes": "wait"}
    hold |= {"heldByRequestingApp": True, "handle": None}
    work = [
        (work_node(fulfillmentHolds=[hold]), [work_line_node(line) for line in lines]),
        (work_node(status="CLOSED", destination=None, deliveryMethod=None, fulfillBy="2026-11-30T00:00:00Z",
                   assignedLocation={"name": "Gone", "location": None}), []),
    ]  # fmt: skip
    shipping = [shipping_line_node(), shipping_line_node(isRemoved=True, code="EXPRESS")]
    order = order_node(
        transactions=[sale, refund], discountCodes=["B", "A", ""], poNumber="PO 7", returnStatus="NO_RETURN",
        currentTotalDutiesSet=money("3.0"), totalTipReceivedSet=money("2.0"), taxesIncluded=True,
    )  # fmt: skip
    nodes = of(order, *lines, *shipping, shipping_line_node(id=None))
    for node, children in work:
        nodes += of(node, *children)
        nodes[-len(children) - 1]["__parentId"] = order["id"]
    nodes = [order, *sorted(nodes[1:], key=str)] if apart else nodes
    load_file(connection, write(tmp_path / "file", known_before(connection, is_one_known) + nodes))
    theirs = snapshot_of(order, *lines, shipping_lines=shipping, work=work)
    ours = Order.objects.get(name=order["name"])
    assert differences(ours, theirs) == []
    assert ours.discrepancy == head.order_values(theirs)["discrepancy"]
    assert ours.discrepancy
    read = apply(theirs, make_shop("other.myshopify.com")).order
    for name in ("lines", "payments", "fulfillment_orders"):
        pairs = list(
            zip(getattr(ours, name).order_by("remote_id"), getattr(read, name).order_by("remote_id"), strict=True)
        )
        assert len(pairs) == 2
        for one, other in pairs:
            own = {"id", "public_id", "order"}
            names = [field.name for field in one._meta.concrete_fields if field.name not in own]
            assert {n: getattr(one, n) for n in names} == {n: getattr(other, n) for n in names}


TOTALS = st.sampled_from(["0.0", "1.0", "40.0", "41.0", "39.99", "45.5"])


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_whether_an_order_adds_up_is_judged_as_everywhere(data):
    names = (
        "totalPriceSet totalDiscountsSet totalTaxSet totalShippingPriceSet totalTipReceivedSet currentTotalDutiesSet "
        "currentTotalAdditionalFeesSet"
    ).split()
    order = order_node(
        **{name: money(data.draw(TOTALS), other=data.draw(TOTALS)) for name in names},
        taxesIncluded=data.draw(st.booleans()), dutiesIncluded=data.draw(st.sampled_from([True, False])),
        totalCashRoundingAdjustment={"paymentSet": money(data.draw(TOTALS))},
        refunds=data.draw(st.sampled_from([[], [{"id": "gid://shopify/Refund/1"}]])),
    )  # fmt: skip
    off = [{"allocatedAmountSet": money(data.draw(TOTALS))}]
    lines = [line_node(discountAllocations=off, quantity=data.draw(st.integers(1, 2)))]
    lines += data.draw(st.sampled_from([[], [line_node(title="Tip", variant=None, product=None)]]))
    shipping = [shipping_line_node(originalPriceSet=money(data.draw(TOTALS)))]
    whole = order | {"lineItems": {"nodes": lines}, "shippingLines": {"nodes": shipping}}
    theirs = head.order_values(orders.order(Whole(whole, refunds=[] if not order["refunds"] else REFUNDED)))
    ours = dict(zip(bulk_rows.ORDER, bulk_rows.order_row(order, lines, shipping), strict=True))["discrepancy"]
    assert (Decimal(ours) if ours else None) == theirs.get("discrepancy")


amounts = st.one_of(
    st.from_regex(r"\A-?[0-9]{1,12}(\.[0-9]{1,6})?\Z"),
    st.decimals(-(10**9), 10**9, places=2).map(str),
    st.integers(0, 99),
)
currencies = st.sampled_from(["USD", "EUR", "JPY", "KWD", "usd", "jpy", "XXX"])


@given(amounts, currencies)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_amounts_are_written_as_everywhere(amount, currency):
    assert bulk_values.amount_text(amount, currency) == text_of(decimal_of(amount), currency)


@pytest.mark.parametrize("broken", [
    {"id": "gid://shopify/Order/zero"}, {"createdAt": None}, {"updatedAt": "2026-11-20T12:00:00"},
    {"totalPriceSet": None}, {"totalPriceSet": money("NaN")}, {"customer": {"id": None}},
])  # fmt: skip
def test_an_order_that_a_read_refuses_is_refused(broken):
    node = order_node(**broken)
    refused = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
    with pytest.raises(refused):
        head.order_values(snapshot_of(node))
    with pytest.raises(refused):
        bulk_rows.order_row(node, [], [])
        bulk_rows.customer_row(node["customer"])
