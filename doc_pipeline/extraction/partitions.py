"""unstructured's partitioners, imported behind the tokenizer seam, and its elements as ours.

The only module that imports unstructured. Formats live beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from doc_pipeline.domain.element import Element
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


def to_elements(found: Iterable[Any]) -> list[Element]:
    """unstructured's elements as ours; page breaks are dropped, the page numbers stay."""
    elements = [
        to_element(element.category, str(element.text or ""), element.metadata)
        for element in found
        if element.category != "PageBreak"
    ]
    return [element for element in elements if element.text.strip()]


def to_element(category: str, text: str, metadata: Any) -> Element:
    """One element with the metadata that later stages use."""
    fields: Mapping[str, Any] = metadata.to_dict()
    depth = fields.get("category_depth")
    element = Element(
        type=category,
        text=text.strip(),
        page=fields.get("page_number"),
        depth=depth if depth is not None or category != "Title" else 0,
        text_as_html=fields.get("text_as_html"),
        extra={name: fields[name] for name in _KEPT if fields.get(name)},
    )
    return _without_false_title(element)


def _without_false_title(element: Element) -> Element:
    """A 'Title' as long as a paragraph would become the heading of everything after it."""
    is_long = len(element.text) > _TITLE_MAX_CHARS or len(element.text.split()) > _TITLE_MAX_WORDS
    if element.type == "Title" and is_long:
        return replace(element, type="NarrativeText", depth=None)
    return element
