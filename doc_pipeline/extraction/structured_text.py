"""reStructuredText and org: plain texts with headings, lists, tables and code of their own form.

What their libraries raise on is read as plain text by the registry's second way.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import ExtractionFailed
from doc_pipeline.extraction.dates import iso_of_text
from doc_pipeline.extraction.org_blocks import org_elements, plain_org
from doc_pipeline.extraction.partitions import classify_text
from doc_pipeline.extraction.plain_text import read_text
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.rst_blocks import parse_rst, rst_elements, rst_facts

_MOST_CHARS = 2_000_000
"""About 40 CPU-seconds of docutils; longer ones are read as plain text."""


def extract_rst(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a reStructuredText. Raises `OverLimit`, `ExtractionFailed`."""
    text = _text(path, request)
    document = parse_rst(text)
    facts = rst_facts(document)
    return Draft(
        list(rst_elements(document, _classified)),
        title=str(document.get("title") or "") or None,
        author=facts.get("author") or facts.get("authors"),
        created_at=iso_of_text(facts.get("date", "")),
    )


def extract_org(path: Path, request: ExtractRequest) -> Draft:
    """Elements of an org file. Raises `OverLimit`, `ExtractionFailed`."""
    from orgparse import loads

    root: Any = loads(_text(path, request))
    title = _told(root, "TITLE")
    elements = [Element("Title", title, depth=0)]
    top = 0 if title else 1
    for node in root.env.nodes:
        if not node.is_root():
            heading = plain_org(node.get_heading(format="raw")).strip()
            elements.append(Element("Title", heading, depth=node.level - top))
        lines = node.get_body(format="raw").split("\n")
        elements.extend(org_elements(lines, _classified))
    date = _told(root, "DATE")
    return Draft(
        elements,
        title=title or None,
        author=_told(root, "AUTHOR") or None,
        created_at=iso_of_text(date.strip("<>[]").split(" ")[0]) if date else None,
    )


def _told(root: Any, name: str) -> str:
    return " ".join(root.get_file_property_list(name)).strip()


def _text(path: Path, request: ExtractRequest) -> str:
    text = read_text(path, request).removeprefix("\ufeff")
    if len(text) > _MOST_CHARS:
        raise ExtractionFailed(kind=request.kind, reason="too long")
    return text


def _classified(text: str) -> Element:
    """Prose or other text; what is a heading the form itself says."""
    element = classify_text(text) if text.strip() else Element("UncategorizedText", text)
    is_guess = element.type in {"Title", "ListItem"}
    return replace(element, type="UncategorizedText", depth=None) if is_guess else element
