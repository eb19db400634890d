"""Markdown and html to elements through unstructured, with a second way for hostile pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.front_matter import split_front_matter
from doc_pipeline.extraction.html_blocks import html_blocks, stripped_text
from doc_pipeline.extraction.html_page import (
    CUT_OFF,
    DEEPEST,
    PageFacts,
    clean_page,
    page_facts,
    parse_page,
)
from doc_pipeline.extraction.language import detect_language
from doc_pipeline.extraction.markdown import is_endless
from doc_pipeline.extraction.partitions import classify_text, load_partition, to_elements
from doc_pipeline.extraction.plain_text import CLASSIFY_UP_TO_CHARS, read_text, text_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest

_LOST_SHARE = 0.15
_WORD = re.compile(r"\w+")
_EXTENSIONS = ["tables", "fenced_code"]
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_ITEM = re.compile(r" {0,3}(?:[*+-]|\d{1,3}[.)])[ \t]+\S")
_SECOND_WAY = "html-blocks@1"


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Elements of a page and what its head says; `fallback` tells why unstructured was not used."""

    elements: list[Element] = field(default_factory=list[Element])
    facts: PageFacts = field(default_factory=PageFacts)
    fallback: str | None = None


def extract_markdown(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a Markdown text; front matter gives title, author and dates and is left out."""
    text = read_text(path, request).removeprefix("\ufeff")
    front, text = split_front_matter(text)
    why = "the signs in it would take hours" if is_endless(text) else None
    if len(text) > CLASSIFY_UP_TO_CHARS:
        why = "it is too long"
    elements: list[Element] = []
    if why is None:
        elements, why = _markdown_elements(text)
    return Draft(
        text_elements(text) if why else elements,
        title=front.title,
        author=front.author,
        created_at=front.created_at,
        modified_at=front.modified_at,
        extractor="unstructured-text@2" if why else None,
        fallback=f"not read as Markdown ({why})" if why else None,
        warnings=("read as plain text",) if why else (),
    )


def _markdown_elements(text: str) -> tuple[list[Element], str | None]:
    """Elements, and why the text cannot be read as Markdown, if so."""
    try:
        page = import_module("markdown").markdown(_with_lists_apart(text), extensions=_EXTENSIONS)
    except (AssertionError, LookupError, RecursionError, TypeError, ValueError) as error:
        return [], type(error).__name__
    return read_page(page).elements, None


def _with_lists_apart(text: str) -> str:
    """With a blank line before each list, which people leave out and the parser wants."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        if opened := _FENCE.match(line):
            fence = "" if fence and opened[1].startswith(fence) else fence or opened[1]
        before = lines[-1] if lines else ""
        is_item = not fence and _ITEM.match(line)
        if is_item and before.strip() and not (_ITEM.match(before) or before[:1].isspace()):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def extract_html(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a web page; its head tells title, author, dates and language."""
    page = read_page(read_text(path, request, declares=True))
    facts = page.facts
    return Draft(
        page.elements,
        title=facts.title,
        author=facts.author,
        created_at=facts.created_at,
        modified_at=facts.modified_at,
        language=_believed(facts.language, page.elements),
        extractor=_SECOND_WAY if page.fallback else None,
        fallback=page.fallback,
    )


def read_page(text: str) -> ReadPage:
    """A page that is decoded already. Never raises for what is in it."""
    root = parse_page(text)
    if root is None:
        return ReadPage()
    facts = page_facts(root)
    depth = clean_page(root)
    why = "the page is nested too deeply" if depth > DEEPEST else None
    if len(text) > CLASSIFY_UP_TO_CHARS:
        why = "the page is too long"
    elements: list[Element] = []
    if why is None:
        elements, why = _partitioned(root)
    if depth > CUT_OFF:
        elements = text_elements(stripped_text(text))
    elif why is not None:
        is_long = len(text) > CLASSIFY_UP_TO_CHARS
        elements = html_blocks(root, _unclassified if is_long else classify_text)
    return ReadPage(elements, facts, f"unstructured-html was not used: {why}" if why else None)


def _partitioned(root: Any) -> tuple[list[Element], str | None]:
    """Elements of unstructured, and why they cannot be used, if so."""
    from lxml import html

    cleaned = html.tostring(root, encoding="unicode")
    try:
        elements = to_elements(load_partition("html")(text=cleaned, languages=[""]))
    except (AssertionError, LookupError, RecursionError, TypeError, ValueError) as error:
        return [], f"it failed ({type(error).__name__})"
    lost = _words_lost(root, elements)
    return elements, "it left out words" if lost > _LOST_SHARE else None


def _words_lost(root: Any, elements: Iterable[Element]) -> float:
    wanted = Counter(_WORD.findall(" ".join(root.itertext())))
    found = Counter(word for element in elements for word in _WORD.findall(element.text))
    return (wanted - found).total() / max(wanted.total(), 1)


def _unclassified(text: str) -> Element:
    return Element("UncategorizedText", text)


def _believed(claimed: str | None, elements: Iterable[Element]) -> str | None:
    """The language that a page claims, unless its text is in another: templates claim English."""
    if claimed is None:
        return None
    detected = detect_language("\n".join(element.text for element in elements))
    return detected or claimed
