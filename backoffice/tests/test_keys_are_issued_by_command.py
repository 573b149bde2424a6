"""`manage.py create_api_key`: one JSON object, a key that works, and nothing made when it is refused."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backoffice.models import ApiKey, Partner
from backoffice.tests.builders import Api

pytestmark = pytest.mark.django_db


def issue(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("create_api_key", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_the_key_that_is_printed_works() -> None:
    answer = issue("--partner=acme", "--scopes=orders:read, events:read")
    assert answer["key"].startswith(answer["prefix"])
    assert Api(answer["key"]).get("/v1/orders").status_code == 200
    assert Api(answer["key"]).get("/v1/claims").status_code == 403
    assert ApiKey.objects.get().scopes == ["events:read", "orders:read"]


def test_a_second_key_belongs_to_the_same_partner() -> None:
    first, second = (issue("--partner=acme", "--scopes=orders:read") for _ in range(2))
    assert first["key"] != second["key"]
    assert Partner.objects.get().keys.count() == 2


def test_a_key_can_be_bound_to_a_shop_and_marked_as_a_test_key() -> None:
    answer = issue("--partner=acme", "--scopes=orders:read", "--shop=one.myshopify.com", "--test")
    assert answer["key"].startswith("pk_test_")
    assert ApiKey.objects.get().shop_domain == "one.myshopify.com"


@pytest.mark.parametrize("scopes", ["orders:delete", "orders:read,everything", "", " , "])
def test_a_refused_key_leaves_nothing_behind(scopes: str) -> None:
    with pytest.raises(CommandError, match=r"orders:read"):
        issue("--partner=acme", f"--scopes={scopes}")
    assert not Partner.objects.exists()
    assert not ApiKey.objects.exists()
