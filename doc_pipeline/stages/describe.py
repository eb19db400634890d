"""Stage describe: write the chunk rows and the facts of a wave of documents into SQL.

The last stage: in the same transaction the documents become completed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from doc_pipeline.catalog.completion import DocumentRecord
from doc_pipeline.domain.identity import fingerprint_of
from doc_pipeline.domain.stage import CODE_VERSION, Stage
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.embed import EmbeddedDocument


def describe_documents(wave: Sequence[EmbeddedDocument], run_id: str, adapters: Adapters) -> None:
    """Write all rows of the wave in one transaction. Raises `CatalogUnavailable`."""
    adapters.catalog.work.complete(
        [_record(embedded, adapters) for embedded in wave], run_id=run_id
    )


def describe_fingerprint(embedded: EmbeddedDocument) -> str:
    """Changes with what is in the index."""
    return fingerprint_of(Stage.DESCRIBE, CODE_VERSION[Stage.DESCRIBE], {}, [embedded.fingerprint])


def _record(embedded: EmbeddedDocument, adapters: Adapters) -> DocumentRecord:
    ready = embedded.ready
    about = ready.chunked.facts
    facts = about.facts
    usage = facts["usage"] or {}
    peak_bytes = usage.get("peak_memory_bytes")
    return DocumentRecord(
        document_id=ready.document.document_id,
        version=ready.version,
        title=facts["title"] or ready.document.original_name,
        language=facts["language"],
        pages=facts["pages"],
        words=about.words,
        characters=about.characters,
        chunks=ready.chunked.chunks,
        tokens=ready.chunked.tokens,
        kind=facts["kind"],
        embedding_model=adapters.embedder.model_id,
        text_key=about.text_key,
        author=facts["author"],
        file_created_at=moment_of(facts["created_at"]),
        file_modified_at=moment_of(facts["modified_at"]),
        extractor=facts["extractor"],
        fallback=facts["fallback"],
        ocr_pages=facts["ocr_pages"],
        ocr_confidence=facts["ocr_confidence"],
        warnings=facts["warnings"],
        attachments=len(facts["attachments"]),
        cpu_s=usage.get("cpu_s"),
        peak_memory_mb=peak_bytes / 1_000_000 if peak_bytes else None,
    )


def moment_of(text: str | None) -> datetime | None:
    """A date as a file tells it; UTC where it names no zone, None where it is no date."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
