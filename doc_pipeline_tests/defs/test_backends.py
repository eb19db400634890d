"""The main job on the stores of a server: uploads and artifacts in S3, the catalog in Postgres.

Nothing but settings differs from a laptop.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from doc_pipeline.defs.jobs import REMOVE_JOB
from doc_pipeline.defs.sensors import TickFailed
from doc_pipeline.domain.document import Priority
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline_tests.defs.conftest import ASSETS, Rig, failure_of, figure, materializations
from doc_pipeline_tests.servers.postgres import PostgresServer, postgres_server
from doc_pipeline_tests.servers.s3 import S3Server, s3_bucket, s3_server

__all__ = ["postgres_server", "s3_bucket", "s3_server"]

pytestmark = pytest.mark.heavy

SECRET = "s3cr3t-that-nobody-may-read"
KEY_ID = "AKIANOBODYMAYREADTHIS"
SQL_PASSWORD = "pa55word-of-the-catalog"


class CloudRig(Rig):
    """A rig whose uploads are objects of a bucket."""

    def __init__(self, server: S3Server, bucket: str) -> None:
        super().__init__()
        self.server = server
        self.bucket = bucket

    def put(self, name: str, text: str, **metadata: str) -> str:
        self.server.client.put_object(
            Bucket=self.bucket, Key=f"uploads/{name}", Body=text.encode(), Metadata=metadata
        )
        return document_id_of(name)

    def everything_kept(self) -> str:
        """All that Dagster and the catalog keep, as text."""
        records = self.instance.get_run_records()
        events = [
            entry.to_json()
            for record in records
            for entry in self.instance.all_logs(record.dagster_run.run_id)
        ]
        runs = [
            json.dumps([r.dagster_run.run_config, dict(r.dagster_run.tags)], default=str)
            for r in records
        ]
        errors = [repr(row) for row in self.catalog.reading.errors()]
        views = [repr(view) for view in self.catalog.reading.list_documents()]
        trail = [
            repr(e)
            for v in self.catalog.reading.list_documents()
            for e in self.catalog.reading.events(v.document_id)
        ]
        return "\n".join([*events, *runs, *errors, *views, *trail])


@pytest.fixture
def cloud(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    s3_server: S3Server,
    s3_bucket: str,
    postgres_server: PostgresServer,
) -> Iterator[CloudRig]:
    monkeypatch.chdir(tmp_path)
    catalog_url = postgres_server.make_database()
    for name, value in {
        "DOC_PIPELINE_DATA_DIR": str(tmp_path / "data"),
        "AWS_BUCKET_NAME": s3_bucket,
        "AWS_ENDPOINT_URL": s3_server.endpoint_url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "DOC_PIPELINE_CATALOG_URL": catalog_url.replace("postgres@", f"postgres:{SQL_PASSWORD}@"),
    }.items():
        monkeypatch.setenv(name, value)
    rig = CloudRig(s3_server, s3_bucket)
    yield rig
    rig.close()


def test_an_object_of_a_bucket_becomes_searchable(cloud: CloudRig) -> None:
    document_id = cloud.put(
        "ports/report.md",
        "# Harbour\n\nThe crane of the northern quay was mended.",
        owner="alice",
        priority="high",
        project="quays",
    )
    other = cloud.put("ports/tides.md", "# Tides\n\nThe spring tide rose by four metres.")
    (request,) = cloud.tick()
    result = cloud.launch(request)
    assert result.success
    assert cloud.counts() == {"completed": 2}

    view = cloud.get(document_id)
    assert (view.owner_id, view.priority) == ("alice", Priority.HIGH)
    assert dict(view.metadata) == {"project": "quays"}
    assert view.storage_url == f"s3://{cloud.bucket}/uploads/ports/report.md"
    assert cloud.get(other).owner_id is None

    assert cloud.search("northern crane")[0] == "ports/report.md"
    link = figure(materializations(result, "raw_document")[document_id], "artifact")
    assert link.startswith(f"s3://{cloud.bucket}/artifacts/receive/{document_id}/")
    for asset in ASSETS:
        assert cloud.partition_status(asset) == dict.fromkeys((document_id, other), "MATERIALIZED")
    rows = cloud.catalog.reading.view_rows("v_chunks", f"document_id = '{document_id}'")
    assert [row["document_id"] for row in rows] == [document_id]


def test_a_second_version_and_a_deletion_in_the_bucket(cloud: CloudRig) -> None:
    document_id = cloud.put("a.txt", "The heron stands still.")
    kept = cloud.put("b.txt", "The otter swims.")
    assert [result.success for result in cloud.bring_through()] == [True]
    cloud.put("a.txt", "The heron has flown away.")
    assert [result.success for result in cloud.bring_through()] == [True]
    assert cloud.get(document_id).current_version == 2
    cloud.server.client.delete_object(Bucket=cloud.bucket, Key="uploads/a.txt")
    (request,) = cloud.tick()
    assert request.job_name == REMOVE_JOB
    assert cloud.launch(request).success
    assert cloud.search("heron flown") in ([], ["b.txt"])
    cloud.tick()
    assert cloud.keys == [kept]


def test_no_secret_is_kept_or_shown(cloud: CloudRig) -> None:
    """Also when documents fail, and when the whole batch is stopped because access is refused."""
    cloud.put("a.txt", "Some words.")
    cloud.put("empty.txt", "")
    (first,) = cloud.tick()
    assert not cloud.launch(first).success
    cloud.put("b.txt", "More words.")
    (second,) = cloud.tick()
    with cloud.server.refusing():
        refused = cloud.execute(
            str(second.job_name),
            tags=second.tags,
            run_config=second.run_config,
        )
        with pytest.raises((dg.DagsterError, TickFailed)) as failed:
            cloud.tick()
    assert "STORE_AWAY" in str(failure_of(refused).description)
    assert "STORE_" in f"{failed.value} {failed.value.__cause__}"
    kept = cloud.everything_kept()
    assert "FILE_EMPTY" in kept
    shown = "\n".join([kept, repr(cloud.settings), repr(failed.value), _configuration(cloud)])
    for secret in (SECRET, KEY_ID, SQL_PASSWORD):
        assert secret not in shown
    assert cloud.status(document_id_of("b.txt")) == "pending"


def _configuration(rig: Rig) -> str:
    resources = rig.definitions.get_repository_def().get_top_level_resources()
    return json.dumps({name: str(r.config_schema.default_value) for name, r in resources.items()})


def test_the_catalog_away_fails_the_tick_with_its_remedy(
    cloud: CloudRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.put("a.txt", "Some words.")
    cloud.tick()
    from doc_pipeline.settings import get_settings

    monkeypatch.setenv(
        "DOC_PIPELINE_CATALOG_URL",
        f"postgresql+psycopg://postgres:{SQL_PASSWORD}@127.0.0.1:1/catalog",
    )
    get_settings.cache_clear()
    with pytest.raises(dg.DagsterError) as failed:
        cloud.tick()
    shown = f"{failed.value} {failed.value.__cause__}"
    assert "CATALOG_UNAVAILABLE" in shown
    assert SQL_PASSWORD not in shown
