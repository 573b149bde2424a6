"""Nobody told what became of a replacement that was taken back (a process was killed): the clock finds it."""

import pytest

from orders.changes import carrying
from orders.models import Change
from orders.tests.builders import line, make_order
from protection import following, resolutions, reversing
from protection.models import Resolution
from protection.tests.builders import make_resolution
from protection.tests.faults import fault_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def replaced() -> Resolution:
    return make_replaced()


def make_replaced() -> Resolution:
    resolution = make_resolution()
    resolutions.start(resolution)
    resolutions.recognise(make_order(line("Teapot"), source_identifier=str(resolution.uuid)), by="shopify")
    return resolution


def asked(resolution: Resolution) -> Change:
    reversing.reverse(resolution, "Wrong colour", by="staff:ana")
    return Change.objects.filter(reference=resolution.public_id).latest("id")


def test_also_when_the_shop_refused_the_first_time(replaced: Resolution) -> None:
    carrying.failed(asked(replaced), "It is being packed.", by="shopify")
    following.follow_all()
    replaced.refresh_from_db()
    assert (replaced.state, replaced.failure) == ("executed", "It is being packed.")
    carrying.done(asked(replaced), by="shopify")
    following.follow_all()
    replaced.refresh_from_db()
    assert replaced.state == "reversed"
    assert replaced.claim.order.claims.get().state == "in_review"


def test_a_fault_with_one_does_not_hold_up_the_others(replaced: Resolution) -> None:
    other = make_replaced()
    for one in (replaced, other):
        carrying.done(asked(one), by="shopify")
    with fault_with(replaced.public_id):
        following.follow_all()
    states = Resolution.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["executed", "reversed"]
    following.follow_all()
    assert list(states.all()) == ["reversed", "reversed"]


def test_what_was_found_is_not_looked_at_again(replaced: Resolution) -> None:
    carrying.failed(asked(replaced), "It is being packed.", by="shopify")
    assert (following.follow_all(), following.follow_all()) == (1, 0)
    carrying.done(asked(replaced), by="shopify")
    assert (following.follow_all(), following.follow_all()) == (1, 0)
