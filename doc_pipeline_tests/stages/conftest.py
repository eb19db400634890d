"""A bench with real parts: a folder of uploads, SQLite, LanceDB, the hashing embedder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from doc_pipeline.catalog.catalog import open_catalog
from doc_pipeline.domain.stage import STAGES, Stage, StageResult
from doc_pipeline.embedding.embedder import EmbedderSpec, open_embedder
from doc_pipeline.index.chunk_index import open_index
from doc_pipeline.stages.adapters import Adapters, ProcessingSettings
from doc_pipeline.stages.batch import Batch, Outcome, StageFailure
from doc_pipeline.stages.discover import Discovery, DiscoverySettings, discover_uploads
from doc_pipeline.stages.search import search_chunks
from doc_pipeline.storage.blobs import open_blob_store
from doc_pipeline.storage.uploads import open_upload_store

NO_SETTLING = DiscoverySettings(ignored_names=(".DS_Store", "~$*", "*.tmp"), settle_s=0)


class Bench:
    """The stages without Dagster, on stores under one folder."""

    def __init__(self, folder: Path, settings: ProcessingSettings | None = None) -> None:
        self.folder = folder
        self.uploads = folder / "uploads"
        self.uploads.mkdir(parents=True)
        spec = EmbedderSpec(provider="hashing", model="hashing", dimensions=None)
        embedder = open_embedder(spec)
        self.adapters = Adapters(
            uploads=open_upload_store(self.uploads.as_uri()),
            artifacts=open_blob_store((folder / "artifacts").as_uri(), "artifacts"),
            catalog=open_catalog(f"sqlite:///{folder / 'catalog.db'}"),
            index=open_index(
                str(folder / "lancedb"),
                model_id=embedder.model_id,
                dimensions=embedder.dimensions,
            ),
            embedder=embedder,
            settings=settings or ProcessingSettings(),
        )
        self.events: list[tuple[str, Stage, str]] = []
        self._runs = 0

    def write(self, name: str, text: str | bytes) -> None:
        path = self.uploads / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def discover(self, settings: DiscoverySettings = NO_SETTLING) -> Discovery:
        return discover_uploads(self.adapters.uploads, self.adapters.catalog, settings)

    def batch(self, stages: Sequence[Stage] = STAGES, run_id: str | None = None) -> Batch:
        self._runs += 1
        return Batch(
            adapters=self.adapters,
            run_id=run_id or f"run-{self._runs}",
            stages=stages,
            report=lambda document_id, stage, event, **_: self.events.append(
                (document_id, stage, event)
            ),
            is_live=lambda _: True,
        )

    def process(self, ids: Sequence[str], stages: Sequence[Stage] = STAGES) -> list[Outcome]:
        return list(self.batch(stages).process(ids))

    def bring_through(self) -> list[Outcome]:
        """A tick and a run: what the sensor and Dagster do together."""
        found = self.discover()
        return self.process([*found.new, *found.changed])

    def search(self, query: str) -> list[str]:
        hits = search_chunks(
            query,
            catalog=self.adapters.catalog,
            index=self.adapters.index,
            embedder=self.adapters.embedder,
        )
        return [hit.source_key for hit in hits]


def computed(outcomes: Sequence[Outcome]) -> int:
    """Embeddings computed in all."""
    return sum(
        int(outcome.figures["embeddings_computed"])
        for outcome in outcomes
        if isinstance(outcome, StageResult) and outcome.stage is Stage.EMBED
    )


def failures(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Code by document of those that failed."""
    return {o.document_id: o.error.code for o in outcomes if isinstance(o, StageFailure)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.adapters.catalog.close()
