"""Stage extract: turn the raw file of one document version into text and elements.

Does not chunk, does not talk to Dagster.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import ArtifactMissing, ObjectGone
from doc_pipeline.domain.identity import artifact_prefix, fingerprint_of
from doc_pipeline.domain.stage import CODE_VERSION, Stage
from doc_pipeline.extraction.registry import ExtractRequest, extract_file, extractor_id
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.receive import ReceivedFile, raw_file


@dataclass(frozen=True, slots=True)
class ExtractedDocument:
    """Where the text of one version lies, and the text itself."""

    fingerprint: str
    prefix: str
    extracted: ExtractedText
    is_reused: bool

    @property
    def text_key(self) -> str:
        """Artifact key of the plain text (UTF-8)."""
        return f"{self.prefix}/text.txt"


def extract_document(
    document: ClaimedDocument,
    received: ReceivedFile,
    adapters: Adapters,
    on_progress: Callable[[int, int], None] | None = None,
) -> ExtractedDocument:
    """Extract the text, or load it when this code and these options made it already.

    Raises `TypeUnsupported`, `FileCorrupt`, `FileEncrypted`, `NoTextFound`, `ExtractionFailed`
    and the errors of the artifact store.
    """
    fingerprint = extract_fingerprint(document, received)
    prefix = artifact_prefix(Stage.EXTRACT, document.document_id, received.version, fingerprint)
    # Where a part of an earlier result is missing, it is made again.
    with suppress(ObjectGone):
        return ExtractedDocument(fingerprint, prefix, _load(prefix, adapters), is_reused=True)
    request = ExtractRequest(
        kind=received.kind,
        name=document.original_name,
        language=document.options.language,
        password=document.options.password,
        limits=adapters.settings.limits,
        on_progress=on_progress,
    )
    with raw_file(received, adapters) as path:
        extracted = extract_file(path, request)
    adapters.artifacts.put(f"{prefix}/text.txt", extracted.text.encode("utf-8", "replace"))
    # elements.json is written last: where it exists, the stage is done.
    elements = json.dumps(extracted.to_dict(), ensure_ascii=False, separators=(",", ":"))
    adapters.artifacts.put(f"{prefix}/elements.json", elements.encode("utf-8", "replace"))
    return ExtractedDocument(fingerprint, prefix, extracted, is_reused=False)


def extracted_before(
    document: ClaimedDocument, received: ReceivedFile, adapters: Adapters
) -> ExtractedDocument:
    """The text an earlier run extracted. Raises `ArtifactMissing` when there is none."""
    fingerprint = extract_fingerprint(document, received)
    prefix = artifact_prefix(Stage.EXTRACT, document.document_id, received.version, fingerprint)
    try:
        return ExtractedDocument(fingerprint, prefix, _load(prefix, adapters), is_reused=True)
    except ObjectGone as gone:
        raise ArtifactMissing(stage=Stage.EXTRACT.value) from gone


def extract_fingerprint(document: ClaimedDocument, received: ReceivedFile) -> str:
    """Changes with the bytes, the extractor, the language and whether there is a password.

    Not with which: a text that was extracted had the right one, and a hash of a short password
    could be guessed from the fingerprint.
    """
    shaping = {
        "extractor": extractor_id(received.kind),
        "language": document.options.language,
        "has_password": document.options.password is not None,
    }
    return fingerprint_of(
        Stage.EXTRACT, CODE_VERSION[Stage.EXTRACT], shaping, [received.fingerprint]
    )


def _load(prefix: str, adapters: Adapters) -> ExtractedText:
    elements = json.loads(adapters.artifacts.get(f"{prefix}/elements.json"))
    return ExtractedText.from_dict(
        elements, adapters.artifacts.get(f"{prefix}/text.txt").decode("utf-8")
    )
