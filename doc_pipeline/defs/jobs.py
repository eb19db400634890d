"""The jobs: a verb and its object. Selections and run configuration, no logic."""

from typing import Any

import dagster as dg

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.defs.assets import GROUP, STEP, report_to_log
from doc_pipeline.defs.partitions import documents
from doc_pipeline.embedding.embedder import Embedder
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.remove import remove_documents
from doc_pipeline.storage.blobs import BlobStore
from doc_pipeline.storage.uploads import UploadStore

PROCESS_JOB = "process_documents"
REMOVE_JOB = "remove_deleted_documents"
REMOVE_STEP = "remove_from_index"


def keys_config(keys: list[str]) -> dict[str, object]:
    """Run configuration of `process_documents` for scattered keys."""
    return {"ops": {STEP: {"config": {"keys": keys}}}}


def removal_config(keys: list[str]) -> dict[str, object]:
    """Run configuration of `remove_deleted_documents`."""
    return {"ops": {REMOVE_STEP: {"config": {"keys": keys}}}}


def build_process_job(max_runtime_s: int) -> Any:  # Dagster keeps the type to itself
    """All five assets of some documents, in one process."""
    return dg.define_asset_job(
        PROCESS_JOB,
        selection=dg.AssetSelection.groups(GROUP),
        partitions_def=documents,
        executor_def=dg.in_process_executor,
        description="Bring documents from the upload store to search and SQL.",
        # A run whose worker and code server both died is only freed by this limit.
        tags={"dagster/max_runtime": str(max_runtime_s)},
    )


class DeletedKeys(dg.Config):
    """Documents whose upload is gone."""

    keys: list[str]


@dg.op(name=REMOVE_STEP)
def remove_from_index(
    context: dg.OpExecutionContext,
    config: DeletedKeys,
    uploads: dg.ResourceParam[UploadStore],
    artifacts: dg.ResourceParam[BlobStore],
    catalog: dg.ResourceParam[Catalog],
    index: dg.ResourceParam[ChunkIndex],
    embedder: dg.ResourceParam[Embedder],
) -> None:
    """Take deleted documents out of search."""
    adapters = Adapters(uploads, artifacts, catalog, index, embedder)
    removed = remove_documents(config.keys, adapters, report_to_log)
    context.log.info(f"{len(removed)} of {len(config.keys)} documents removed from the index.")


@dg.op
def tend_index_tables(context: dg.OpExecutionContext, index: dg.ResourceParam[ChunkIndex]) -> None:
    """Compact the tables, sweep tombstones and bring the indexes up to date, where it is due."""
    done = index.upkeep()
    context.log.info(", ".join(f"{name} {count}" for name, count in done.items()))


@dg.job(
    executor_def=dg.in_process_executor,
    description="Keep the LanceDB tables small and fast; does nothing where nothing is due.",
)
def tend_index() -> None:
    """One step."""
    tend_index_tables()


@dg.job(
    name=REMOVE_JOB,
    executor_def=dg.in_process_executor,
    description="Take documents whose upload was deleted out of the index.",
)
def remove_deleted_documents() -> None:
    """One step."""
    remove_from_index()
