"""A real S3 server for tests: moto's, on a free port, in a thread of this process.

It honours conditional PUT and versions. It checks keys only inside `refusing()`.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from doc_pipeline.storage.blobs import StoreCredentials

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class S3Server:
    """Where the server is and how to get in. Tests share it: each makes buckets of its own."""

    endpoint_url: str
    region: str = "us-east-1"
    access_key_id: str = "test-key"
    secret_access_key: str = "test-secret"
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def credentials(self) -> StoreCredentials:
        """The way in, for our stores."""
        return StoreCredentials(
            endpoint_url=self.endpoint_url,
            region=self.region,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
        )

    @cached_property
    def client(self) -> S3Client:
        """A boto3 client, to arrange and look."""
        import boto3.session

        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
        )

    def make_bucket(self, name: str | None = None) -> str:
        """A new empty bucket; returns its name."""
        bucket = name or f"bucket-{next(self._numbers)}"
        self.client.create_bucket(Bucket=bucket)
        return bucket

    @contextmanager
    def refusing(self) -> Generator[None]:
        """Inside, the server checks keys and permissions, and knows nobody."""
        from moto import settings
        from moto.core.authorization import ActionAuthenticatorMixin

        before = settings.INITIAL_NO_AUTH_ACTION_COUNT
        ActionAuthenticatorMixin.request_count = 0
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0
        try:
            yield
        finally:
            settings.INITIAL_NO_AUTH_ACTION_COUNT = before


@contextmanager
def run_s3_server() -> Generator[S3Server]:
    """Start a server, and stop it at the end."""
    import logging

    from moto.server import ThreadedMotoServer

    # one line per request otherwise
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


@pytest.fixture(scope="session")
def s3_server() -> Generator[S3Server]:
    """One S3 server for all tests of the session."""
    with run_s3_server() as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> str:
    """A new empty bucket."""
    return s3_server.make_bucket()
