"""Elements: the blocks an extractor saw, and the text of a document made of them.

The dictionary form is that of unstructured's `Element.to_dict`, so its tools read our artifacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from doc_pipeline.domain.attachment import Attachment

SEPARATOR = "\n\n"
"""Stands between two elements in the text of a document."""

MARGIN_TYPES = frozenset({"Header", "Footer", "PageNumber"})
"""Repeated page furniture: part of the text, never part of a chunk."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a block stands on its page, from the page's top left corner.

    All in `unit`: "points" (1/72 inch, PDF) or "pixels" (pictures).
    """

    left: float
    top: float
    right: float
    bottom: float
    page_width: float
    page_height: float
    unit: str = "points"

    def to_coordinates(self) -> dict[str, Any]:
        """As unstructured writes coordinates."""
        left, top, right, bottom = (
            round(value, 1) for value in (self.left, self.top, self.right, self.bottom)
        )
        return {
            "points": [[left, top], [left, bottom], [right, bottom], [right, top]],
            "system": "PointSpace" if self.unit == "points" else "PixelSpace",
            "layout_width": round(self.page_width, 1),
            "layout_height": round(self.page_height, 1),
        }

    @classmethod
    def from_coordinates(cls, data: Mapping[str, Any] | None) -> Box | None:
        """Read what `to_coordinates` or unstructured wrote; None where there is nothing."""
        if not data or not data.get("points"):
            return None
        xs, ys = zip(*data["points"], strict=True)
        return cls(
            left=min(xs),
            top=min(ys),
            right=max(xs),
            bottom=max(ys),
            page_width=data.get("layout_width") or 0.0,
            page_height=data.get("layout_height") or 0.0,
            unit="points" if data.get("system") == "PointSpace" else "pixels",
        )


@dataclass(frozen=True, slots=True)
class Element:
    """One block: unstructured's type name, its text and where it was found.

    `start` and `end` are character offsets in the document's text, -1 before placing.
    `depth` is the heading level, 0 for the topmost. `extra` goes into the metadata as it is and
    must be JSON. `box` is where it stands, where the format says so.
    """

    type: str
    text: str
    page: int | None = None
    depth: int | None = None
    language: str | None = None
    text_as_html: str | None = None
    box: Box | None = None
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
        if self.box is not None:
            metadata["coordinates"] = self.box.to_coordinates()
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
            box=Box.from_coordinates(metadata.pop("coordinates", None)),
            start=metadata.pop("char_start", -1),
            end=metadata.pop("char_end", -1),
            extra=metadata,
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """What extracting one document took, its child processes (OCR) included.

    `peak_memory_bytes` is the most resident memory above what the extracting process held before:
    libraries that it had loaded for earlier documents are not this one's.
    """

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """A document's text and its elements, each with its span: `text[e.start:e.end] == e.text`.

    `pages` is None where the format has no pages. `extractor` is "name@version" of the one that
    gave the text; `fallback` says, in a few words, which one failed before it and why. Dates are
    those the file itself tells, ISO 8601. `ocr_confidence` is the mean over the words read by
    OCR, 0 to 100. `usage` is None when it was not measured.
    """

    text: str
    elements: tuple[Element, ...]
    kind: str
    extractor: str
    pages: int | None = None
    language: str | None = None
    title: str | None = None
    author: str | None = None
    created_at: str | None = None
    modified_at: str | None = None
    ocr_pages: int = 0
    ocr_confidence: float | None = None
    fallback: str | None = None
    warnings: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    usage: Usage | None = None

    @property
    def words(self) -> int:
        """Words as white space separates them."""
        return len(self.text.split())

    def facts(self) -> dict[str, Any]:
        """What is known of the whole document, in JSON form: all but text and elements."""
        return {
            "kind": self.kind,
            "extractor": self.extractor,
            "pages": self.pages,
            "language": self.language,
            "title": self.title,
            "author": self.author,
            "created_at": self.created_at,
            "modified_at": self.modified_at,
            "ocr_pages": self.ocr_pages,
            "ocr_confidence": self.ocr_confidence,
            "fallback": self.fallback,
            "warnings": list(self.warnings),
            "attachments": [attachment.to_dict() for attachment in self.attachments],
            "usage": asdict(self.usage) if self.usage else None,
        }

    @classmethod
    def from_facts(
        cls, facts: Mapping[str, Any], elements: Iterable[Element], text: str
    ) -> ExtractedText:
        """Put together what `facts` told, the elements and the text."""
        known: dict[str, Any] = {
            **facts,
            "warnings": tuple(facts["warnings"]),
            "attachments": tuple(map(Attachment.from_dict, facts["attachments"])),
            "usage": Usage(**facts["usage"]) if facts["usage"] else None,
        }
        return cls(text=text, elements=tuple(elements), **known)

    def to_dict(self) -> dict[str, Any]:
        """Facts, elements and text as one JSON object."""
        elements = [element.to_dict() for element in self.elements]
        return {**self.facts(), "elements": elements, "text": self.text}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExtractedText:
        """Read what `to_dict` wrote."""
        facts = dict(data)
        text = facts.pop("text")
        elements = map(Element.from_dict, facts.pop("elements"))
        return cls.from_facts(facts, elements, text)


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
