"""From batches in the catalog to runs in Dagster: small pure helpers, and the queue's upkeep.

Each batch has an id that is also its run key, so asking twice launches once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.defs.jobs import PROCESS_JOB, REMOVE_JOB, keys_config, removal_config
from doc_pipeline.defs.liveness import is_run_live
from doc_pipeline.defs.partitions import add_keys, documents
from doc_pipeline.domain.errors import RunLost
from doc_pipeline.stages.pause import current_pause, pause_after

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
RUN_KEY_TAG = "dagster/run_key"
SEQ_STATE = "partitions_added_up_to"
RETIRE_STATE = "keys_to_retire"
PAGE = 5_000
OPEN_BATCHES = 2
"""Batches that may wait unstarted; past that uploads gather, so that a burst makes few runs."""

LIVE_BACKFILL = {"REQUESTED", "CANCELING", "FAILING"}
UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def contiguous_range(keys: Sequence[str], registered: Sequence[str]) -> tuple[str, str] | None:
    """First and last key when `keys` stand side by side in `registered`, in that order."""
    if not keys:
        return None
    try:
        start = registered.index(keys[0])
    except ValueError:
        return None
    is_side_by_side = list(registered[start : start + len(keys)]) == list(keys)
    return (keys[0], keys[-1]) if is_side_by_side else None


def process_request(
    keys: Sequence[str], registered: Sequence[str], run_key: str, tags: dict[str, str] | None = None
) -> dg.RunRequest:
    """One run for these documents: a partition range where they stand together, else a list."""
    tags = {**(tags or {}), "doc_pipeline/documents": str(len(keys))}
    span = contiguous_range(keys, registered)
    if span is not None:
        tags |= {RANGE_START: span[0], RANGE_END: span[1]}
        return dg.RunRequest(run_key=run_key, job_name=PROCESS_JOB, tags=tags)
    return dg.RunRequest(
        run_key=run_key, job_name=PROCESS_JOB, tags=tags, run_config=keys_config(list(keys))
    )


def removal_request(document_ids: Sequence[str], period: int) -> dg.RunRequest:
    """One run that takes these documents out of the index; asked for once per period."""
    made_of = "\n".join([str(period), *sorted(document_ids)])
    return dg.RunRequest(
        run_key=f"remove-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}",
        job_name=REMOVE_JOB,
        run_config=removal_config(list(document_ids)),
        tags={"dagster/priority": "10"},
    )


def register_new_keys(catalog: Catalog, instance: DagsterInstance) -> int:
    """Add the partitions of documents not added yet, in the order they were registered."""
    added = 0
    after = int(catalog.discovery.get_state(SEQ_STATE) or 0)
    while page := catalog.discovery.ids_after(after, PAGE):
        add_keys(instance, [document_id for _, document_id in page])
        after = page[-1][0]
        catalog.discovery.set_state(SEQ_STATE, after)
        added += len(page)
    return added


def add_missing_keys(instance: DagsterInstance, document_ids: Sequence[str]) -> list[str]:
    """Add the keys that are not there: a document that came back has none. Returns all keys."""
    registered = list(instance.get_dynamic_partitions(str(documents.name)))
    known = set(registered)
    missing = [key for key in dict.fromkeys(document_ids) if key not in known]
    if missing:
        add_keys(instance, missing)
    return registered + missing


def release_lost_runs(catalog: Catalog, instance: DagsterInstance, max_retries: int) -> int:
    """Queue the documents of runs that ended without finishing them."""
    released = 0
    for run_id in catalog.discovery.runs_in_work():
        if is_run_live(instance, run_id) or _will_be_retried(run_id, instance):
            continue
        requeued, failed = catalog.discovery.release_run(run_id, max_retries)
        released += len(requeued) + len(failed)
    for batch in catalog.discovery.open_batches():
        runs = instance.get_runs(RunsFilter(tags={RUN_KEY_TAG: batch.batch_id}))
        if runs and not any(_may_begin(run, instance) for run in runs):
            released += catalog.discovery.release_batch(batch.batch_id)
            _pause_after_false_start(catalog, runs)
    return released


def _may_begin(run: dg.DagsterRun, instance: DagsterInstance) -> bool:
    return not run.is_finished or _will_be_retried(run.run_id, instance)


def _pause_after_false_start(catalog: Catalog, runs: Sequence[dg.DagsterRun]) -> None:
    """What ended a run before its first document ends the next too: not one at every tick."""
    failed = [run for run in runs if run.status is DagsterRunStatus.FAILURE]
    if failed and current_pause(catalog) is None:
        pause_after(catalog, RunLost(run_id=failed[0].run_id))


def retire_keys(catalog: Catalog, instance: DagsterInstance) -> int:
    """Delete the partition keys of deleted documents, while nothing runs that may hold them."""
    waiting: list[str] = catalog.discovery.get_state(RETIRE_STATE) or []
    if not waiting or is_busy(instance):
        return 0
    active = catalog.reading.active_ids(waiting)
    retired = [key for key in waiting if key not in active]
    for key in retired:
        instance.delete_dynamic_partition(str(documents.name), key)
    catalog.discovery.set_state(RETIRE_STATE, [])
    return len(retired)


def retire_later(catalog: Catalog, document_ids: Sequence[str]) -> None:
    """Remember the keys of deleted documents until they can be deleted safely."""
    waiting: list[str] = catalog.discovery.get_state(RETIRE_STATE) or []
    catalog.discovery.set_state(RETIRE_STATE, sorted({*waiting, *document_ids}))


def is_busy(instance: DagsterInstance) -> bool:
    """Whether any run or backfill is unfinished."""
    if instance.get_runs(RunsFilter(statuses=UNFINISHED), limit=1):
        return True
    return any(b.status.value in LIVE_BACKFILL for b in instance.get_backfills(limit=20))


def _will_be_retried(run_id: str, instance: DagsterInstance) -> bool:
    """Whether Dagster has started, or is about to start, another run in place of this one."""
    run = instance.get_run_by_id(run_id)
    if run is None:
        return False
    children = instance.get_runs(RunsFilter(tags={"dagster/parent_run_id": run_id}), limit=1)
    if children:
        return not children[0].is_finished
    return run.tags.get("dagster/will_retry") == "true"
