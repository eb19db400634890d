"""Markdown and html to elements through unstructured."""

from __future__ import annotations

import re
from pathlib import Path

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.partitions import load_partition, to_elements
from doc_pipeline.extraction.plain_text import read_text, text_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest

_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)(?:---|\.\.\.)\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_HTML_TITLE = re.compile(r"<title[^>]*>(.{0,2000}?)</title", re.DOTALL | re.IGNORECASE)
_ENDLESS_SIGNS = re.compile(r"[\[\]*_`>!()\\]{1000}")
"""The Markdown parser takes hours for a page of brackets; such a file is read as plain text."""
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def extract_markdown(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a Markdown text; front matter gives the title and is left out."""
    text = read_text(path, request).removeprefix("\ufeff")
    title = None
    if front := _FRONT_MATTER.match(text):
        found = _FRONT_TITLE.search(front[1])
        title = found[1] if found else None
        text = text[front.end() :]
    if not text.strip():
        return Draft([], title=title)
    if _ENDLESS_SIGNS.search(text):
        return Draft(text_elements(text), title=title, warnings=("read as plain text",))
    return Draft(to_elements(load_partition("md")(text=text, languages=[""])), title=title)


def extract_html(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a web page; its title is the one in its head."""
    text = read_text(path, request, declares=True)
    return Draft(html_elements(text), title=html_title(text))


def html_elements(text: str) -> list[Element]:
    """Elements of html that is decoded already."""
    text = _DECLARATION.sub("", text.removeprefix("\ufeff"))  # its encoding is no longer true
    if not text.strip():
        return []
    return to_elements(load_partition("html")(text=text, languages=[""]))


def html_title(text: str) -> str | None:
    """Content of the title tag, as people see it."""
    from html import unescape

    found = _HTML_TITLE.search(text[:200_000])
    return unescape(found[1]).strip() or None if found else None
