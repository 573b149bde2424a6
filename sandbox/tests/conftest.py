"""A stand-in in its own process, and a receiver for its webhooks; a module's tests share the process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests import running
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever starts the real process is marked so, to be left out of the quickest runs."""
    for item in items:
        started = {"shopify", "start"} & set(getattr(item, "fixturenames", ()))
        if started and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="module")
def shopify(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running stand-in whose retries come 6,000 times as fast: the first after 10 ms, the last after 2.4 s."""
    sandbox = running.start(tmp_path_factory.mktemp("sandbox"), speed=6_000)
    yield sandbox
    sandbox.kill()


@pytest.fixture
def own_shop(shopify: Sandbox) -> Sandbox:
    """A shop of a test's own at the stand-in its module shares."""
    return running.another_shop(shopify)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """Start stand-ins of a test's own, on one store unless it says otherwise; what still runs at its end is killed."""
    started: list[Sandbox] = []

    def start_one(**options: Any) -> Sandbox:
        started.append(running.start(tmp_path, **options))
        return started[-1]

    yield start_one
    for sandbox in started:
        sandbox.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An address that takes webhooks."""
    with Receiver() as one:
        yield one
