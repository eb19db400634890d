"""The sensor that watches the uploads: it discovers, registers and requests.

It never computes. What is known lives in the catalog, so a tick that is cut loses nothing.
"""

import logging
import time
import uuid
from collections.abc import Sequence
from typing import Any

import dagster as dg

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.defs.causes import log_cause
from doc_pipeline.defs.requests import (
    OPEN_BATCHES,
    add_missing_keys,
    process_request,
    register_new_keys,
    release_lost_runs,
    removal_request,
    retire_keys,
    retire_later,
)
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.stages.discover import Discovery, DiscoverySettings, discover_uploads
from doc_pipeline.stages.pause import current_pause
from doc_pipeline.storage.uploads import UploadStore

logger = logging.getLogger("doc_pipeline")

SENSOR = "new_uploads"
REMOVALS_AT_ONCE = 1_000
REMOVAL_PERIOD_S = 600
MOST_BATCHES_A_TICK = 20


class TickFailed(Exception):
    """A tick that could not be done; the message is what the data engineer reads in the UI."""


def build_new_uploads(
    *,
    jobs: Sequence[Any],
    discovery: DiscoverySettings,
    batch_size: int,
    max_retries: int,
    interval_s: int,
    is_processing_on: bool,
) -> dg.SensorDefinition:
    """The sensor, with its settings."""

    @dg.sensor(
        name=SENSOR,
        jobs=jobs,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Finds new, changed and deleted uploads, registers a partition for each document "
            "and starts batch runs."
        ),
    )
    def new_uploads(
        context: dg.SensorEvaluationContext,
        uploads: dg.ResourceParam[UploadStore],
        catalog: dg.ResourceParam[Catalog],
    ) -> dg.SensorResult | dg.SkipReason:
        tick = _Tick(context.instance, uploads, catalog)
        try:
            found = tick.discover(discovery, max_retries)
            requests = tick.requests(batch_size) if is_processing_on else []
            requests += tick.removals()
        except PipelineError as error:
            log_cause("The tick failed", error)
            # Without its cause: Dagster would store that text.
            raise TickFailed(f"{error.code}: {error.sentence} {error.remedy}") from None
        said = _sentence(found)
        logger.info("%s", said)
        pause = current_pause(catalog)
        if pause is not None:
            said = f"Waiting after {pause.code}: {pause.sentence} {pause.remedy} {said}"
        return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason(said)

    return new_uploads


class _Tick:
    """What one evaluation does, step by step."""

    def __init__(
        self, instance: dg.DagsterInstance, uploads: UploadStore, catalog: Catalog
    ) -> None:
        self.instance = instance
        self.uploads = uploads
        self.catalog = catalog

    def discover(self, settings: DiscoverySettings, max_retries: int) -> Discovery:
        """Bring the catalog and the partitions up to date."""
        release_lost_runs(self.catalog, self.instance, max_retries)
        retire_keys(self.catalog, self.instance)
        found = discover_uploads(self.uploads, self.catalog, settings)
        register_new_keys(self.catalog, self.instance)
        if found.changed:
            add_missing_keys(self.instance, found.changed)
        return found

    def requests(self, batch_size: int) -> list[dg.RunRequest]:
        """One run per open batch. A batch asked for before is launched only once."""
        if current_pause(self.catalog) is not None:
            return []
        for _ in range(MOST_BATCHES_A_TICK):
            open_batches = self.catalog.discovery.open_batches()
            if len(open_batches) >= OPEN_BATCHES and not self._has_full(batch_size):
                break
            if not self.catalog.discovery.assign_batch(uuid.uuid4().hex, batch_size):
                break
        open_batches = self.catalog.discovery.open_batches()
        if not open_batches:
            return []
        wanted = [key for batch in open_batches for key in batch.document_ids]
        registered = add_missing_keys(self.instance, wanted)
        return [
            process_request(batch.document_ids, registered, run_key=batch.batch_id)
            for batch in open_batches
        ]

    def removals(self) -> list[dg.RunRequest]:
        """A run for deleted documents that are still in the index."""
        ids = self.catalog.discovery.removals_waiting(REMOVALS_AT_ONCE)
        if not ids:
            return []
        retire_later(self.catalog, ids)
        return [removal_request(ids, int(time.time() // REMOVAL_PERIOD_S))]

    def _has_full(self, batch_size: int) -> bool:
        return self.catalog.discovery.waiting_count() >= batch_size


def _sentence(found: Discovery) -> str:
    parts = [f"{count} {name}" for name, count in found.figures().items() if count]
    if found.is_cut:
        parts.append("the rest comes with the next tick")
    return ("Uploads: " + ", ".join(parts) + ".") if parts else "The upload store is empty."
