"""Opens the adapters from the settings, for the command line, the API and the resources.

Each adapter is opened when it is first asked for. Holds no logic of its own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from doc_pipeline.catalog.catalog import Catalog, open_catalog
from doc_pipeline.chunking.strategy import ChunkSettings
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.embedding.embedder import Embedder, EmbedderSpec, dimensions_of, model_id_of
from doc_pipeline.embedding.embedder import open_embedder as _open_embedder
from doc_pipeline.extraction.isolation.pool import ExtractionPool, open_pool
from doc_pipeline.extraction.request import OcrSettings
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.index.chunk_index import open_index as _open_index
from doc_pipeline.intake.gate import AdmissionRules
from doc_pipeline.settings import Settings, read_settings
from doc_pipeline.stages.adapters import Adapters, ProcessingSettings
from doc_pipeline.stages.discover import DiscoverySettings
from doc_pipeline.storage.blobs import BlobStore, StoreCredentials, open_blob_store
from doc_pipeline.storage.uploads import UploadStore, open_upload_store


class Services:
    """The adapters of one process, opened on demand and closed together."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def from_environment(cls) -> Services:
        """Services for the settings of the environment. Raises `SettingInvalid`."""
        return cls(read_settings())

    @cached_property
    def uploads(self) -> UploadStore:
        """Where users put files."""
        return open_uploads(self.settings)

    @cached_property
    def artifacts(self) -> BlobStore:
        """Raw copies, texts and chunks."""
        return open_artifacts(self.settings)

    @cached_property
    def catalog(self) -> Catalog:
        """The SQL database."""
        return open_catalog(self.settings.catalog_url)

    @cached_property
    def embedder(self) -> Embedder:
        """Makes vectors of texts."""
        return open_embedder(self.settings)

    @cached_property
    def index(self) -> ChunkIndex:
        """The LanceDB tables."""
        return open_index(self.settings)

    @cached_property
    def extraction(self) -> ExtractionPool | None:
        """The child processes that extract text; they start with the first file."""
        return open_extraction(self.settings)

    @property
    def adapters(self) -> Adapters:
        """All of them, as stages take them."""
        return with_extraction(
            Adapters(
                self.uploads,
                self.artifacts,
                self.catalog,
                self.index,
                self.embedder,
                processing_settings(self.settings),
            ),
            self.extraction,
        )

    def close(self) -> None:
        """Close what was opened."""
        if self.__dict__.get("extraction") is not None:
            self.__dict__["extraction"].close()
        if "catalog" in self.__dict__:
            self.catalog.close()


def open_uploads(settings: Settings) -> UploadStore:
    """The upload store. Raises `StoreUnavailable`, `StorageNotConfigured`.

    Only a folder inside the data folder is created: elsewhere a missing folder is most likely a
    share that is not mounted.
    """
    url = settings.uploads_url
    return open_upload_store(
        url,
        _credentials(settings, url),
        create=url.startswith(settings.data_dir.as_uri() + "/"),
    )


def open_artifacts(settings: Settings) -> BlobStore:
    """The artifact store. Raises `StoreUnavailable`, `StorageNotConfigured`."""
    url = settings.artifacts_url
    return open_blob_store(url, "artifacts", _credentials(settings, url))


def embedder_spec(settings: Settings) -> EmbedderSpec:
    """Which embedder the settings choose."""
    key = settings.embedding_api_key
    return EmbedderSpec(
        provider=settings.embedding_provider,
        model=settings.embedding_model,
        dimensions=settings.embedding_dimensions,
        base_url=settings.embedding_base_url,
        api_key=key.get_secret_value() if key is not None else None,
        max_parallel=settings.embedding_requests_at_once,
        timeout_s=settings.embedding_timeout_s,
    )


def open_embedder(settings: Settings) -> Embedder:
    """The embedder. Raises `SettingInvalid` when its settings do not fit."""
    return _open_embedder(embedder_spec(settings))


def open_index(settings: Settings, *, create: bool = True) -> ChunkIndex:
    """The index. Raises `ModelMismatch`, `SchemaNewer`, `IndexUnavailable`."""
    spec = embedder_spec(settings)
    return _open_index(
        settings.index_url,
        model_id=model_id_of(spec),
        dimensions=dimensions_of(spec),
        storage_options=_index_options(settings),
        create=create,
    )


def open_extraction(settings: Settings) -> ExtractionPool | None:
    """The child processes that extract text; None where the settings want none."""
    if settings.extract_workers == 0:
        return None
    return open_pool(settings.extract_workers, settings.extract_recycle_documents)


def with_extraction(adapters: Adapters, pool: ExtractionPool | None) -> Adapters:
    """The same adapters, extracting in child processes where there is a pool."""
    if pool is None:
        return adapters
    return replace(adapters, extract=pool.extract, stop_extracting=pool.interrupt)


def processing_settings(settings: Settings) -> ProcessingSettings:
    """What shapes the work on documents."""
    return ProcessingSettings(
        chunking=ChunkSettings(
            strategy="adaptive" if settings.chunk_adaptive else "fixed",
            size=settings.chunk_size,
            max_tokens=settings.chunk_max_tokens,
        ),
        limits=_limits(settings),
        admission=AdmissionRules(
            settings.allowed_mime, settings.denied_mime, settings.type_mismatch
        ),
        ocr=OcrSettings(
            mode=settings.ocr_mode,
            languages=settings.ocr_languages,
            page_s=settings.ocr_page_timeout_s,
            parallel=settings.ocr_parallel,
            dpi=settings.ocr_dpi,
        ),
        commit_documents=settings.commit_documents,
        commit_seconds=settings.commit_seconds,
        max_retries=settings.max_attempts - 1,
        at_once=max(1, settings.extract_workers),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        file_bytes=settings.max_file_mb * MIB,
        pages=settings.max_pages,
        zip_members=settings.max_zip_members,
        zip_expanded_bytes=settings.max_expanded_mb * MIB,
        zip_ratio=settings.max_zip_ratio,
        text_bytes=settings.max_text_mb * MIB,
        table_rows=settings.max_table_rows,
        image_pixels=settings.max_image_megapixels * 1_000_000,
        attachments=settings.max_attachments,
        attachment_depth=settings.attachment_depth,
        cpu_s=settings.extract_cpu_s,
        wall_s=settings.extract_timeout_s,
        memory_bytes=settings.extract_memory_mb * MIB,
        output_bytes=settings.extract_output_mb * MIB,
    )


def discovery_settings(settings: Settings) -> DiscoverySettings:
    """How the sensor looks at the uploads. Objects of a bucket appear whole: no settling."""
    is_folder = settings.uploads_url.startswith("file://")
    return DiscoverySettings(
        ignored_names=settings.ignored_names,
        hold_prefix=settings.hold_prefix,
        settle_s=settings.settle_s if is_folder else 0.0,
        seconds=settings.tick_seconds,
        max_objects=settings.tick_max_objects,
    )


def _credentials(settings: Settings, url: str) -> StoreCredentials | None:
    if not url.startswith("s3://"):
        return None
    return StoreCredentials(
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        access_key_id=_secret(settings.s3_access_key_id),
        secret_access_key=_secret(settings.s3_secret_access_key),
        session_token=_secret(settings.s3_session_token),
        use_ssl=settings.s3_use_ssl,
    )


def _index_options(settings: Settings) -> dict[str, str] | None:
    """LanceDB's own names for the same credentials."""
    if not settings.index_url.startswith("s3://"):
        return None
    endpoint = settings.s3_endpoint_url
    options: dict[str, str | None] = {
        "region": settings.s3_region,
        "endpoint": endpoint,
        "allow_http": "true" if endpoint and endpoint.startswith("http://") else None,
        "aws_access_key_id": _secret(settings.s3_access_key_id),
        "aws_secret_access_key": _secret(settings.s3_secret_access_key),
        "aws_session_token": _secret(settings.s3_session_token),
    }
    return {name: value for name, value in options.items() if value}


def _secret(value: Any) -> str | None:
    if value is None:
        return None
    return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
