"""Disputes, drafts and merged customers: kept beside the orders, without making or changing a sale."""

import pytest

from integrations import inbox
from integrations.tests.shopify import connect, order_body, post, results
from orders.models import Customer, Dispute, DraftOrder, JournalEntry, Order, Shop

pytestmark = pytest.mark.django_db


def dispute(order_id: int | None, **fields):
    return {"id": 7001, "order_id": order_id, "type": "chargeback", "amount": "11.5", "currency": "USD",
            "reason": "fraudulent", "status": "needs_response", "evidence_due_by": "2026-12-01T00:00:00Z",
            "initiated_at": "2026-11-20T00:00:00Z", "finalized_on": None, **fields}  # fmt: skip


def test_a_dispute_is_told_with_its_order():
    connection, body = connect(), order_body()
    post(connection, "orders/create", body)
    post(connection, "disputes/create", dispute(body["id"]))
    inbox.drain()
    told = JournalEntry.objects.get(action="dispute.opened")
    assert told.order == Order.objects.get()
    assert (told.facts["kind"], told.facts["status"]) == ("chargeback", "needs_response")
    assert Dispute.objects.get().amount == {"amount": "11.50", "currency": "USD"}


def test_what_is_final_stays_final_when_an_older_message_comes_late():
    connection = connect()
    post(connection, "disputes/update", dispute(None, status="won", finalized_on="2026-12-02T00:00:00Z"))
    inbox.drain()
    post(connection, "disputes/create", dispute(None))
    inbox.drain()
    assert Dispute.objects.get().status == "won"
    assert JournalEntry.objects.count() == 1


def test_a_draft_is_no_sale_and_names_the_order_made_from_it_whichever_comes_first():
    connection, body = connect(), order_body()
    draft = {"id": 8001, "name": "#D1", "status": "open", "updated_at": "2026-11-20T10:00:00Z", "order_id": None}
    post(connection, "draft_orders/create", draft)
    inbox.drain()
    assert not Order.objects.exists()
    done = {**draft, "status": "completed", "order_id": body["id"], "updated_at": "2026-11-20T10:01:00Z"}
    post(connection, "draft_orders/update", done)
    post(connection, "orders/create", body)
    post(connection, "draft_orders/update", {**draft, "note": "late", "updated_at": "2026-11-20T10:00:30Z"})
    inbox.drain()
    kept = DraftOrder.objects.get()
    assert (kept.status, kept.order_remote_id) == ("completed", Order.objects.get().remote_id)


def test_orders_of_a_merged_customer_are_the_others():
    connection, body = connect(), order_body()
    post(connection, "orders/create", body)
    kept = {"id": 424242, "email": "kept@example.com", "updated_at": "2026-11-20T10:00:00Z"}
    post(connection, "customers/create", kept)
    inbox.drain()
    merge = {"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/424242", "status": "completed",
             "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{body['customer']['id']}"}  # fmt: skip
    post(connection, "customers/merge", merge)
    inbox.drain()
    assert Order.objects.get().customer.email == "kept@example.com"
    assert Customer.objects.get(remote_id=body["customer"]["id"]).merged_into.remote_id == 424242
    assert JournalEntry.objects.filter(action="order.updated", facts__changed=["customer_id"]).count() == 1


def test_a_merge_that_failed_at_the_shop_moves_nothing():
    connection, body = connect(), order_body()
    post(connection, "orders/create", body)
    merge = {"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "status": "failed",
             "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{body['customer']['id']}"}  # fmt: skip
    post(connection, "customers/merge", merge)
    inbox.drain()
    assert Order.objects.get().customer.remote_id == body["customer"]["id"]


def test_a_shop_that_changes_its_name_and_currency_stays_the_same_shop():
    connection = connect()
    body = {"id": 548380009, "name": "Super Toys", "currency": "EUR", "iana_timezone": "Europe/Berlin",
            "myshopify_domain": connection.shop.domain}  # fmt: skip
    post(connection, "shop/update", body)
    inbox.drain()
    shop = Shop.objects.get()
    assert (shop.pk, shop.remote_id, shop.name, shop.currency, shop.time_zone) == (
        connection.shop_id, 548380009, "Super Toys", "EUR", "Europe/Berlin",
    )  # fmt: skip


def test_scopes_that_the_merchant_took_away_are_known_at_once():
    connection = connect()
    post(
        connection,
        "app/scopes_update",
        {"id": 1, "previous": ["read_orders", "write_orders"], "current": ["read_orders"]},
    )
    inbox.drain()
    connection.refresh_from_db()
    assert (connection.scopes, results()[-1][1]) == (["read_orders"], "handled")
