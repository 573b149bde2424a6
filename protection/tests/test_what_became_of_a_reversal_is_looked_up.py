"""Nobody told what became of a replacement that was taken back (a process was killed): the clock finds it."""

import pytest

from orders.changes import carrying
from orders.models import Change
from orders.tests.builders import line, make_order
from protection import following, resolutions, reversing
from protection.models import Resolution
from protection.tests.builders import make_resolution

pytestmark = pytest.mark.django_db


@pytest.fixture
def replaced() -> Resolution:
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


def test_what_was_found_is_not_looked_at_again(replaced: Resolution) -> None:
    carrying.failed(asked(replaced), "It is being packed.", by="shopify")
    assert (following.follow_all(), following.follow_all()) == (1, 0)
    carrying.done(asked(replaced), by="shopify")
    assert (following.follow_all(), following.follow_all()) == (1, 0)
