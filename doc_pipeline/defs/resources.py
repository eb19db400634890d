"""The resources: each hands out a plain adapter, opened when a run or a tick needs it.

They show in the UI where a store is, never a credential.
"""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from doc_pipeline import services
from doc_pipeline.catalog.catalog import Catalog, open_catalog
from doc_pipeline.defs.causes import log_cause
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.embedding.embedder import Embedder
from doc_pipeline.extraction.isolation.pool import ExtractionPool
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.settings import Settings, get_settings
from doc_pipeline.settings_forms import mask_url
from doc_pipeline.stages.adapters import ProcessingSettings
from doc_pipeline.stages.pause import pause_after
from doc_pipeline.storage.blobs import BlobStore
from doc_pipeline.storage.uploads import UploadStore


class NotOpened(Exception):
    """What people read in the UI when a store could not be opened: code, sentence, remedy."""


@contextmanager
def _opening(context: dg.InitResourceContext) -> Generator[None]:
    """Say what is wrong; in a run also pause, else the next one would fail at once again."""
    try:
        yield
    except PipelineError as error:
        if context.run is not None:
            _pause(error)
        log_cause("A store could not be opened", error)
        # Without its cause: Dagster would store that text.
        raise NotOpened(f"{error.code}: {error.sentence} {error.remedy}") from None


def _pause(error: PipelineError) -> None:
    try:
        catalog = open_catalog(get_settings().catalog_url)
    except PipelineError:
        return  # without the catalog the sensor's ticks fail too, and start nothing
    try:
        pause_after(catalog, error)
    finally:
        catalog.close()


class UploadsResource(dg.ConfigurableResource[UploadStore]):
    """The store that users put files into; the pipeline only reads it."""

    url: str

    def create_resource(self, context: dg.InitResourceContext) -> UploadStore:
        """Open the store."""
        with _opening(context):
            return services.open_uploads(get_settings())


class ArtifactsResource(dg.ConfigurableResource[BlobStore]):
    """The store of raw copies, texts and chunks: the truth about content."""

    url: str

    def create_resource(self, context: dg.InitResourceContext) -> BlobStore:
        """Open the store."""
        with _opening(context):
            return services.open_artifacts(get_settings())


class CatalogResource(dg.ConfigurableResource[Catalog]):
    """The SQL database of documents, chunks, stage records and errors."""

    url: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Catalog]:
        """Open the catalog, migrated to the newest schema; close it after the run."""
        with _opening(context):
            catalog = open_catalog(get_settings().catalog_url)
        try:
            yield catalog
        finally:
            catalog.close()


class IndexResource(dg.ConfigurableResource[ChunkIndex]):
    """The LanceDB tables of chunks and cached vectors."""

    url: str

    def create_resource(self, context: dg.InitResourceContext) -> ChunkIndex:
        """Open the tables; a model other than theirs is refused."""
        with _opening(context):
            return services.open_index(get_settings())


class EmbedderResource(dg.ConfigurableResource[Embedder]):
    """The embedding model."""

    provider: str
    model: str

    def create_resource(self, context: dg.InitResourceContext) -> Embedder:
        """Open one client for the run."""
        with _opening(context):
            return services.open_embedder(get_settings())


class ExtractionResource(dg.ConfigurableResource[ExtractionPool | None]):
    """The child processes that extract text: one bad file costs a child, never the run."""

    workers: int

    @contextmanager
    def yield_for_execution(
        self, context: dg.InitResourceContext
    ) -> Generator[ExtractionPool | None]:
        """A pool that starts with the first file and ends with the run."""
        pool = services.open_extraction(get_settings())
        try:
            yield pool
        finally:
            if pool is not None:
                pool.close()


class ProcessingResource(dg.ConfigurableResource[ProcessingSettings]):
    """Limits, chunking and commit sizes."""

    def create_resource(self, context: dg.InitResourceContext) -> ProcessingSettings:
        """Read them from the settings."""
        return services.processing_settings(get_settings())


def build_resources(settings: Settings) -> dict[str, object]:
    """All resources by the names that assets, jobs and sensors take them by."""
    return {
        "uploads": UploadsResource(url=mask_url(settings.uploads_url)),
        "artifacts": ArtifactsResource(url=mask_url(settings.artifacts_url)),
        "catalog": CatalogResource(url=mask_url(settings.catalog_url)),
        "index": IndexResource(url=mask_url(settings.index_url)),
        "embedder": EmbedderResource(
            provider=settings.embedding_provider, model=settings.embedding_model
        ),
        "extraction": ExtractionResource(workers=settings.extract_workers),
        "processing": ProcessingResource(),
    }
