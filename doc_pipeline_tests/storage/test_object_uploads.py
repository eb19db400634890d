"""Uploads in a bucket: what S3 can hold and obstore cannot name, and servers that say no."""

from __future__ import annotations

import socket
from pathlib import Path

import boto3.session
import pytest

from doc_pipeline.domain.errors import NameInvalid, ObjectGone, StoreRefused, StoreUnavailable
from doc_pipeline.storage.blobs import StoreCredentials, open_blob_store
from doc_pipeline.storage.uploads import UploadStore, open_upload_store
from doc_pipeline_tests.servers.s3 import S3Server

pytestmark = pytest.mark.heavy


def fill(server: S3Server, bucket: str, *keys: str) -> None:
    for key in keys:
        body = b"" if key.endswith("/") else key.encode()
        server.client.put_object(Bucket=bucket, Key=key, Body=body)


def keys_of(store: UploadStore, after: str | None = None) -> list[str]:
    return [item.key for item in store.list(after)]


def test_one_bad_name_does_not_hide_the_others(s3_server: S3Server, s3_bucket: str) -> None:
    """Obstore ends a whole listing at the first such key: nobody's file would come through."""
    good = ["a.txt", "b/c.txt", "tab\tx", "z.txt"]
    bad = ["/rooted", "b//c", "b/../c", "b/./c"]
    fill(s3_server, s3_bucket, *good, *bad)
    store = open_upload_store(f"s3://{s3_bucket}", s3_server.credentials)
    assert keys_of(store) == good
    assert sorted(str(problem.fields["key"]) for problem in store.problems) == sorted(bad)
    assert {type(problem) for problem in store.problems} == {NameInvalid}
    for number, key in enumerate(good):
        assert keys_of(store, key) == good[number + 1 :]
        assert store.read_small(key) == key.encode()


def test_one_bad_name_below_a_prefix(s3_server: S3Server, s3_bucket: str) -> None:
    """Below a prefix a leading slash is an empty part, found in the middle of the listing."""
    names = [f"{number:04}.txt" for number in range(1100)]
    fill(s3_server, s3_bucket, *[f"in/{name}" for name in names], "in//x", "in/1050//x", "inner")
    store = open_upload_store(f"s3://{s3_bucket}/in/", s3_server.credentials)
    assert keys_of(store) == names
    assert [problem.fields["key"] for problem in store.problems] == ["/x", "1050//x"]
    assert keys_of(store, "1060.txt") == names[1061:]
    assert store.problems == []


def test_folder_markers_are_no_documents(s3_server: S3Server, s3_bucket: str) -> None:
    """The S3 console makes them; obstore shows them as empty objects that cannot be read."""
    fill(s3_server, s3_bucket, "in/", "in/a/", "in/a/b.txt", "in/empty/")
    s3_server.client.put_object(Bucket=s3_bucket, Key="in/really-empty.txt", Body=b"")
    for url in (f"s3://{s3_bucket}/in", f"s3://{s3_bucket}/in/"):
        store = open_upload_store(url, s3_server.credentials)
        assert keys_of(store) == ["a/b.txt", "really-empty.txt"]
        assert store.problems == []
    fill(s3_server, s3_bucket, "in/bad//name")
    assert keys_of(store) == ["a/b.txt", "really-empty.txt"]
    blobs = open_blob_store(f"s3://{s3_bucket}/in", "artifacts", s3_server.credentials)
    with pytest.raises(NameInvalid, match="in/bad//name"):
        list(blobs.list())


def test_metadata_beyond_ascii(s3_server: S3Server, s3_bucket: str) -> None:
    """S3 gives it back as mail headers do; headers of its own are not the user's."""
    s3_server.client.put_object(
        Bucket=s3_bucket,
        Key="a",
        Body=b"1",
        ContentType="application/pdf",
        CacheControl="no-cache",
        Metadata={"Owner": "=?UTF-8?B?SsO8cmdlbg==?=", "x-note": "=?broken"},
    )
    store = open_upload_store(f"s3://{s3_bucket}", s3_server.credentials)
    assert store.metadata("a") == {"owner": "Jürgen", "x-note": "=?broken"}


def test_an_object_that_changes_while_it_is_read(s3_server: S3Server, s3_bucket: str) -> None:
    """The reader can see it by the etag of `head`, before and after."""
    store = open_upload_store(f"s3://{s3_bucket}", s3_server.credentials)
    fill(s3_server, s3_bucket, "a")
    before = store.head("a")
    s3_server.client.put_object(Bucket=s3_bucket, Key="a", Body=b"new")
    assert store.head("a").etag != before.etag
    s3_server.client.delete_object(Bucket=s3_bucket, Key="a")
    with pytest.raises(ObjectGone):
        store.head("a")


def test_a_missing_bucket_is_the_stores_fault(s3_server: S3Server, tmp_path: Path) -> None:
    """Not 'gone': a bucket with a typo in its name must not delete documents."""
    (tmp_path / "a").write_text("x")
    uploads = open_upload_store("s3://no-such-bucket/in", s3_server.credentials)
    blobs = open_blob_store("s3://no-such-bucket/in", "artifacts", s3_server.credentials)
    for call in (
        uploads.root_identity,
        lambda: keys_of(uploads),
        lambda: keys_of(open_upload_store("s3://no-such-bucket", s3_server.credentials)),
        lambda: uploads.head("a"),
        lambda: uploads.read_small("a"),
        lambda: uploads.put("a", tmp_path / "a"),
        lambda: blobs.get("a"),
        lambda: blobs.head("a"),
        lambda: blobs.put("a", b"1"),
        lambda: list(blobs.list()),
    ):
        with pytest.raises(StoreUnavailable):
            call()


def test_refused_credentials(s3_server: S3Server, s3_bucket: str, tmp_path: Path) -> None:
    fill(s3_server, s3_bucket, "a")
    (tmp_path / "a").write_text("x")
    url = f"s3://{s3_bucket}"
    uploads = open_upload_store(url, s3_server.credentials)
    blobs = open_blob_store(url, "artifacts", s3_server.credentials)
    with s3_server.refusing():
        for call in (
            uploads.root_identity,
            lambda: keys_of(uploads),
            lambda: uploads.head("a"),
            lambda: uploads.head("tab\t"),
            lambda: uploads.read_small("a"),
            lambda: uploads.read_small("tab\t"),
            lambda: uploads.put("tab\t", tmp_path / "a"),
            lambda: blobs.exists("a"),
            lambda: blobs.get("a"),
            lambda: blobs.put("a", b"1"),
            lambda: blobs.put_file("a", tmp_path / "a"),
            lambda: blobs.delete("a"),
            lambda: list(blobs.list()),
        ):
            with pytest.raises(StoreRefused) as refused:
                call()
            assert s3_server.secret_access_key not in refused.value.sentence


def test_a_server_that_is_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    away = StoreCredentials(
        endpoint_url=f"127.0.0.1:{port}",
        use_ssl=False,
        region="us-east-1",
        access_key_id="k",
        secret_access_key="s",
    )
    uploads = open_upload_store("s3://bucket/in", away)
    with pytest.raises(StoreUnavailable):
        uploads.head("a")
    with pytest.raises(StoreUnavailable):
        uploads.head("tab\t")
    with pytest.raises(StoreUnavailable):
        uploads.root_identity()


def test_a_boto3_session_gives_the_credentials(s3_server: S3Server, s3_bucket: str) -> None:
    """Roles, profiles and refreshed tokens are boto3's business."""
    session = boto3.session.Session(
        aws_access_key_id="from-session",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    given = StoreCredentials(endpoint_url=s3_server.endpoint_url, session=session)
    fill(s3_server, s3_bucket, "a", "tab\t")
    store = open_upload_store(f"s3://{s3_bucket}", given)
    assert keys_of(store) == ["a", "tab\t"]
    assert store.read_small("a") == b"a"


def test_the_machines_own_role(
    s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    given = StoreCredentials(endpoint_url=s3_server.endpoint_url, region="eu-west-1")
    fill(s3_server, s3_bucket, "a")
    assert keys_of(open_upload_store(f"s3://{s3_bucket}", given)) == ["a"]
