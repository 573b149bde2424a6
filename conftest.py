"""What every test of the house shares; each floor keeps its own fixtures beside its tests."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start whole processes come last: a plain mistake shows within seconds."""
    items.sort(key=lambda item: item.get_closest_marker("live") is not None)
