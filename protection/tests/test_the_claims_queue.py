"""What stands in the queue, in which order, and how it is found."""

import pytest

from protection import review
from protection.tests.builders import make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, press

pytestmark = pytest.mark.django_db
URL = "/admin/protection/claim/"


def orders_shown(page: str, names: list[str]) -> list[str]:
    """Those of `names` that the list shows, in its order."""
    return sorted((name for name in names if f">{name}<" in page), key=lambda name: page.index(f">{name}<"))


def test_the_queue_opens_with_what_an_agent_can_decide_oldest_first():
    claims = [make_claim(make_covered_order(name=f"#300{n}")) for n in range(3)]
    review.ask_for_info(claims[1], "Which door?", user=make_agent("ben"))
    page = agent_client().get(URL).content.decode()
    assert orders_shown(page, ["#3000", "#3001", "#3002"]) == ["#3000", "#3002"]
    assert "To decide 2" in page
    assert "Waiting for the customer 1" in page


def test_filters_are_links_that_keep_each_other():
    make_claim()
    page = agent_client().get(URL + "?queue=all&reason=lost").content.decode()
    assert 'href="?queue=closed&amp;reason=lost"' in page
    assert 'href="?queue=all&amp;reason=damaged"' in page


def test_mine_are_those_i_took():
    claims = [make_claim(make_covered_order(name=f"#310{n}")) for n in range(2)]
    client = agent_client()
    press(client, claims[1], "take")
    page = client.get(URL + "?queue=mine").content.decode()
    assert orders_shown(page, ["#3100", "#3101"]) == ["#3101"]
    assert "ana" in page


def test_a_search_looks_into_every_queue():
    claim = make_claim(make_covered_order(name="#3200"))
    review.close(claim, "arrived", user=make_agent("ben"))
    client = agent_client()
    assert ">#3200<" not in client.get(URL).content.decode()
    assert ">#3200<" in client.get(URL + "?q=%233200").content.decode()
    assert ">#3200<" in client.get(URL + f"?q={claim.public_id}").content.decode()


def test_an_unknown_filter_is_the_default_not_an_error():
    make_claim(make_covered_order(name="#3300"))
    answer = agent_client().get(URL + "?queue=everything&reason=boredom")
    assert answer.status_code == 200
    assert ">#3300<" in answer.content.decode()


def test_an_empty_queue_says_so():
    assert "No claim is waiting here" in agent_client().get(URL).content.decode()


def test_claims_cannot_be_made_or_deleted_as_rows():
    claim = make_claim()
    client = agent_client()
    assert client.get(URL + "add/").status_code == 403
    assert client.post(f"{URL}{claim.pk}/delete/", {"post": "yes"}).status_code == 403
