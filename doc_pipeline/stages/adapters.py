"""The adapters a batch works with, and the few numbers that steer it.

Opens nothing: services.py and defs/resources.py do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.chunking.strategy import ChunkSettings
from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.limits import Limits
from doc_pipeline.embedding.embedder import Embedder
from doc_pipeline.extraction.registry import ExtractRequest, OcrSettings, extract_file
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.intake.gate import AdmissionRules
from doc_pipeline.storage.blobs import BlobStore
from doc_pipeline.storage.uploads import UploadStore


@dataclass(frozen=True, slots=True)
class ProcessingSettings:
    """What shapes the work on documents.

    A wave is committed when it holds `commit_documents` or is `commit_seconds` old.
    `max_retries` is how often a document is tried again after its first attempt, `at_once` how
    many documents are received, extracted and chunked side by side.
    """

    chunking: ChunkSettings = field(default_factory=ChunkSettings)
    limits: Limits = field(default_factory=Limits)
    admission: AdmissionRules = field(default_factory=AdmissionRules)
    ocr: OcrSettings = field(default_factory=OcrSettings)
    commit_documents: int = 100
    commit_seconds: float = 10.0
    max_retries: int = 3
    at_once: int = 1


def _nothing_to_stop() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Adapters:
    """One open client per service, shared by all documents of a run.

    `extract` is the pool of child processes; where nobody gave one, extraction happens in this
    process, and a file that crashes a library takes the process along. `stop_extracting` makes
    extractions that are under way in other threads raise.
    """

    uploads: UploadStore
    artifacts: BlobStore
    catalog: Catalog
    index: ChunkIndex
    embedder: Embedder
    settings: ProcessingSettings = field(default_factory=ProcessingSettings)
    extract: Callable[[Path, ExtractRequest], ExtractedText] = extract_file
    stop_extracting: Callable[[], None] = _nothing_to_stop
