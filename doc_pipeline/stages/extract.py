"""Stage extract: turn the raw file of one document version into text and elements.

Does not chunk, does not talk to Dagster. What an extraction left when it was killed (finished
pages of OCR) is taken up again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline.domain.errors import ArtifactMissing, DiskFull, ObjectGone, StoreUnavailable
from doc_pipeline.domain.identity import artifact_prefix, fingerprint_of
from doc_pipeline.domain.stage import CODE_VERSION, Stage
from doc_pipeline.extraction.registry import ExtractRequest, shaping_of
from doc_pipeline.extraction.request import CHECKPOINTS
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.folders import STORE, is_nearly_full, temporary_folder
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
    fingerprint = extract_fingerprint(document, received, adapters)
    prefix = artifact_prefix(Stage.EXTRACT, document.document_id, received.version, fingerprint)
    # Where a part of an earlier result is missing, it is made again.
    with suppress(ObjectGone):
        return ExtractedDocument(fingerprint, prefix, _load(prefix, adapters), is_reused=True)
    try:
        extracted = _extract(document, received, prefix, adapters, on_progress)
    except DiskFull as full:
        if full.fields.get("store") != STORE or is_nearly_full():
            raise
        # There is room again without this file: it is too large for the disk, others are not.
        raise StoreUnavailable(store=STORE, key=document.source_key) from full
    adapters.artifacts.delete_prefix(f"{prefix}/{CHECKPOINTS}")
    return ExtractedDocument(fingerprint, prefix, extracted, is_reused=False)


def _extract(
    document: ClaimedDocument,
    received: ReceivedFile,
    prefix: str,
    adapters: Adapters,
    on_progress: Callable[[int, int], None] | None,
) -> ExtractedText:
    with raw_file(received, adapters) as path, _work_folder(prefix, adapters) as folder:
        request = ExtractRequest(
            kind=received.kind,
            name=document.original_name,
            language=document.options.language,
            password=document.options.password,
            limits=adapters.settings.limits,
            ocr=adapters.settings.ocr,
            folder=folder,
            depth=document.depth,
            on_progress=on_progress,
            on_checkpoint=lambda name: adapters.artifacts.put_file(
                f"{prefix}/{name}", folder / name
            ),
        )
        return _store(adapters.extract(path, request), folder, prefix, adapters)


def extracted_before(
    document: ClaimedDocument, received: ReceivedFile, adapters: Adapters
) -> ExtractedDocument:
    """The text an earlier run extracted. Raises `ArtifactMissing` when there is none."""
    fingerprint = extract_fingerprint(document, received, adapters)
    prefix = artifact_prefix(Stage.EXTRACT, document.document_id, received.version, fingerprint)
    try:
        return ExtractedDocument(fingerprint, prefix, _load(prefix, adapters), is_reused=True)
    except ObjectGone as gone:
        raise ArtifactMissing(stage=Stage.EXTRACT.value) from gone


def extract_fingerprint(
    document: ClaimedDocument, received: ReceivedFile, adapters: Adapters
) -> str:
    """Changes with the bytes, the extractor, the language and whether there is a password.

    Not with which: a text that was extracted had the right one, and a hash of a short password
    could be guessed from the fingerprint.
    """
    shaping = {
        **shaping_of(received.kind, adapters.settings.ocr, adapters.settings.limits),
        "language": document.options.language,
        "has_password": document.options.password is not None,
    }
    return fingerprint_of(
        Stage.EXTRACT, CODE_VERSION[Stage.EXTRACT], shaping, [received.fingerprint]
    )


@contextmanager
def _work_folder(prefix: str, adapters: Adapters) -> Generator[Path]:
    """A folder for the extraction, with the pages that a killed one had finished."""
    with temporary_folder() as folder:
        for stored in adapters.artifacts.list(f"{prefix}/{CHECKPOINTS}"):
            path = folder / stored.key.removeprefix(f"{prefix}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(ObjectGone):
                path.write_bytes(adapters.artifacts.get(stored.key))
        yield folder


def _store(
    extracted: ExtractedText, folder: Path, prefix: str, adapters: Adapters
) -> ExtractedText:
    """Write the result; returns it with its attachments at their place in the artifact store."""
    put = adapters.artifacts.put
    kept: list[Attachment] = []
    for attachment in extracted.attachments:
        key = f"{prefix}/attachments/{attachment.number:05d}"
        adapters.artifacts.put_file(key, folder / attachment.file)
        kept.append(replace(attachment, file=key))
    extracted = replace(extracted, attachments=tuple(kept))
    put(f"{prefix}/text.txt", extracted.text.encode("utf-8", "replace"))
    lines = (_json(element.to_dict()) + "\n" for element in extracted.elements)
    put(f"{prefix}/elements.jsonl", "".join(lines).encode("utf-8", "replace"))
    # The facts are written last: where they exist, the stage is done.
    put(f"{prefix}/facts.json", _json(extracted.facts()).encode("utf-8", "replace"))
    return extracted


def _load(prefix: str, adapters: Adapters) -> ExtractedText:
    facts = json.loads(adapters.artifacts.get(f"{prefix}/facts.json"))
    for attachment in facts["attachments"]:
        if not adapters.artifacts.exists(attachment["file"]):
            raise ObjectGone(key=attachment["file"])
    lines = adapters.artifacts.get(f"{prefix}/elements.jsonl").decode("utf-8").split("\n")
    elements = [Element.from_dict(json.loads(line)) for line in lines if line]
    text = adapters.artifacts.get(f"{prefix}/text.txt").decode("utf-8")
    return ExtractedText.from_facts(facts, elements, text)


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
