"""The definitions on a Dagster instance in memory, over real stores in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterInstance, DagsterRunStatus

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.catalog.reading import DocumentView
from doc_pipeline.definitions import build_definitions
from doc_pipeline.defs.jobs import PROCESS_JOB, keys_config
from doc_pipeline.defs.partitions import add_keys, documents
from doc_pipeline.defs.requests import RANGE_END, RANGE_START, RUN_KEY_TAG
from doc_pipeline.defs.sensors import SENSOR
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.domain.stage import ASSET_OF_STAGE
from doc_pipeline.services import Services
from doc_pipeline.settings import get_settings
from doc_pipeline.stages.search import search_chunks

ASSETS = tuple(ASSET_OF_STAGE.values())


class Rig:
    """Sensor and jobs in this process; nothing ticks by itself.

    The settings come through the environment, as they do in a run's process.
    """

    def __init__(self) -> None:
        get_settings.cache_clear()
        self.settings = get_settings()
        self.definitions = build_definitions(self.settings)
        self.services = Services(self.settings)
        self.instance = DagsterInstance.ephemeral()

    def close(self) -> None:
        self.services.close()
        self.instance.dispose()
        get_settings.cache_clear()

    # -- uploads ------------------------------------------------------------------------------

    @property
    def uploads(self) -> Path:
        folder = Path(self.settings.local_upload_dir)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write(self, name: str, text: str | bytes = "") -> str:
        """Write an upload; returns its document id."""
        path = self.uploads / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text or f"A few plain words that stand in {name}."
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return document_id_of(name)

    def write_empty(self, name: str) -> str:
        """A file that always fails, at stage receive."""
        (self.uploads / name).write_bytes(b"")
        return document_id_of(name)

    def write_many(self, count: int) -> list[str]:
        return [self.write(f"{n:04}.txt") for n in range(count)]

    # -- what Dagster does --------------------------------------------------------------------

    def tick(self) -> list[dg.RunRequest]:
        """Evaluate the sensor once; what it asks for."""
        said = self.evaluate()
        return list(said.run_requests or []) if isinstance(said, dg.SensorResult) else []

    def evaluate(self) -> dg.SensorResult | dg.SkipReason:
        sensor = self.definitions.resolve_sensor_def(SENSOR)
        resources = self.definitions.resources or {}
        context = dg.build_sensor_context(
            instance=self.instance,
            resources={name: resources[name] for name in sensor.required_resource_keys},
            sensor_name=SENSOR,
        )
        with context:
            said = sensor(context)
        assert isinstance(said, (dg.SensorResult, dg.SkipReason))
        return said

    def launch(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Execute what a tick asked for, as the daemon would have it launched."""
        return self.execute(
            str(request.job_name),
            run_config=request.run_config,
            tags={**request.tags, RUN_KEY_TAG: str(request.run_key)},
        )

    def execute(
        self,
        job: str = PROCESS_JOB,
        *,
        run_config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        assets: Sequence[str] = (),
    ) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            run_config=run_config,
            tags=dict(tags or {}),
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            raise_on_error=False,
        )

    def process(self, ids: Sequence[str], assets: Sequence[str] = ()) -> dg.ExecuteInProcessResult:
        """A run of a list of keys."""
        return self.execute(run_config=keys_config(list(ids)), assets=assets)

    def process_range(
        self, first: str, last: str, assets: Sequence[str] = ()
    ) -> dg.ExecuteInProcessResult:
        """A run of a range of partitions."""
        return self.execute(tags={RANGE_START: first, RANGE_END: last}, assets=assets)

    def bring_through(self) -> list[dg.ExecuteInProcessResult]:
        """A tick and the runs it asks for."""
        return [self.launch(request) for request in self.tick()]

    def note_run(
        self, status: DagsterRunStatus, tags: Mapping[str, str], run_id: str | None = None
    ) -> str:
        """Put a run into the instance that was made elsewhere; returns its id."""
        run = self.instance.create_run_for_job(
            self.definitions.resolve_job_def(PROCESS_JOB),
            run_id=run_id,
            tags=dict(tags),
            status=status,
        )
        return run.run_id

    def add_keys(self, ids: Sequence[str]) -> None:
        add_keys(self.instance, list(ids))

    @property
    def keys(self) -> list[str]:
        """The partitions there are, in their order."""
        return list(self.instance.get_dynamic_partitions(str(documents.name)))

    # -- how things stand ---------------------------------------------------------------------

    @property
    def catalog(self) -> Catalog:
        return self.services.catalog

    def get(self, document_id: str) -> DocumentView:
        view = self.catalog.reading.get(document_id)
        assert view is not None
        return view

    def status(self, document_id: str) -> str:
        return self.get(document_id).processing_status.value

    def counts(self) -> dict[str, int]:
        return self.catalog.reading.counts()

    def partition_status(self, asset: str) -> dict[str, str]:
        """Status of each partition as the asset's page shows it, without missing ones."""
        found = self.instance.get_status_by_partition(dg.AssetKey(asset), self.keys, documents)
        return {key: status.value for key, status in (found or {}).items() if status}

    def search(self, query: str) -> list[str]:
        hits = search_chunks(
            query,
            catalog=self.services.catalog,
            index=self.services.index,
            embedder=self.services.embedder,
        )
        return [hit.source_key for hit in hits]


def materializations(
    result: dg.ExecuteInProcessResult, asset: str
) -> dict[str, dg.AssetMaterialization]:
    """What the run materialized of an asset, by partition."""
    found: dict[str, dg.AssetMaterialization] = {}
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key == dg.AssetKey(asset):
            made = event.step_materialization_data.materialization
            found[str(made.partition)] = made
    return found


def failure_of(result: dg.ExecuteInProcessResult) -> dg.Failure:
    """The failure that ended the run: description and metadata."""
    assert not result.success
    data = result.get_step_failure_events()[-1].step_failure_data.user_failure_data
    assert data is not None
    return dg.Failure(data.description, metadata=data.metadata)


def figure(made: dg.AssetMaterialization, name: str) -> Any:
    """The value of one metadata entry."""
    return made.metadata[name].value


@pytest.fixture
def rig_variables() -> dict[str, str]:
    """Settings of the rig beside the defaults; a test module may override this."""
    return {}


@pytest.fixture
def rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rig_variables: dict[str, str]
) -> Iterator[Rig]:
    # No .env of this checkout is read.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOC_PIPELINE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DOC_PIPELINE_SETTLE_S", "0")
    # Children import the libraries anew in each run, which here all are in one process; the
    # tests of stages and of the stack have children.
    monkeypatch.setenv("DOC_PIPELINE_EXTRACT_WORKERS", "0")
    # As `doc-pipeline up` has it.
    monkeypatch.setenv("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", "true")
    for name, value in rig_variables.items():
        monkeypatch.setenv(name, value)
    rig = Rig()
    yield rig
    rig.close()
