"""Plain text to elements: our blocks, unstructured's classes."""

from __future__ import annotations

from pathlib import Path

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.extraction.charset import declared_charset, decode_text
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.text_blocks import split_blocks

CLASSIFY_UP_TO_CHARS = 4_000_000
"""About 10 CPU-seconds of classifying; in longer texts every block is text without a class."""


def read_text(path: Path, request: ExtractRequest, *, declares: bool = False) -> str:
    """Text of a text file, line ends as newlines. Raises `OverLimit`.

    `declares`: the format names its charset inside, as html does.
    """
    size_bytes = path.stat().st_size
    if size_bytes > request.limits.text_bytes:
        raise OverLimit(limit="text_bytes", allowed=request.limits.text_bytes, found=size_bytes)
    data = path.read_bytes()
    text, _ = decode_text(data, declared_charset(data) if declares else None)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def extract_text(path: Path, request: ExtractRequest) -> Draft:
    """Paragraphs, titles and list items of a plain text. Raises `OverLimit`."""
    return Draft(text_elements(read_text(path, request)))


def text_elements(text: str) -> list[Element]:
    """Elements of a plain text."""
    if len(text) > CLASSIFY_UP_TO_CHARS:
        return [Element("UncategorizedText", block) for block in split_blocks(text)]
    from doc_pipeline.extraction.partitions import classify_text

    return [classify_text(block) for block in split_blocks(text)]
