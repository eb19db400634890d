"""Opens a data folder with the code as it is, and does what the sensor and a run would do."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from doc_pipeline.domain.stage import STAGES, Stage
from doc_pipeline.services import Services, discovery_settings
from doc_pipeline.settings import read_settings
from doc_pipeline.stages.batch import Batch, Outcome
from doc_pipeline.stages.discover import Discovery, discover_uploads
from doc_pipeline.stages.search import search_chunks

HERE = Path(__file__).parent
# Git keeps no times, and by size and time the sensor knows a file again: 2026-03-02 09:00 UTC.
MADE_AT_S = 1_772_442_000


@contextmanager
def opened(data_dir: Path) -> Generator[Services]:
    """The services of a data folder, with default settings."""
    settings = {"DOC_PIPELINE_DATA_DIR": str(data_dir), "DOC_PIPELINE_SETTLE_S": "0"}
    services = Services(read_settings(settings, None))
    try:
        yield services
    finally:
        services.close()


def set_times(data_dir: Path) -> None:
    """Give all uploads the time at which they were put there."""
    for path in (data_dir / "uploads").rglob("*"):
        os.utime(path, (MADE_AT_S, MADE_AT_S))


def look(services: Services) -> Discovery:
    """What a tick of the sensor finds."""
    return discover_uploads(
        services.uploads, services.catalog, discovery_settings(services.settings)
    )


def say_nothing(document_id: str, stage: Stage, event: str, **figures: object) -> None:
    """Where stages tell what they do."""


def queued(services: Services, batch_id: str) -> list[str]:
    """What the sensor would request a run for: all that wait and are not held."""
    return services.catalog.discovery.assign_batch(batch_id, 100)


def process(services: Services, document_ids: list[str], run_id: str) -> list[Outcome]:
    """What a run does."""
    batch = Batch(
        adapters=services.adapters,
        run_id=run_id,
        stages=STAGES,
        report=say_nothing,
        is_live=lambda _: False,
    )
    return list(batch.process(document_ids))


def search(services: Services, words: str) -> list[str]:
    """Upload keys of what is found, best first."""
    hits = search_chunks(
        words, catalog=services.catalog, index=services.index, embedder=services.embedder
    )
    return [hit.source_key for hit in hits]
