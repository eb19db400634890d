"""Stage chunk: cut the text of one document version into passages.

Does not embed. The artifact also carries the facts of the text that later stages need.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.chunking.strategy import ChunkSettings, chunk_document
from doc_pipeline.domain.chunk import Chunk
from doc_pipeline.domain.errors import ArtifactMissing, ObjectGone
from doc_pipeline.domain.identity import artifact_prefix, fingerprint_of
from doc_pipeline.domain.stage import CODE_VERSION, Stage
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.extract import ExtractedDocument


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What the catalog keeps of a document's text.

    `facts` is what extraction told of the whole document; `text_key` is where the plain text lies
    in the artifact store.
    """

    facts: Mapping[str, Any]
    words: int
    characters: int
    text_key: str


@dataclass(frozen=True, slots=True)
class ChunkedDocument:
    """The chunks of one version, in order, and the facts of the text."""

    fingerprint: str
    artifact_key: str
    facts: TextFacts
    chunks: tuple[Chunk, ...]
    is_reused: bool

    @property
    def tokens(self) -> int:
        """Estimated tokens of all chunks."""
        return sum(chunk.tokens for chunk in self.chunks)


def chunk_text(
    document: ClaimedDocument, version: int, source: ExtractedDocument, adapters: Adapters
) -> ChunkedDocument:
    """Cut the text, or load the chunks when this code and these settings made them already."""
    settings = chunk_settings(document, adapters)
    key, fingerprint = _place(document, version, source.fingerprint, settings)
    with suppress(ObjectGone):
        return _load(key, fingerprint, adapters)
    chunks = tuple(chunk_document(document.document_id, source.extracted, settings))
    extracted = source.extracted
    facts = TextFacts(
        facts=extracted.facts(),
        words=extracted.words,
        characters=len(extracted.text),
        text_key=source.text_key,
    )
    stored = {"facts": asdict(facts), "chunks": [chunk.to_dict() for chunk in chunks]}
    data = json.dumps(stored, ensure_ascii=False, separators=(",", ":"))
    adapters.artifacts.put(key, data.encode("utf-8", "replace"))
    return ChunkedDocument(fingerprint, key, facts, chunks, is_reused=False)


def chunked_before(
    document: ClaimedDocument, version: int, extract_fingerprint: str, adapters: Adapters
) -> ChunkedDocument:
    """The chunks an earlier run made. Raises `ArtifactMissing` when there are none."""
    settings = chunk_settings(document, adapters)
    key, fingerprint = _place(document, version, extract_fingerprint, settings)
    try:
        return _load(key, fingerprint, adapters)
    except ObjectGone as gone:
        raise ArtifactMissing(stage=Stage.CHUNK.value) from gone


def chunk_settings(document: ClaimedDocument, adapters: Adapters) -> ChunkSettings:
    """The settings of this document: its own options over those of the pipeline."""
    settings = adapters.settings.chunking
    options = document.options
    if options.chunk_strategy is not None:
        settings = replace(settings, strategy=options.chunk_strategy)
    if options.chunk_size is not None:
        settings = replace(settings, size=options.chunk_size, strategy="fixed")
    return settings


def _place(
    document: ClaimedDocument, version: int, extract_fingerprint: str, settings: ChunkSettings
) -> tuple[str, str]:
    fingerprint = fingerprint_of(
        Stage.CHUNK, CODE_VERSION[Stage.CHUNK], settings.to_fingerprint(), [extract_fingerprint]
    )
    prefix = artifact_prefix(Stage.CHUNK, document.document_id, version, fingerprint)
    return f"{prefix}/chunks.json", fingerprint


def _load(key: str, fingerprint: str, adapters: Adapters) -> ChunkedDocument:
    stored = json.loads(adapters.artifacts.get(key))
    return ChunkedDocument(
        fingerprint=fingerprint,
        artifact_key=key,
        facts=TextFacts(**stored["facts"]),
        chunks=tuple(Chunk.from_dict(item) for item in stored["chunks"]),
        is_reused=True,
    )
