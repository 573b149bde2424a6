from collections.abc import Iterator

import pytest

from integrations.shopify import webhooks
from integrations.tests import receiver as receivers
from integrations.tests.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A partner's endpoint that answers 200 until the test says otherwise."""
    with receivers.running() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh_senders() -> None:
    """Every test has connections of its own; the five-second memory of them must not reach the next test."""
    webhooks._known.clear()
