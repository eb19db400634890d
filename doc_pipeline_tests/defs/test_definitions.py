"""What Dagster shows of the code location, as one snapshot: a change here is a change for users."""

from __future__ import annotations

import json

import dagster as dg
import pytest

from doc_pipeline.defs.assets import GROUP, STEP
from doc_pipeline.domain.stage import ASSET_OF_STAGE, CODE_VERSION, STAGE_OF_ASSET
from doc_pipeline_tests.defs.conftest import ASSETS, Rig


def test_five_assets_in_one_chain(rig: Rig) -> None:
    graph = rig.definitions.resolve_asset_graph()
    upstream = {
        key.to_user_string(): {p.to_user_string() for p in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert upstream == {
        "raw_document": set(),
        "extracted_text": {"raw_document"},
        "document_chunks": {"extracted_text"},
        "chunk_embeddings": {"document_chunks"},
        "document_record": {"chunk_embeddings"},
    }


def test_each_asset_says_what_it_is(rig: Rig) -> None:
    assets = rig.definitions.resolve_assets_def("raw_document")
    assert assets.node_def.name == STEP
    assert [spec.key.to_user_string() for spec in assets.specs] == list(ASSET_OF_STAGE.values())
    for spec in assets.specs:
        assert spec.group_name == GROUP
        assert spec.description
        assert spec.kinds
        assert spec.skippable
        assert spec.code_version == CODE_VERSION[STAGE_OF_ASSET[spec.key.to_user_string()]]
        assert isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition)
        assert spec.partitions_def.name == "documents"
    assert assets.can_subset
    # 0.9 ms of CPU per partition and tick, also when idle.
    assert not any(spec.automation_condition for spec in assets.specs)


def test_jobs_sensors_schedules_and_resources(rig: Rig) -> None:
    repository = rig.definitions.get_repository_def()
    jobs = {name for name in repository.job_names if not name.startswith("__")}
    assert jobs == {"process_documents", "remove_deleted_documents", "tend_index"}
    assert {sensor.name for sensor in repository.sensor_defs} == {"new_uploads"}
    assert {schedule.name for schedule in repository.schedule_defs} == {"hourly_upkeep"}
    resources = repository.get_top_level_resources()
    own = {"uploads", "artifacts", "catalog", "index", "embedder", "extraction", "processing"}
    assert set(resources) == own


def test_sensor_and_schedule_run_by_default(rig: Rig) -> None:
    sensor = rig.definitions.resolve_sensor_def("new_uploads")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == rig.settings.sensor_interval_s
    schedule = rig.definitions.resolve_schedule_def("hourly_upkeep")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_a_run_is_one_process_of_limited_time(rig: Rig) -> None:
    """Only the limit frees a run whose worker and code server died together."""
    job = rig.definitions.resolve_job_def("process_documents")
    assert job.executor_def is dg.in_process_executor
    limit_s = int(job.tags["dagster/max_runtime"])
    assert limit_s == rig.settings.max_processing_minutes * 60


def test_backfills_are_cut_into_batches(rig: Rig) -> None:
    policy = rig.definitions.resolve_assets_def(ASSETS[0]).backfill_policy
    assert policy is not None
    assert policy.max_partitions_per_run == rig.settings.batch_size


def test_definitions_are_loadable(rig: Rig) -> None:
    dg.Definitions.validate_loadable(rig.definitions)


SECRETS = {
    "OPENAI_API_KEY": "secret-of-openai",
    "AWS_ACCESS_KEY_ID": "secret-key-id",
    "AWS_SECRET_ACCESS_KEY": "secret-of-s3",
    "AWS_BUCKET_NAME": "bucket",
    "EMBEDDING_MODEL": "text-embedding-3-small",
    "DOC_PIPELINE_CATALOG_URL": "postgresql+psycopg://me:secret-of-sql@db.example.org/catalog",
}


@pytest.mark.parametrize("rig_variables", [SECRETS])
def test_resources_show_where_stores_are_and_no_secret(rig: Rig) -> None:
    """Their configuration is shown in the UI."""
    repository = rig.definitions.get_repository_def()
    shown = json.dumps(
        {
            name: str(resource.config_schema.default_value)
            for name, resource in repository.get_top_level_resources().items()
        }
    )
    assert "s3://bucket/uploads" in shown
    assert "db.example.org" in shown
    assert "text-embedding-3-small" in shown
    assert "secret" not in shown
