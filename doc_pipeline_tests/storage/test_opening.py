"""Store URLs: which are taken, what they open, and that secrets stay out of sight."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import obstore.store
import pytest

from doc_pipeline.domain.errors import SettingInvalid, StorageNotConfigured
from doc_pipeline.storage.blobs import StoreCredentials, open_blob_store
from doc_pipeline.storage.location import parse_location
from doc_pipeline.storage.object_uploads import ObjectUploads
from doc_pipeline.storage.obstore_blobs import ObstoreBlobStore
from doc_pipeline.storage.opening import S3Access
from doc_pipeline.storage.uploads import open_upload_store

KEYS = StoreCredentials(region="eu-west-1", access_key_id="public", secret_access_key="hidden")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening sends nothing; and what the tester's machine knows is not asked."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("s3://bucket/some/prefix", obstore.store.S3Store),
        ("gs://bucket/some/prefix", obstore.store.GCSStore),
        ("az://bucket/some/prefix", obstore.store.AzureStore),
        ("az://bucket", obstore.store.AzureStore),
    ],
)
def test_every_cloud_opens_through_the_same_door(
    url: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "aGlkZGVu")
    blobs = open_blob_store(url, "artifacts", KEYS)
    assert isinstance(blobs, ObstoreBlobStore)
    assert isinstance(blobs.store, kind)
    assert (blobs.url, blobs.name) == (url, "artifacts")
    uploads = open_upload_store(url + "/", KEYS)
    assert isinstance(uploads, ObjectUploads)
    assert isinstance(uploads.blobs.store, kind)
    assert uploads.url == url
    assert uploads.path_of("x") is None


@pytest.mark.parametrize(
    ("url", "name"),
    [("az://bucket", "AZURE_STORAGE_ACCOUNT_NAME"), ("s3://bucket", "S3_ACCESS_KEY_ID")],
)
def test_missing_credentials_are_named(url: str, name: str) -> None:
    with pytest.raises(StorageNotConfigured, match=name):
        open_blob_store(url, "artifacts")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "uploads",
        "/srv/uploads",
        "file://.data/uploads",
        "file:relative",
        "file://host/share",
        "file:///a%00b",
        "ftp://host/x",
        "s3:///key",
        "s3://",
        "memory://x",
        "http://[broken",
    ],
)
def test_other_urls_are_refused_with_the_form_that_works(url: str) -> None:
    for opening in (lambda: open_blob_store(url, "uploads"), lambda: open_upload_store(url)):
        with pytest.raises(SettingInvalid, match=r"DOC_PIPELINE_UPLOADS_URL.*file:///folder"):
            opening()


def test_urls_are_shown_without_secrets() -> None:
    location = parse_location("s3://key:secret@bucket/a%20b/?token=x", "uploads")
    assert (location.bucket, location.prefix) == ("bucket", "a b")
    assert location.url == "s3://bucket/a%20b"
    assert parse_location("file://localhost/a%20b/", "uploads").folder == Path("/a b")
    assert "hidden" not in repr(KEYS)
    assert "public" not in repr(KEYS)


@pytest.mark.parametrize(
    ("endpoint", "use_ssl", "expected", "is_plain"),
    [
        (None, True, None, False),
        ("", True, None, False),
        ("minio:9000", True, "https://minio:9000", False),
        ("minio:9000", False, "http://minio:9000", True),
        ("HTTP://minio:9000", True, "HTTP://minio:9000", True),
        ("https://minio", False, "https://minio", False),
    ],
)
def test_endpoints(endpoint: str | None, use_ssl: bool, expected: str | None, is_plain: bool):
    access = S3Access(StoreCredentials(endpoint_url=endpoint, use_ssl=use_ssl))
    assert access.endpoint_url == expected
    assert access.is_plain_http is is_plain


def test_importing_loads_no_client() -> None:
    """A code server that never touches S3 should not pay a second for boto3."""
    code = (
        "import sys, doc_pipeline.storage.blobs, doc_pipeline.storage.uploads, "
        "doc_pipeline.testing; print([m for m in ('boto3', 'obstore', 'pytest') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
