"""unstructured's partitioners, imported behind the tokenizer seam, and its elements as ours.

The only module that imports unstructured. Formats live beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.tables import MAX_ROWS, table_elements, table_text
from doc_pipeline.extraction.tokenizer_seam import install_tokenizer

_KEPT = ("link_urls", "link_texts", "emphasized_text_contents", "sent_from", "sent_to", "subject")
_TITLE_MAX_CHARS = 200
_TITLE_MAX_WORDS = 20


def load_partition(name: str) -> Callable[..., Iterable[Any]]:
    """The function `partition_<name>` of unstructured."""
    install_tokenizer()
    module = import_module(f"unstructured.partition.{name}")
    function: Callable[..., Iterable[Any]] = getattr(module, f"partition_{name}")
    return function


def classify_text(text: str) -> Element:
    """One block of plain text with the class that unstructured gives it."""
    install_tokenizer()
    module = import_module("unstructured.partition.text")
    found = module.element_from_text(text)
    return to_element(found.category, str(found.text or text), found.metadata)


def to_elements(found: Iterable[Any]) -> list[Element]:
    """Unstructured's elements as ours; page breaks are dropped, the page numbers stay."""
    elements = [
        part
        for element in found
        if element.category != "PageBreak"
        for part in _parts(element.category, str(element.text or ""), element.metadata)
    ]
    return [element for element in elements if element.text.strip()]


def _parts(category: str, text: str, metadata: Any) -> Iterator[Element]:
    """One element, or the parts of a table that is too long for one."""
    element = to_element(category, text, metadata)
    if element.text_as_html is None or element.text.count("\n") < MAX_ROWS:
        yield element
        return
    for part in table_elements(_rows_in(element.text_as_html), page=element.page):
        yield replace(part, extra=element.extra)


def to_element(category: str, text: str, metadata: Any) -> Element:
    """One element with the metadata that later stages use."""
    fields: Mapping[str, Any] = metadata.to_dict()
    depth = fields.get("category_depth")
    html = fields.get("text_as_html")
    rows = _rows_in(html) if html else []
    element = Element(
        type=category,
        text=table_text(rows) or text.strip(),
        page=fields.get("page_number"),
        depth=(depth or 0) if category == "Title" else None,
        text_as_html=html,
        extra={name: fields[name] for name in _KEPT if fields.get(name)},
    )
    return _without_false_title(element)


def _rows_in(html: str) -> list[list[str]]:
    from lxml import html as lxml_html

    table = lxml_html.fragment_fromstring(html, create_parent=True)
    rows = table.iter("tr")
    return [
        [" ".join(cell.itertext()) for cell in row.iterchildren() if cell.tag in {"td", "th"}]
        for row in rows
    ]


def _without_false_title(element: Element) -> Element:
    """A 'Title' that is prose or rows would become the heading of everything after it."""
    if element.type != "Title":
        return element
    text = element.text
    is_long = len(text) > _TITLE_MAX_CHARS or len(text.split()) > _TITLE_MAX_WORDS
    has_letters = any(map(str.isalpha, text))
    if is_long or (text.endswith((".", "。", ";", ",")) and len(text.split()) > 3):
        return replace(element, type="NarrativeText", depth=None)
    if "\n" in text or not has_letters:
        return replace(element, type="UncategorizedText", depth=None)
    return element
