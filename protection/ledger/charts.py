"""Charts as plain geometry for inline SVG: across in percent, so that they fit any screen; down in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

HEIGHT = 160
TOP = 14  # room for the highest label
ROW = 38
SHARE_WIDTH = Decimal(84)  # percent of the width; the rest is for the figure beside the bar


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it is, and what is said when it is pointed at."""

    x: str
    y: str
    width: str
    height: str
    words: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The bars of one month, side by side, and its name below where there is room."""

    label: str
    label_x: str
    bars: tuple[Bar, Bar]


@dataclass(frozen=True, slots=True)
class MonthChart:
    pairs: list[Pair]
    lines: list[tuple[str, str]]  # (how far down, what it stands for)
    height: int


def months(named: Sequence[tuple[str, Decimal, str, Decimal, str]]) -> MonthChart:
    """Two bars for each (label, first, its words, second, its words). Below 0 there is no bar; the table has it."""
    top = _round_up(max([max(first, second) for _, first, _, second, _ in named] or [Decimal(0)]))
    slot = Decimal(100) / (len(named) or 1)
    every = -(-len(named) // 12)  # more than twelve names would run into each other on a phone
    pairs = []
    for index, (label, first, first_words, second, second_words) in enumerate(named):
        left = slot * index
        bars = (
            _upright(left + slot * Decimal("0.12"), slot * Decimal("0.36"), first, top, first_words),
            _upright(left + slot * Decimal("0.50"), slot * Decimal("0.36"), second, top, second_words),
        )
        pairs.append(Pair(label if index % every == 0 else "", _text(left + slot / 2), bars))
    lines = (
        [(_text(_down(top * part, top)), f"{top * part:,f}") for part in (Decimal(1), Decimal("0.5"))] if top else []
    )
    return MonthChart(pairs, lines, HEIGHT + TOP)


def shares(rows: Sequence[tuple[str, Decimal, str, bool]], limit: Decimal) -> dict[str, Any]:
    """Lying bars for (name, share, its words, alarm), and where `limit` is on the same scale."""
    most = max([share for _, share, _, _ in rows] + [limit])
    scale = SHARE_WIDTH / most if most else Decimal(0)
    bars = [
        {
            "name": name,
            "words": words,
            "alarm": alarm,
            "text_y": index * ROW + 13,
            "bar_y": index * ROW + 18,
            "width": _text(max(share * scale, Decimal("0.4") if share else Decimal(0))),
            "words_x": _text(share * scale + 1),
        }
        for index, (name, share, words, alarm) in enumerate(rows)
    ]
    return {"bars": bars, "height": len(rows) * ROW + 4, "limit_x": _text(limit * scale)}


def _upright(x: Decimal, width: Decimal, value: Decimal, top: Decimal, words: str) -> Bar:
    y = _down(max(value, Decimal(0)), top)
    return Bar(_text(x), _text(y), _text(width), _text(HEIGHT + TOP - y), words)


def _down(value: Decimal, top: Decimal) -> Decimal:
    return TOP + HEIGHT - (HEIGHT * value / top if top else Decimal(0))


def _round_up(value: Decimal) -> Decimal:
    """The next number such as 1, 2, 2.5, 4, 5 or 10 times a power of ten: what people can halve in their heads."""
    if value <= 0:
        return Decimal(0)
    unit = Decimal(1).scaleb(value.adjusted())
    steps = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(4), Decimal(5), Decimal(8), Decimal(10))
    return next(step * unit for step in steps if step * unit >= value)


def _text(number: Decimal) -> str:
    return f"{number.quantize(Decimal('0.01'), ROUND_CEILING):f}"
