"""Chunks: the passages we index. Knows nothing of how a text is cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Chunk:
    """One passage of a document: `document_text[start:end] == text`, always.

    `section` is the trail of headings above the passage, outermost first. `context_before` and
    `context_after` are words around it, for ranking only. `tokens` is an estimate.
    """

    chunk_id: str
    index: int
    text: str
    start: int
    end: int
    page_start: int | None
    page_end: int | None
    section: tuple[str, ...]
    element_types: tuple[str, ...]
    tokens: int
    context_before: str = ""
    context_after: str = ""

    @property
    def embedded_text(self) -> str:
        """What is sent to the embedder: heading trail, then the passage."""
        return "\n".join([*filter(None, [" > ".join(self.section)]), self.text])

    @property
    def ranked_text(self) -> str:
        """What full-text search ranks: heading trail, words before, passage, words after."""
        parts = [" > ".join(self.section), self.context_before, self.text, self.context_after]
        return "\n".join(part for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Chunk:
        """Read what `to_dict` wrote."""
        fields = dict(data)
        fields["section"] = tuple(fields["section"])
        fields["element_types"] = tuple(fields["element_types"])
        return cls(**fields)
