"""What each stage says of its work: the figures that people see plotted in the Dagster UI.

Figures are numbers and short words; the preview is for people who may read the document.
"""

from __future__ import annotations

import resource
import sys

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.identity import attachment_id_of
from doc_pipeline.domain.stage import Stage, StageResult
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.chunk import ChunkedDocument
from doc_pipeline.stages.describe import describe_fingerprint
from doc_pipeline.stages.embed import EmbeddedDocument
from doc_pipeline.stages.extract import ExtractedDocument
from doc_pipeline.stages.receive import ReceivedFile

Figures = dict[str, int | float | str]

PREVIEW_CHARACTERS = 1200
PREVIEW_CHUNKS = 3
MOST_CHILDREN = 20


def receive_result(
    document: ClaimedDocument, received: ReceivedFile, seconds: float
) -> StageResult:
    """Bytes, type and checksum of the raw copy."""
    return StageResult(
        document_id=document.document_id,
        version=received.version,
        stage=Stage.RECEIVE,
        fingerprint=received.fingerprint,
        artifact_key=received.artifact_key,
        is_reused=received.is_reused,
        seconds=seconds,
        data_version=received.sha256[:16],
        figures={
            "source": document.source_key,
            **({"parent": document.parent_id} if document.parent_id else {}),
            "bytes": received.size_bytes,
            "type": received.kind,
            "mime": received.mime,
            **({"claimed_mime": received.claimed_mime} if received.claimed_mime else {}),
            "sha256": received.sha256,
            "etag": received.etag,
            **_speed(seconds, megabytes=received.size_bytes / 1_000_000),
        },
    )


def extract_result(
    document: ClaimedDocument, received: ReceivedFile, done: ExtractedDocument, seconds: float
) -> StageResult:
    """Pages, words, language, and how the text was found."""
    extracted = done.extracted
    return StageResult(
        document_id=document.document_id,
        version=received.version,
        stage=Stage.EXTRACT,
        fingerprint=done.fingerprint,
        artifact_key=done.text_key,
        is_reused=done.is_reused,
        seconds=seconds,
        data_version=done.fingerprint,
        input_data_version=received.sha256[:16],
        figures={
            "pages": extracted.pages or 0,
            "words": extracted.words,
            "characters": len(extracted.text),
            "elements": len(extracted.elements),
            "language": extracted.language or "unknown",
            "extractor": extracted.extractor,
            **_seldom(extracted),
            **_children(document, extracted),
            **_speed(
                seconds, pages=extracted.pages or 1, megabytes=received.size_bytes / 1_000_000
            ),
            **_usage(extracted),
        },
        preview=extracted.text[:PREVIEW_CHARACTERS],
    )


def _seldom(extracted: ExtractedText) -> Figures:
    """Figures that most documents do not have."""
    confidence = extracted.ocr_confidence
    found: dict[str, int | float | str | None] = {
        "pages_by_ocr": extracted.ocr_pages,
        "ocr_confidence": None if confidence is None else round(confidence, 1),
        "fallback": extracted.fallback,
        "attachments": len(extracted.attachments),
        "warnings": "; ".join(extracted.warnings)[:500],
    }
    return {name: value for name, value in found.items() if value}


def _children(document: ClaimedDocument, extracted: ExtractedText) -> Figures:
    """The documents that were found inside this one, so that the UI leads on to them."""
    ids = [attachment_id_of(document.document_id, a.name) for a in extracted.attachments]
    if not ids:
        return {}
    more = f" and {len(ids) - MOST_CHILDREN} more" if len(ids) > MOST_CHILDREN else ""
    return {"children": ", ".join(ids[:MOST_CHILDREN]) + more}


def _usage(extracted: ExtractedText) -> Figures:
    """What the child process took for this document; over what `_speed` says of this process."""
    usage = extracted.usage
    if usage is None:
        return {}
    peak_mb = round(usage.peak_memory_bytes / 1_000_000, 1)
    return {"cpu_seconds": round(usage.cpu_s, 4), "peak_memory_mb": peak_mb}


def chunk_result(
    document: ClaimedDocument,
    version: int,
    extract_fingerprint: str,
    done: ChunkedDocument,
    seconds: float,
) -> StageResult:
    """Number and size of the chunks, and the first of them."""
    shown = "\n\n".join(
        f"{chunk.index + 1}. ({' > '.join(chunk.section) or 'no heading'}) {chunk.text[:300]}"
        for chunk in done.chunks[:PREVIEW_CHUNKS]
    )
    return StageResult(
        document_id=document.document_id,
        version=version,
        stage=Stage.CHUNK,
        fingerprint=done.fingerprint,
        artifact_key=done.artifact_key,
        is_reused=done.is_reused,
        seconds=seconds,
        data_version=done.fingerprint,
        input_data_version=extract_fingerprint,
        figures={
            "chunks": len(done.chunks),
            "tokens": done.tokens,
            "tokens_per_chunk": round(done.tokens / max(1, len(done.chunks)), 1),
            **_speed(seconds, chunks=len(done.chunks)),
        },
        preview=shown,
    )


def embed_result(done: EmbeddedDocument, seconds: float, adapters: Adapters) -> StageResult:
    """Embeddings computed and reused, rows written, the commit."""
    chunks = len(done.ready.chunked.chunks)
    return StageResult(
        document_id=done.ready.document.document_id,
        version=done.ready.version,
        stage=Stage.EMBED,
        fingerprint=done.fingerprint,
        artifact_key=None,
        is_reused=done.rows_changed == 0,
        seconds=seconds,
        data_version=done.fingerprint,
        input_data_version=done.ready.chunked.fingerprint,
        figures={
            "model": adapters.embedder.model_id,
            "dimensions": adapters.embedder.dimensions,
            "embeddings_computed": done.computed,
            "embeddings_reused": done.reused,
            "tokens_embedded": done.tokens,
            "rows_written": done.rows_changed,
            "index_version": done.index_version,
            **_speed(seconds, chunks=chunks),
        },
    )


def describe_result(done: EmbeddedDocument, seconds: float) -> StageResult:
    """What analysts will find in SQL."""
    facts = done.ready.chunked.facts.facts
    fingerprint = describe_fingerprint(done)
    return StageResult(
        document_id=done.ready.document.document_id,
        version=done.ready.version,
        stage=Stage.DESCRIBE,
        fingerprint=fingerprint,
        artifact_key=None,
        is_reused=False,
        seconds=seconds,
        data_version=fingerprint,
        input_data_version=done.fingerprint,
        figures={
            "title": (facts["title"] or done.ready.document.original_name)[:200],
            "language": facts["language"] or "unknown",
            "pages": facts["pages"] or 0,
            "words": done.ready.chunked.facts.words,
            "chunks": len(done.ready.chunked.chunks),
            "version": done.ready.version,
            **_speed(seconds),
        },
    )


def _speed(seconds: float, **amounts: float) -> Figures:
    rates = {
        f"{name}_per_second": round(amount / seconds, 2) if seconds > 0 else 0.0
        for name, amount in amounts.items()
    }
    return {"seconds": round(seconds, 4), **rates, "peak_memory_mb": round(_peak_memory_mb(), 1)}


def _peak_memory_mb() -> float:
    """Largest resident size of this process so far, in MB (ru_maxrss is kB, on macOS bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1_000_000 if sys.platform == "darwin" else peak / 1_000
