"""The five assets of a document, made by one batched step.

One step, because only then each document keeps its own outcome: good ones are yielded one by
one, and one failure raised last turns the others red (docs/decisions/0001).
"""

import logging
from collections.abc import Iterator

import dagster as dg

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.defs.causes import log_cause
from doc_pipeline.defs.dagster_events import report_planned
from doc_pipeline.defs.liveness import is_run_live
from doc_pipeline.defs.materializations import materialization_of, outcome_table
from doc_pipeline.defs.partitions import documents
from doc_pipeline.domain.errors import DocumentBusy, PipelineError, as_pipeline_error
from doc_pipeline.domain.stage import (
    ASSET_OF_STAGE,
    CODE_VERSION,
    STAGE_OF_ASSET,
    STAGES,
    Stage,
    StageResult,
)
from doc_pipeline.embedding.embedder import Embedder
from doc_pipeline.extraction.isolation.pool import ExtractionPool
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.services import with_extraction
from doc_pipeline.stages.adapters import Adapters, ProcessingSettings
from doc_pipeline.stages.batch import Batch, DocumentGone, Outcome, StageFailure
from doc_pipeline.stages.pause import end_pause, pause_after
from doc_pipeline.storage.blobs import BlobStore
from doc_pipeline.storage.uploads import UploadStore

logger = logging.getLogger("doc_pipeline")

GROUP = "documents"
STEP = "process_document_batch"

_DESCRIPTIONS = {
    Stage.RECEIVE: (
        "The file as it was uploaded: copied, checksummed, its real type told by its bytes. "
        "Empty, encrypted and oversized files stop here.",
        {"s3"},
    ),
    Stage.EXTRACT: (
        "Plain text and elements (titles, paragraphs, tables) with page numbers and language.",
        {"python"},
    ),
    Stage.CHUNK: (
        "Passages cut along the document's structure, with page span, section and offsets.",
        {"json"},
    ),
    Stage.EMBED: (
        "One vector per passage in LanceDB; only passages never seen before are computed.",
        {"lancedb"},
    ),
    Stage.DESCRIBE: (
        "Rows for analysts: the document, its version and its passages, in SQL.",
        {"sql"},
    ),
}


def asset_specs() -> list[dg.AssetSpec]:
    """The chain of five assets, each upstream of the next."""
    return [
        dg.AssetSpec(
            ASSET_OF_STAGE[stage],
            deps=[ASSET_OF_STAGE[STAGES[at - 1]]] if at else [],
            description=_DESCRIPTIONS[stage][0],
            kinds=_DESCRIPTIONS[stage][1],
            group_name=GROUP,
            code_version=CODE_VERSION[stage],
            partitions_def=documents,
            skippable=True,
        )
        for at, stage in enumerate(STAGES)
    ]


class DocumentKeys(dg.Config):
    """Documents to process in a run without a partition range: retries, scattered uploads."""

    keys: list[str] = []  # noqa: RUF012 - a dagster Config is a pydantic model: each gets its own


def build_document_assets(batch_size: int) -> dg.AssetsDefinition:
    """The assets, with backfills cut into runs of `batch_size` documents."""

    @dg.multi_asset(
        name=STEP,
        specs=asset_specs(),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.multi_run(batch_size),
    )
    def process_document_batch(
        context: dg.AssetExecutionContext,
        config: DocumentKeys,
        uploads: dg.ResourceParam[UploadStore],
        artifacts: dg.ResourceParam[BlobStore],
        catalog: dg.ResourceParam[Catalog],
        index: dg.ResourceParam[ChunkIndex],
        embedder: dg.ResourceParam[Embedder],
        extraction: dg.ResourceParam[ExtractionPool | None],
        processing: dg.ResourceParam[ProcessingSettings],
    ) -> Iterator[dg.AssetMaterialization | dg.AssetObservation]:
        """Bring documents from raw file to search, in waves; each keeps its own outcome."""
        plain = Adapters(uploads, artifacts, catalog, index, embedder, processing)
        adapters = with_extraction(plain, extraction)
        yield from _BatchRun(context, adapters).run(_keys(context, config))

    return process_document_batch


def _keys(context: dg.AssetExecutionContext, config: DocumentKeys) -> list[str]:
    """The run's documents. A range that holds none is an error, not a success."""
    if _is_partitioned(context):
        keys = list(context.partition_keys)
    else:
        keys = list(dict.fromkeys(config.keys))
    if not keys:
        raise dg.Failure(
            "This run names no document. Select partitions in the launchpad, or give a list of "
            "keys in the run's configuration. A range whose end was added before its start is "
            "empty: swap them.",
            allow_retries=False,
        )
    return keys


def _is_partitioned(context: dg.AssetExecutionContext) -> bool:
    return context.has_partition_key or context.has_partition_key_range


class _BatchRun:
    """One run: turns outcomes into events and, at its end, into one verdict."""

    def __init__(self, context: dg.AssetExecutionContext, adapters: Adapters) -> None:
        self.context = context
        self.adapters = adapters
        self.done: dict[str, dict[Stage, StageResult]] = {}
        self.failures: list[StageFailure] = []
        self.gone: list[str] = []
        self.busy: list[StageFailure] = []
        selected = {key.to_user_string() for key in context.selected_asset_keys}
        self.stages = [STAGE_OF_ASSET[name] for name in ASSET_OF_STAGE.values() if name in selected]

    def run(self, keys: list[str]) -> Iterator[dg.AssetMaterialization | dg.AssetObservation]:
        batch = Batch(
            adapters=self.adapters,
            run_id=self.context.run.run_id,
            stages=self.stages,
            report=report_to_log,
            is_live=self._is_live,
        )
        try:
            for outcome in batch.process(keys):
                yield from self._event(outcome)
        except Exception as error:  # noqa: BLE001 - whatever it is, documents wait uncharged
            log_cause("The batch was stopped", error)
            # Without its cause: Dagster would store that text.
            raise self._stopped(as_pipeline_error(error)) from None
        yield self._summary()
        end_pause(self.adapters.catalog)
        if self._is_of_backfill():
            # A backfill takes every partition of a successful run for done.
            self.failures += self.busy
        if self.failures:
            raise self._verdict()

    def _event(self, outcome: Outcome) -> Iterator[dg.AssetMaterialization]:
        if isinstance(outcome, StageResult):
            self.done.setdefault(outcome.document_id, {})[outcome.stage] = outcome
            if outcome.stage in self.stages:
                yield materialization_of(outcome, self.adapters.artifacts.url)
        elif isinstance(outcome, DocumentGone):
            self.gone.append(outcome.document_id)
        elif isinstance(outcome.error, DocumentBusy):
            self.busy.append(outcome)
        else:
            self.failures.append(outcome)
            if outcome.cause is not None and not isinstance(outcome.cause, PipelineError):
                log_cause(outcome.document_id, outcome.cause)
            logger.error(
                "%s failed at %s: %s %s %s",
                outcome.document_id,
                outcome.stage,
                outcome.error.code,
                outcome.error.sentence,
                outcome.error.remedy,
            )

    def _summary(self) -> dg.AssetObservation:
        return dg.AssetObservation(
            ASSET_OF_STAGE[self.stages[-1]],
            description="What became of each document of this run",
            metadata={
                "documents_done": len(self.done.keys() - {f.document_id for f in self.failures}),
                "documents_failed": len(self.failures),
                "documents_deleted_meanwhile": len(self.gone),
                "documents_in_another_run": len(self.busy),
                "outcome": outcome_table(self.done, self.failures),
            },
        )

    def _is_of_backfill(self) -> bool:
        return "dagster/backfill" in self.context.run.tags

    def _verdict(self) -> dg.Failure:
        report_planned(self.context, self._not_brought_about())
        codes = sorted({failure.error.code for failure in self.failures})
        return dg.Failure(
            f"{len(self.failures)} of {len(self.done.keys() | self._failed_ids())} documents "
            f"failed ({', '.join(codes)}); the others are done. The table below names each with "
            "its remedy. To try them again: doc-pipeline retry --failed",
            metadata={
                "errors": dg.MetadataValue.json(
                    {
                        failure.document_id: [failure.stage.value, failure.error.code]
                        for failure in self.failures
                    }
                ),
                "outcome": outcome_table({}, self.failures),
            },
            allow_retries=False,
        )

    def _failed_ids(self) -> set[str]:
        return {failure.document_id for failure in self.failures}

    def _not_brought_about(self) -> list[tuple[str, str]]:
        """Asset and partition of the stage that failed and of all selected ones after it."""
        return [
            (ASSET_OF_STAGE[stage], failure.document_id)
            for failure in self.failures
            # Another run is working on a busy one: that run says how it ends.
            if not isinstance(failure.error, DocumentBusy)
            for stage in self.stages
            if STAGES.index(stage) >= STAGES.index(failure.stage)
        ]

    def _stopped(self, error: PipelineError) -> dg.Failure:
        """A fault that concerns all: nobody is charged, and new batches wait a while."""
        report_planned(self.context, self._not_brought_about())
        pause_after(self.adapters.catalog, error)
        return dg.Failure(
            f"The batch was stopped: {error.code}: {error.sentence} {error.remedy} Documents not "
            "yet done wait as pending and are taken up again by themselves.",
            metadata={"code": error.code, "remedy": error.remedy},
            # Not by Dagster: it would redo what is done. They wait, and the sensor asks again.
            allow_retries=False,
        )

    def _is_live(self, run_id: str) -> bool:
        """Whether another run still holds its documents; a run may take over from its parents."""
        run = self.context.run
        if run_id in {run.run_id, run.parent_run_id, run.root_run_id}:
            return False
        return is_run_live(self.context.instance, run_id)


def report_to_log(document_id: str, stage: Stage, event: str, **figures: object) -> None:
    """One line in the step's captured log (not in the event log: 15 ms of CPU a line there)."""
    shown = " ".join(f"{name}={value}" for name, value in figures.items())
    logger.info("%s %s %s %s", document_id, stage.value, event, shown)
