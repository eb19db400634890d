"""Where sentences and lines end. Rules, no model; every pattern is linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

# The look-behind lets a run of dots be tried once, not once per dot.
_END = re.compile(
    r"(?:(?<![.!?…])[.!?…]++[\"'”’»)\]*_]*+(?=\s)|[。！？｡।॥؟۔։።၊။។]++[」』）】”’\"')]*+)\s*"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘«]*\Z")
_ABBREVIATION_WORDS = """
    mr mrs ms dr prof st sr jr rev hon gen col capt lt sgt gov sen rep pres messrs
    vs etc e.g i.e eg ie cf al viz approx ca c no nos vol vols fig figs eq sec ch art para
    p pp ed eds inc ltd co corp dept est u.s u.k e.u u.n a.m p.m ph.d m.d b.a m.a
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri
    z.b d.h u.a bzw usw vgl nr str abs bd hrsg evtl ggf inkl sog
    mme mlle m.m av env ex sra srta ud uds núm pág tel
"""
_ABBREVIATIONS = frozenset(_ABBREVIATION_WORDS.split())
_LOOK_BACK = 24
_WRAPPED_FROM, _WRAPPED_TO = 40, 160


def sentence_starts(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets in (start, end) where a new sentence begins."""
    for match in _END.finditer(text, start, end):
        if match.end() < end and _ends_sentence(text, match.start(), start):
            yield match.end()


def _ends_sentence(text: str, mark: int, start: int) -> bool:
    """Whether the full stop at `mark` is neither an abbreviation's nor a number's."""
    if text[mark] != "." or text[mark + 1 : mark + 2] == ".":
        return True
    found = _LAST_WORD.search(text, max(start, mark - _LOOK_BACK), mark)
    word = found.group() if found else ""
    if len(word) == 1 and word.isalpha() and word.isupper():
        return False
    is_enumerator = len(word) <= 3 and word.isdigit() and _opens_line(text, mark - len(word), start)
    return not is_enumerator and word.lower() not in _ABBREVIATIONS


def _opens_line(text: str, offset: int, start: int) -> bool:
    return offset <= start or text[offset - 1] == "\n" or text[max(start, offset - 2)] in ".!?"


def skip_space(text: str, offset: int, end: int) -> int:
    """The first offset in [offset, end) that is not white space, else `end`."""
    while offset < end and text[offset].isspace():
        offset += 1
    return offset


def line_starts(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets in (start, end) where a line begins, white space at its head passed over."""
    offset = text.find("\n", start, end)
    while offset != -1:
        offset = skip_space(text, offset + 1, end)
        if offset < end:
            yield offset
        offset = text.find("\n", offset, end)


def prose_line_starts(text: str, start: int, end: int) -> Iterator[int]:
    """As `line_starts`, without the breaks of text wrapped to a width."""
    bounds = [start, *line_starts(text, start, end), end]
    if len(bounds) == 2:
        return
    widths = [len(text[a:b].rstrip()) for a, b in pairwise(bounds)]
    longest = max(widths)
    can_wrap = _WRAPPED_FROM <= longest <= _WRAPPED_TO
    for offset, width, line in zip(bounds[1:-1], widths, bounds, strict=False):
        is_full = width >= 0.7 * longest and text[line + width - 1] not in ".!?:;|。"
        is_wrap = can_wrap and is_full and text.count("\n", line + width, offset) == 1
        if not is_wrap:
            yield offset
