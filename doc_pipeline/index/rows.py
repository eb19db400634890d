"""What goes into the index and what comes out of it. Imports no library."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One chunk as the index stores it, with what is shown beside it in results.

    `embedded_text` and `ranked_text` are what the vector and the full text are made of.
    """

    chunk_id: str
    document_id: str
    version: int
    chunk_index: int
    text: str
    embedded_text: str
    ranked_text: str
    section: str
    page_start: int | None
    page_end: int | None
    title: str
    source_key: str
    owner: str | None
    language: str | None
    kind: str
    metadata_json: str

    @property
    def row_hash(self) -> str:
        """Hex sha256 over all fields; changes exactly when the row must be written again."""
        made_of = json.dumps(astuple(self), ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(made_of.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Replacement:
    """What one commit has to do so that the index shows exactly the given documents' rows.

    `vanished` holds (document_id, chunk_id) of rows that get a tombstone.
    """

    changed: list[IndexRow]
    vanished: list[tuple[str, str]]
    unchanged: int


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A chunk that was found. `score` is 1 for the best possible, comparable within one search."""

    chunk_id: str
    document_id: str
    title: str
    source_key: str
    section: str
    page_start: int | None
    page_end: int | None
    score: float
    text: str
