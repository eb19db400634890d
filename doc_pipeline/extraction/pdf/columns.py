"""Columns of a page: where lines are cut at a gutter, and in which order columns are read.

A page whose stream already goes column by column keeps its order. Geometry only.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doc_pipeline.extraction.pdf.lines import Line

_EDGE = 0.06
_MIN_LINES = 3
_MIN_FILL = 0.55
_MIN_CHARS = 12
_MIN_WIDTH = 6
"""Of a column, in times its font size."""
_MAX_DIGITS = 0.25
_MAX_CROSSING = 0.6
_MIN_OVERLAP = 0.4
_MIN_GUTTER = 4.0
_MOST_GUTTERS = 4
_MOST_LINES = 2_000
"""Of one page; more are no columns of text for people, and would take long."""
_RTL = {"R", "AL"}


@dataclass(frozen=True, slots=True)
class Gap:
    """A wide blank in a line, from left to right in points; `index` is that of its character."""

    left: float
    right: float
    index: int


def split_points(lines: Sequence[Line], gaps: Mapping[int, Sequence[Gap]]) -> dict[int, list[int]]:
    """Characters at which lines are cut, by index of the line: at gutters between prose only.

    `gaps` are the wide blanks of lines, by index of the line.
    """
    gutters = _shared_gutters([gap for found in gaps.values() for gap in found])
    cuts: dict[int, list[Gap]] = {}
    for left, right in gutters:
        crossed = {
            index: gap
            for index, found in gaps.items()
            for gap in found
            if gap.left <= left and gap.right >= right
        }
        for index, gap in crossed.items():
            cuts.setdefault(index, []).append(gap)
    if not _are_prose(lines, cuts, [right for _, right in gutters]):
        return {}
    return {index: sorted(gap.index for gap in found) for index, found in cuts.items()}


def _shared_gutters(gaps: Sequence[Gap]) -> list[tuple[float, float]]:
    """Vertical strips that many gaps have in common: gaps with nearly the same right edge."""
    by_edge: Counter[int] = Counter(round(gap.right / 3) for gap in gaps)
    found: list[tuple[float, float]] = []
    for edge, _ in by_edge.most_common(_MOST_GUTTERS):
        near = [gap for gap in gaps if abs(gap.right / 3 - edge) <= 1]
        if len(near) < _MIN_LINES + 1:
            continue
        right = min(gap.right for gap in near)
        left = right - _MIN_GUTTER
        if all(right < other_left or left > other_right for other_left, other_right in found):
            found.append((left, right))
    return sorted(found)


def _are_prose(
    lines: Sequence[Line], cuts: Mapping[int, Sequence[Gap]], gutters: Sequence[float]
) -> bool:
    """Whether the parts of cut lines fill their columns as prose does, and cells do not."""
    if len(cuts) <= _MIN_LINES:
        return False
    columns: dict[int, list[tuple[float, float]]] = {}
    for index, gaps in cuts.items():
        line = lines[index]
        ordered = sorted(gaps, key=lambda gap: gap.left)
        starts = [line.left, *(gap.right for gap in ordered)]
        ends = [*(gap.left for gap in ordered), line.right]
        for left, right in zip(starts, ends, strict=True):
            columns.setdefault(sum(left >= gutter for gutter in gutters), []).append((left, right))
    text = "".join(lines[index].text for index in cuts)
    if _share_of_digits(text) > _MAX_DIGITS or len(text) < len(cuts) * 2 * _MIN_CHARS:
        return False
    narrowest = _MIN_WIDTH * max(lines[index].size for index in cuts)
    return all(
        _fill(parts) >= _MIN_FILL and _mean_width(parts) >= narrowest for parts in columns.values()
    )


def _fill(parts: Iterable[tuple[float, float]]) -> float:
    """Mean width of lines as a share of the widest."""
    parts = list(parts)
    return _mean_width(parts) / max(1.0, *(right - left for left, right in parts))


def _mean_width(parts: Sequence[tuple[float, float]]) -> float:
    return sum(right - left for left, right in parts) / len(parts)


def _share_of_digits(text: str) -> float:
    return sum(map(str.isdigit, text)) / max(len(text), 1)


def order_lines(lines: list[Line], height: float) -> list[Line]:
    """Lines in reading order: as they are, unless the stream jumps between columns."""
    inner = [
        line
        for line in lines
        if not line.is_sideways and line.bottom > height * _EDGE and line.top < height * (1 - _EDGE)
    ]
    if len(inner) > _MOST_LINES:
        return lines
    beside = _side_by_side(inner)
    if beside >= _MIN_LINES:
        ordered = _ordered(inner, is_rtl=_is_rtl(inner), depth=0)
    else:
        ordered = inner if beside or _goes_down(inner) else sorted(inner, key=_top)
    if ordered is inner:
        return lines
    inside = set(map(id, inner))
    head = [line for line in lines if id(line) not in inside and line.top < height / 2]
    foot = [line for line in lines if id(line) not in inside and line.top >= height / 2]
    return [*head, *ordered, *foot]


def _top(line: Line) -> float:
    return line.top


def _goes_down(lines: Sequence[Line]) -> bool:
    return all(before.top <= line.top for before, line in pairwise(lines))


def _side_by_side(lines: Sequence[Line]) -> int:
    """How many neighbours from top to bottom stand beside each other."""
    return sum(
        line.top < before.bottom - 1
        and (line.left > before.right + _MIN_GUTTER or before.left > line.right + _MIN_GUTTER)
        for before, line in pairwise(sorted(lines, key=_top))
    )


def _ordered(lines: list[Line], *, is_rtl: bool, depth: int) -> list[Line]:
    """The same list where there is nothing to order."""
    gutter = _best_gutter(lines) if depth < _MOST_GUTTERS else None
    if gutter is None:
        return lines
    ordered: list[Line] = []
    is_changed = False
    for band in _bands(lines, gutter):
        sides = [
            [line for line in band if line.left < gutter],
            [line for line in band if line.left >= gutter],
        ]
        for side in reversed(sides) if is_rtl else sides:
            part = _ordered(side, is_rtl=is_rtl, depth=depth + 1)
            is_changed |= part is not side
            ordered.extend(part)
    hops_more = _hops(lines, gutter) > _hops(ordered, gutter) + 1
    return ordered if is_changed or hops_more or _is_headed_late(lines, ordered) else lines


def _is_headed_late(lines: Sequence[Line], ordered: Sequence[Line]) -> bool:
    """Whether what stands on top of the page is drawn after the most of it."""
    return any(line is ordered[0] for line in lines[len(lines) // 2 :])


def _hops(lines: Sequence[Line], gutter: float) -> int:
    return sum((a.left < gutter) != (b.left < gutter) for a, b in pairwise(lines))


def _best_gutter(lines: Sequence[Line]) -> float | None:
    """Left edge of the column right of the gutter that parts most lines."""
    if len(lines) < 2 * _MIN_LINES:
        return None
    text_left = min(line.left for line in lines)
    text_right = max(line.right for line in lines)
    margin = (text_right - text_left) * 0.12
    edges: Counter[int] = Counter(round(line.left / 3) for line in lines)
    best: tuple[int, float] | None = None
    for edge, count in edges.most_common(3 * _MOST_GUTTERS):
        at = edge * 3 - 3.0
        if count < _MIN_LINES or not text_left + margin < at < text_right - margin:
            continue
        score = _parted(lines, at)
        if score and (best is None or score > best[0]):
            best = (score, at)
    return best[1] if best else None


def _parted(lines: Sequence[Line], at: float) -> int:
    """How many lines a gutter parts, 0 where it is none."""
    left = [line for line in lines if line.right <= at - 1]
    right = [line for line in lines if line.left >= at]
    crossing = len(lines) - len(left) - len(right)
    if min(len(left), len(right)) < _MIN_LINES or crossing > len(lines) * _MAX_CROSSING:
        return 0
    if not (_is_prose(left) and _is_prose(right) and _overlap(left, right)):
        return 0
    return len(left) + len(right) - 3 * crossing


def _is_prose(lines: Sequence[Line]) -> bool:
    text = "".join(line.text for line in lines)
    if len(text) < len(lines) * _MIN_CHARS or _share_of_digits(text) > _MAX_DIGITS:
        return False
    return _fill((line.left, line.right) for line in lines) >= _MIN_FILL


def _overlap(left: Sequence[Line], right: Sequence[Line]) -> bool:
    """Whether two columns stand beside, not below each other."""
    top = max(min(line.top for line in left), min(line.top for line in right))
    bottom = min(max(line.bottom for line in left), max(line.bottom for line in right))
    heights = [max(s.bottom for s in side) - min(s.top for s in side) for side in (left, right)]
    return bottom - top >= _MIN_OVERLAP * min(heights)


def _bands(lines: Sequence[Line], gutter: float) -> list[list[Line]]:
    """Lines in the order of the page, cut where one runs across the gutter."""
    crossing = [line for line in lines if line.left < gutter and line.right > gutter]
    crossing.sort(key=lambda line: line.top)
    middles = [(line.top + line.bottom) / 2 for line in crossing]
    across = set(map(id, crossing))
    bands: list[list[Line]] = [[] for _ in range(len(crossing) + 1)]
    for line in lines:
        if id(line) not in across:
            middle = (line.top + line.bottom) / 2
            bands[sum(middle > each for each in middles)].append(line)
    ordered: list[list[Line]] = []
    for index, band in enumerate(bands):
        if band:
            ordered.append(band)
        if index < len(crossing):
            ordered.append([crossing[index]])
    return ordered


def _is_rtl(lines: Sequence[Line]) -> bool:
    text = "".join(line.text[:20] for line in lines[:50])
    letters = [char for char in text if char.isalpha()]
    rtl = sum(unicodedata.bidirectional(char) in _RTL for char in letters)
    return rtl * 2 > len(letters)
