"""While the database is away or full a webhook is answered 503, so the shop sends it again, and nothing is kept."""

import pytest
from django.db import connection

from integrations.models import InboundMessage
from integrations.tests.shopify import connect, order_body, post


@pytest.mark.django_db(transaction=True)
def test_a_message_that_cannot_be_stored_is_refused_for_now_and_stored_when_it_comes_again():
    shop = connect()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER disk_is_full BEFORE INSERT ON integrations_inboundmessage EXECUTE FUNCTION disk_is_full()"
        )
    try:
        response = post(shop, "orders/create", order_body())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION disk_is_full CASCADE")
    assert (response.status_code, response.json()["code"]) == (503, "try_again")
    assert not InboundMessage.objects.exists()
    assert post(shop, "orders/create", order_body()).status_code == 200
    assert InboundMessage.objects.count() == 1
