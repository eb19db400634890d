"""Markdown that is a string already to elements, for every format that comes through Markdown."""

from __future__ import annotations

import re

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.partitions import load_partition, to_elements

_ENDLESS_SIGNS = re.compile(r"[\[\]*_`>!()\\]{1000}")


def is_endless(text: str) -> bool:
    """Whether the parser would take hours, as it does for a page of brackets."""
    return _ENDLESS_SIGNS.search(text) is not None


def markdown_elements(text: str) -> list[Element]:
    """Elements of a Markdown text that is not `is_endless`."""
    if not text.strip():
        return []
    return to_elements(load_partition("md")(text=text, languages=[""]))
