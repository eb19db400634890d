"""Text of single pages by pypdf: where pdfium finds no map to Unicode, or fails on the page.

pypdf is twenty times slower and gives no places, so only these pages are read with it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.pdf.glyphs import is_garbage, readable, visible

_TRIED_IN_VAIN = 5
_MOST_SECONDS = 30.0
_NARRATIVE_WORDS = 8


def read_with_pypdf(
    path: Path, numbers: Sequence[int], password: str | None, count: int
) -> dict[int, list[Element]]:
    """Elements of those pages that pypdf reads; the others are not in the answer.

    Gives up after five pages in vain or 30 CPU-seconds, and where it does not see `count` pages
    as pdfium does, since its numbers would then name other pages.
    """
    if not numbers:
        return {}
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    found: dict[int, list[Element]] = {}
    begin = time.process_time()
    with path.open("rb") as file:
        try:
            reader = pypdf.PdfReader(file, strict=False, password=password)
            if not _has_pages(reader, count):
                return {}
            for tried, number in enumerate(numbers):
                is_late = time.process_time() - begin > _MOST_SECONDS
                if is_late or (tried >= _TRIED_IN_VAIN and not found):
                    break
                elements = _page_elements(reader, number)
                if elements:
                    found[number] = elements
        except Exception:  # noqa: BLE001 - pypdf raises anything on damaged files
            return found
    return found


def _has_pages(reader: Any, count: int) -> bool:
    """Whether the tree really has that many pages; `len(pages)` believes what the tree says."""
    _ = reader.pages[0]
    return len(reader.flattened_pages or ()) == count


def _page_elements(reader: Any, number: int) -> list[Element]:
    try:
        text = str(reader.pages[number - 1].extract_text())
    except Exception:  # noqa: BLE001 - the page stays unread and is told in a warning
        return []
    if is_garbage(visible(text)) or _is_private_code(text):
        return []
    return [
        Element(_kind(block), block, page=number, extra={"extracted_by": "pypdf"})
        for block in map(_lines, re.split(r"\n\s*\n", text))
        if block
    ]


def _lines(block: str) -> str:
    lines = (readable(line) for line in block.splitlines())
    return "\n".join(line for line in lines if line)


def _kind(block: str) -> str:
    return "NarrativeText" if len(block.split()) >= _NARRATIVE_WORDS else "UncategorizedText"


def _is_private_code(text: str) -> bool:
    """Glyph names instead of letters (`/g12/g7`), and letters that form no words."""
    glyphs = visible(text)
    if len(re.findall(r"/[A-Za-z]+\d+", text)) * 10 > len(glyphs):
        return True
    return sum(map(str.isalnum, glyphs)) * 2 < len(glyphs)
