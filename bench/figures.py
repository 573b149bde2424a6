"""What a figure is: its target, its rounds, its line in the table."""

import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """What is measured; `least` and `most` are targets, None where it is there for comparison."""

    name: str
    unit: str
    least: float | None = None
    most: float | None = None

    def asked(self) -> str:
        """The target in words."""
        return f"≥ {self.least:g}" if self.least else f"≤ {self.most:g}" if self.most else ""

    def is_met(self, value: float) -> bool:
        """Whether `value` reaches the target; True where there is none."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


class Measured:
    """Values by figure, one a round, and what was skipped and why."""

    def __init__(self) -> None:
        self.values: dict[Figure, list[float]] = {}
        self.skipped: dict[str, str] = {}

    def note(self, figure: Figure, value: float) -> None:
        """One round's value."""
        self.values.setdefault(figure, []).append(value)

    def skip(self, name: str, why: str) -> None:
        """Say by name what this run leaves out."""
        self.skipped[name] = why

    def all_met(self) -> bool:
        """Whether the median of every figure that has a target reaches it."""
        return all(figure.is_met(statistics.median(values)) for figure, values in self.values.items())

    def as_json(self) -> dict[str, dict[str, Any]]:
        """{"figures": {name: summary}, "skipped": {name: why}}."""
        figures = {figure.name: _summary(figure, values) for figure, values in self.values.items()}
        return {"figures": figures, "skipped": self.skipped}

    def print(self) -> None:
        """The table, and below it what was skipped."""
        print(f"\n{'':60}{'median':>9}  {'min – max':<17} {'unit':13}{'asked':9}")
        for figure, values in self.values.items():
            middle = statistics.median(values)
            spread = f"{_number(min(values))} – {_number(max(values))}"
            verdict = "" if not figure.asked() else "met" if figure.is_met(middle) else "MISSED"
            print(f"{figure.name:60}{_number(middle):>9}  {spread:<17} {figure.unit:13}{figure.asked():9}{verdict}")
        for name, why in self.skipped.items():
            print(f"{name:60}SKIPPED: {why}")


def percentile(values: Iterable[float], percent: int) -> float:
    """The value that `percent` of them stay below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _summary(figure: Figure, values: list[float]) -> dict[str, object]:
    middle = statistics.median(values)
    summary: dict[str, object] = {"unit": figure.unit, "median": round(middle, 3)}
    summary |= {"min": round(min(values), 3), "max": round(max(values), 3)}
    if figure.asked():
        summary |= {"asked": figure.asked(), "met": figure.is_met(middle)}
    return summary


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
