"""Numbers of pages as people write them: '2, 5-7'."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_RANGES = 12


def page_names(numbers: Iterable[int]) -> str:
    """Pages with their noun, neighbours joined: 'page 3', 'pages 2, 5-7 and 40 more'."""
    ordered = sorted(set(numbers))
    ranges: list[tuple[int, int]] = []
    for number in ordered:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    shown = ranges[:_MOST_RANGES]
    rest = len(ordered) - sum(last - first + 1 for first, last in shown)
    names = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in shown)
    more = f" and {rest} more" if rest else ""
    return f"{'page' if len(ordered) == 1 else 'pages'} {names}{more}"
