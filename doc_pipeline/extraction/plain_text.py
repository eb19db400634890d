"""Plain text to elements through unstructured; very long texts by paragraphs alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.extraction.charset import decode_text, declared_charset
from doc_pipeline.extraction.request import Draft, ExtractRequest

CLASSIFY_UP_TO_CHARS = 4_000_000
"""About 10 CPU-seconds of unstructured; above, every paragraph is text without a class."""
_PARAGRAPHS = re.compile(r"\n\s*\n")
_LONGEST_BLOCK = 20_000


def read_text(path: Path, request: ExtractRequest, *, declares: bool = False) -> tuple[str, str]:
    """Text and encoding of a text file, line ends as newlines. Raises `OverLimit`.

    `declares`: the format names its charset inside, as html does.
    """
    size_bytes = path.stat().st_size
    if size_bytes > request.limits.text_bytes:
        raise OverLimit(limit="text_bytes", allowed=request.limits.text_bytes, found=size_bytes)
    data = path.read_bytes()
    text, encoding = decode_text(data, declared_charset(data) if declares else None)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""), encoding


def extract_text(path: Path, request: ExtractRequest) -> Draft:
    """Paragraphs, titles and list items of a plain text. Raises `OverLimit`."""
    text, _ = read_text(path, request)
    if len(text) > CLASSIFY_UP_TO_CHARS:
        return Draft(list(_paragraphs(text)))
    from doc_pipeline.extraction.partitions import load_partition, to_elements

    return Draft(to_elements(load_partition("text")(text=text, languages=[""])))


def _paragraphs(text: str) -> Iterator[Element]:
    for paragraph in _PARAGRAPHS.split(text):
        rest = paragraph.strip()
        while len(rest) > _LONGEST_BLOCK:
            cut = max(rest.rfind("\n", 0, _LONGEST_BLOCK), rest.rfind(" ", 0, _LONGEST_BLOCK))
            cut = cut if cut > 0 else _LONGEST_BLOCK
            yield Element("UncategorizedText", rest[:cut])
            rest = rest[cut:].lstrip()
        if rest:
            yield Element("UncategorizedText", rest)
