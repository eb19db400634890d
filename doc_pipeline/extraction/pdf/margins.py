"""Running heads, feet and page numbers: what comes again at the edge of many pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from doc_pipeline.extraction.pdf.lines import Line, PageLines

_EDGE = 0.1
_PAGE_NUMBER = re.compile(
    r"^(?:page|seite|p\.|página|s\.)?\s*[-–|(]?\s*\d{1,4}\s*[-–|)]?(?:\s*(?:/|of|von|de)\s*\d{1,4})?$",
    re.IGNORECASE,
)


_NUMBERED = re.compile(r"^(?:(\d{1,4})\s+\D.*|.*\D\s+(\d{1,4}))$")
_MIN_NUMBERED = 3


def repeated_margins(pages: Sequence[PageLines]) -> dict[int, str]:
    """By id of the line: 'Header', 'Footer' or 'PageNumber'. Digits may differ between pages."""
    seen: dict[tuple[str, str], list[Line]] = defaultdict(list)
    found: dict[int, str] = {}
    for page in pages:
        for line in page.lines:
            role = _edge(line, page)
            if role is None:
                continue
            if len(pages) > 1 and _PAGE_NUMBER.match(line.text):
                found[id(line)] = "PageNumber"
            else:
                seen[role, re.sub(r"\d+", "#", line.text.lower())].append(line)
    found.update(_numbered_margins(seen))
    needed = min(4, max(2, len(pages) // 3))
    for (role, _), lines in seen.items():
        if len({line.page for line in lines}) >= needed:
            found.update((id(line), role) for line in lines)
    return found


def _numbered_margins(seen: Mapping[tuple[str, str], Sequence[Line]]) -> dict[int, str]:
    """Running heads that change with the chapter and carry the page number: 'Results 17'."""
    by_offset: dict[tuple[str, int], list[Line]] = defaultdict(list)
    for (role, _), lines in seen.items():
        for line in lines:
            number = _NUMBERED.match(line.text)
            if number:
                by_offset[role, int(number[1] or number[2]) - line.page].append(line)
    return {
        id(line): role
        for (role, _), lines in by_offset.items()
        if len({line.page for line in lines}) >= _MIN_NUMBERED
        for line in lines
    }


def _edge(line: Line, page: PageLines) -> str | None:
    if line.element is not None or line.is_sideways:
        return None
    if line.bottom <= page.height * _EDGE:
        return "Header"
    if line.top >= page.height * (1 - _EDGE):
        return "Footer"
    return None
