"""Opens the client of a store from its location and credentials. Sends nothing.

The verbs are in `obstore_blobs` and `s3_keys`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from doc_pipeline.domain.errors import StorageNotConfigured, StoreUnavailable
from doc_pipeline.storage.blobs import StoreCredentials
from doc_pipeline.storage.failures import os_failure
from doc_pipeline.storage.location import StoreLocation

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_s3 import S3Client
    from obstore.store import (
        AzureStore,
        ClientConfig,
        GCSStore,
        LocalStore,
        RetryConfig,
        S3Config,
        S3Store,
    )

    ObjectStore: TypeAlias = AzureStore | GCSStore | LocalStore | S3Store

_CLIENT: ClientConfig = {
    "connect_timeout": "5 s",
    # obstore's own limit of 30 s counts the whole download; only silence may end it
    "timeout": "6 h",
    "read_timeout": "60 s",
}
_MAX_RETRIES = 4
_RETRY: RetryConfig = {"max_retries": _MAX_RETRIES}
_KEY_SETTING = {
    "s3": "DOC_PIPELINE_S3_ACCESS_KEY_ID",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME",
}


def open_object_store(
    location: StoreLocation, name: str, credentials: StoreCredentials | None, *, create: bool
) -> ObjectStore:
    """The obstore client of a location; errors as `open_blob_store` has them."""
    from obstore.exceptions import BaseError

    if location.folder is not None:
        return _open_folder(location, name, create=create)
    try:
        return _open_remote(location, credentials or StoreCredentials())
    except (BaseError, ValueError) as error:
        raise StorageNotConfigured(name=_KEY_SETTING[location.scheme]) from error


def _open_folder(location: StoreLocation, name: str, *, create: bool) -> LocalStore:
    from obstore.store import LocalStore

    folder = location.folder
    assert folder is not None
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise StoreUnavailable(store=name, key=location.url)
    except FileExistsError as error:
        raise StoreUnavailable(store=name, key=location.url) from error
    except OSError as error:
        raise os_failure(error, name, location.url) from error
    return LocalStore(folder, automatic_cleanup=True)


def _open_remote(
    location: StoreLocation, credentials: StoreCredentials
) -> AzureStore | GCSStore | S3Store:
    from obstore.store import AzureStore, GCSStore

    prefix = location.prefix or None
    if location.scheme == "gs":
        return GCSStore(location.bucket, prefix=prefix, client_options=_CLIENT, retry_config=_RETRY)
    if location.scheme == "az":
        return AzureStore(
            location.bucket, prefix=prefix, client_options=_CLIENT, retry_config=_RETRY
        )
    return _open_s3(location, S3Access(credentials))


def _open_s3(location: StoreLocation, access: S3Access) -> S3Store:
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.store import S3Store

    given = access.credentials
    endpoint = access.endpoint_url
    config: S3Config = {
        # names with dots do not fit the certificate, other servers have no names per bucket
        "virtual_hosted_style_request": endpoint is None and "." not in location.bucket,
    }
    if endpoint is not None:
        config["endpoint"] = endpoint
    if given.region is not None:
        config["region"] = given.region
    provider = None
    if given.access_key_id is not None and given.session is None:
        config["access_key_id"] = given.access_key_id
        config["secret_access_key"] = given.secret_access_key or ""
        if given.session_token is not None:
            config["session_token"] = given.session_token
    else:
        provider = Boto3CredentialProvider(access.session)
    return S3Store(
        location.bucket,
        prefix=location.prefix or None,
        config=config,
        client_options={**_CLIENT, "allow_http": access.is_plain_http},
        retry_config=_RETRY,
        credential_provider=provider,
    )


@dataclass(frozen=True)
class S3Access:
    """The same credentials for obstore and for boto3."""

    credentials: StoreCredentials

    @property
    def endpoint_url(self) -> str | None:
        """The endpoint with its scheme; `use_ssl` decides where none is written."""
        endpoint = self.credentials.endpoint_url
        if not endpoint or "://" in endpoint:
            return endpoint or None
        return f"{'https' if self.credentials.use_ssl else 'http'}://{endpoint}"

    @property
    def is_plain_http(self) -> bool:
        """Whether the endpoint is reached without encryption."""
        return (self.endpoint_url or "").lower().startswith("http://")

    @cached_property
    def session(self) -> Session:
        """The given boto3 session, or one of the machine's own role."""
        import boto3.session

        if self.credentials.session is not None:
            return self.credentials.session
        return boto3.session.Session(region_name=self.credentials.region)

    @cached_property
    def client(self) -> S3Client:
        """A boto3 client, for the few verbs that obstore has not."""
        from botocore.config import Config

        given = self.credentials
        return self.session.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=given.region,
            aws_access_key_id=given.access_key_id,
            aws_secret_access_key=given.secret_access_key,
            aws_session_token=given.session_token,
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": _MAX_RETRIES, "mode": "standard"},
                s3={"addressing_style": "path" if self.endpoint_url else "auto"},
            ),
        )
