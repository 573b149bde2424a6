from collections.abc import Iterator

import pytest

from integrations import sending
from integrations.models import Connection
from integrations.shopify import webhooks
from integrations.tests import door as doors
from integrations.tests import receiver as receivers
from integrations.tests.door import Door
from integrations.tests.receiver import Receiver
from integrations.tests.shopify import connect
from sandbox.tests import running
from sandbox.tests.running import Sandbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A partner's endpoint that answers 200 until the test says otherwise."""
    with receivers.running() as endpoint:
        yield endpoint


@pytest.fixture
def sandbox(tmp_path) -> Iterator[Sandbox]:
    """A Shopify that answers, in a process of its own."""
    started = running.start(tmp_path)
    yield started
    started.kill()


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory) -> Iterator[Sandbox]:
    """A Shopify that a module's tests share; each has a shop of its own there (`own_shop`)."""
    started = running.start(tmp_path_factory.mktemp("sandbox"))
    yield started
    started.kill()


@pytest.fixture
def own_shop(stand_in) -> Sandbox:
    """A shop at the shared Shopify that no other test knows."""
    return running.another_shop(stand_in)


@pytest.fixture
def shopify(sandbox, db) -> Connection:
    """Its shop, connected."""
    return connect(sandbox.shop, api_url=sandbox.url, token=sandbox.token)


@pytest.fixture(autouse=True)
def fresh_senders() -> Iterator[None]:
    """Every test has connections of its own; the memory of them must not reach the next test."""
    webhooks._known.clear()
    yield
    sending.hang_up()


@pytest.fixture(scope="module")
def shop_of_module(tmp_path_factory) -> Iterator[Sandbox]:
    """A Shopify for all tests of a file; each places orders of its own. It has points for all of them at once."""
    started = running.start(tmp_path_factory.mktemp("shop"))
    started.post("/sandbox/faults.json", points_per_second=10_000)
    yield started
    started.kill()


@pytest.fixture
def door(shop_of_module) -> Iterator[Door]:
    """The way to it, which counts mutations and can break."""
    with doors.opened(shop_of_module.url) as door:
        yield door


@pytest.fixture
def store(shop_of_module, door, db) -> Connection:
    """Its shop, connected through the door."""
    return connect(shop_of_module.shop, api_url=door.url, token=shop_of_module.token)
