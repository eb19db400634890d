"""Elements: the blocks an extractor saw, and the text of a document made of them.

The dictionary form is that of unstructured's `Element.to_dict`, so its tools read our artifacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SEPARATOR = "\n\n"
"""Stands between two elements in the text of a document."""

MARGIN_TYPES = frozenset({"Header", "Footer", "PageNumber"})
"""Repeated page furniture: part of the text, never part of a chunk."""


@dataclass(frozen=True, slots=True)
class Element:
    """One block: unstructured's type name, its text and where it was found.

    `start` and `end` are character offsets in the document's text, -1 before placing.
    `depth` is the heading level, 0 for the topmost. `extra` goes into the metadata as it is and
    must be JSON.
    """

    type: str
    text: str
    page: int | None = None
    depth: int | None = None
    language: str | None = None
    text_as_html: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    start: int = -1
    end: int = -1

    def to_dict(self) -> dict[str, Any]:
        """The element as unstructured writes it, with our span beside."""
        metadata: dict[str, Any] = dict(self.extra)
        if self.page is not None:
            metadata["page_number"] = self.page
        if self.depth is not None:
            metadata["category_depth"] = self.depth
        if self.language is not None:
            metadata["languages"] = [self.language]
        if self.text_as_html is not None:
            metadata["text_as_html"] = self.text_as_html
        metadata["char_start"], metadata["char_end"] = self.start, self.end
        return {"type": self.type, "text": self.text, "metadata": metadata}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Element:
        """Read what `to_dict` wrote, or what unstructured's `to_dict` wrote."""
        metadata = dict(data.get("metadata") or {})
        languages = metadata.pop("languages", None) or [None]
        return cls(
            type=str(data["type"]),
            text=str(data["text"]),
            page=metadata.pop("page_number", None),
            depth=metadata.pop("category_depth", None),
            language=languages[0],
            text_as_html=metadata.pop("text_as_html", None),
            start=metadata.pop("char_start", -1),
            end=metadata.pop("char_end", -1),
            extra=metadata,
        )


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """A document's text and its elements, each with its span: `text[e.start:e.end] == e.text`.

    `pages` is None where the format has no pages. `extractor` is "name@version".
    """

    text: str
    elements: tuple[Element, ...]
    kind: str
    extractor: str
    pages: int | None = None
    language: str | None = None
    title: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def words(self) -> int:
        """Words as white space separates them."""
        return len(self.text.split())

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the text (it is stored beside)."""
        return {
            "kind": self.kind,
            "extractor": self.extractor,
            "pages": self.pages,
            "language": self.language,
            "title": self.title,
            "warnings": list(self.warnings),
            "elements": [element.to_dict() for element in self.elements],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], text: str) -> ExtractedText:
        """Read what `to_dict` wrote, with the text stored beside."""
        return cls(
            text=text,
            elements=tuple(Element.from_dict(item) for item in data["elements"]),
            kind=data["kind"],
            extractor=data["extractor"],
            pages=data["pages"],
            language=data["language"],
            title=data["title"],
            warnings=tuple(data["warnings"]),
        )


def place_elements(elements: Iterable[Element]) -> tuple[str, tuple[Element, ...]]:
    """Join the elements' texts and give each its span; empty elements are left out."""
    parts: list[str] = []
    placed: list[Element] = []
    offset = 0
    for element in elements:
        if not element.text.strip():
            continue
        if parts:
            offset += len(SEPARATOR)
        end = offset + len(element.text)
        parts.append(element.text)
        placed.append(replace(element, start=offset, end=end))
        offset = end
    return SEPARATOR.join(parts), tuple(placed)
