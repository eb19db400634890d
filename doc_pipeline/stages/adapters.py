"""The adapters a batch works with, and the few numbers that steer it.

Opens nothing: services.py and defs/resources.py do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.chunking.strategy import ChunkSettings
from doc_pipeline.domain.limits import Limits
from doc_pipeline.embedding.embedder import Embedder
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.storage.blobs import BlobStore
from doc_pipeline.storage.uploads import UploadStore


@dataclass(frozen=True, slots=True)
class ProcessingSettings:
    """What shapes the work on documents.

    A wave is committed when it holds `commit_documents` or is `commit_seconds` old.
    `max_retries` is how often a document is tried again after its first attempt.
    """

    chunking: ChunkSettings = field(default_factory=ChunkSettings)
    limits: Limits = field(default_factory=Limits)
    commit_documents: int = 100
    commit_seconds: float = 10.0
    max_retries: int = 3


@dataclass(frozen=True, slots=True)
class Adapters:
    """One open client per service, shared by all documents of a run."""

    uploads: UploadStore
    artifacts: BlobStore
    catalog: Catalog
    index: ChunkIndex
    embedder: Embedder
    settings: ProcessingSettings = field(default_factory=ProcessingSettings)
