"""Runs the Dagster jobs inside the calling process, for `doc-pipeline process`.

The same job on the same instance: the Dagster UI shows the run and its partitions.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.defs.jobs import PROCESS_JOB, REMOVE_JOB, keys_config, removal_config
from doc_pipeline.defs.liveness import PROCESS_TAG, open_instance, this_process
from doc_pipeline.defs.requests import add_missing_keys, register_new_keys


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended."""

    run_id: str
    is_success: bool


def process_here(
    keys: Sequence[str], *, definitions: dg.Definitions, catalog: Catalog, home: Path
) -> RunOutcome:
    """Execute `process_documents` for these documents in this process."""
    _quieten()
    with open_instance(home) as instance:
        register_new_keys(catalog, instance)
        add_missing_keys(instance, keys)
        result = definitions.resolve_job_def(PROCESS_JOB).execute_in_process(
            instance=instance,
            run_config={**keys_config(list(keys)), **_QUIET},
            tags={PROCESS_TAG: this_process(), "doc_pipeline/documents": str(len(keys))},
            raise_on_error=False,
        )
        return RunOutcome(result.run_id, result.success)


def remove_here(keys: Sequence[str], *, definitions: dg.Definitions, home: Path) -> RunOutcome:
    """Execute `remove_deleted_documents` for these documents in this process."""
    _quieten()
    with open_instance(home) as instance:
        result = definitions.resolve_job_def(REMOVE_JOB).execute_in_process(
            instance=instance,
            run_config={**removal_config(list(keys)), **_QUIET},
            tags={PROCESS_TAG: this_process()},
            raise_on_error=False,
        )
        return RunOutcome(result.run_id, result.success)


_QUIET: dict[str, object] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _quieten() -> None:
    """The command line shows its own progress; the run's log is in the UI."""
    logging.getLogger("doc_pipeline").setLevel(logging.CRITICAL)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
