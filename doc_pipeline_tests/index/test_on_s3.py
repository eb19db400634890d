"""The index on S3: same promises, against a server that honours conditional PUT."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from doc_pipeline.domain.errors import IndexUnavailable, ModelMismatch
from doc_pipeline.index.chunk_index import ChunkIndex, open_index
from doc_pipeline_tests.index.conftest import DIMENSIONS, MODEL, find, put, rows_of
from doc_pipeline_tests.servers.s3 import S3Server, run_s3_server

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with run_s3_server() as running:
        yield running


def open_on(server: S3Server, bucket: str, **changes: object) -> ChunkIndex:
    options = {
        "aws_endpoint": server.endpoint_url,
        "aws_region": server.region,
        "aws_access_key_id": server.access_key_id,
        "aws_secret_access_key": server.secret_access_key,
        "allow_http": "true",
    }
    given = {"model_id": MODEL, "dimensions": DIMENSIONS, "storage_options": options, **changes}
    return open_index(f"s3://{bucket}/some/prefix", **given)  # pyright: ignore[reportArgumentType]


def test_replace_search_remove(server: S3Server) -> None:
    bucket = server.make_bucket()
    index = open_on(server, bucket)
    version = put(index, rows_of("it's", ["walrus", "cat"]), rows_of("b", ["文件合同"]))
    assert put(index, rows_of("it's", ["cat"]), rows_of("b", ["文件合同"])) == version + 1
    other = open_on(server, bucket)
    assert find(other, "cat", "text") == ["cat"]
    assert find(other, "合同", "text") == ["文件合同"]
    assert find(other, "walrus", "text") == []
    assert index.remove_documents(["it's"]) == 1
    assert other.count_rows() == 1
    with pytest.raises(ModelMismatch):
        open_on(server, bucket, model_id="other")


def test_writers_at_once_lose_and_double_nothing(server: S3Server) -> None:
    bucket = server.make_bucket()
    open_on(server, bucket)
    failures: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            index = open_on(server, bucket)
            for turn in range(4):
                put(index, rows_of(f"own-{worker}", [f"{worker} {turn}"]), rows_of("all", ["same"]))
        except BaseException as error:  # noqa: BLE001 - any failure fails the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert open_on(server, bucket).count_rows() == 4


def test_a_bucket_that_is_not_there(server: S3Server) -> None:
    with pytest.raises(IndexUnavailable):
        open_on(server, "no-such-bucket")
