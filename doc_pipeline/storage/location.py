"""Store URLs, read and shown. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from doc_pipeline.domain.errors import SettingInvalid

_REMOTE = ("s3", "gs", "az")
_FORM = "file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """Where a store is: a folder, or a prefix (no slash at its ends) of a bucket."""

    scheme: str
    bucket: str = ""
    prefix: str = ""
    folder: Path | None = None

    @property
    def url(self) -> str:
        """The URL again, without user, password or query."""
        if self.folder is not None:
            return self.folder.as_uri()
        path = f"/{quote(self.prefix)}" if self.prefix else ""
        return f"{self.scheme}://{self.bucket}{path}"

    def key_in_bucket(self, key: str) -> str:
        """The whole key that the bucket knows."""
        return f"{self.prefix}/{key}" if self.prefix else key


def parse_location(url: str, name: str) -> StoreLocation:
    """Read a store URL; `name` is the store's. Raises `SettingInvalid`."""
    invalid = SettingInvalid(name=f"DOC_PIPELINE_{name.upper()}_URL", allowed=_FORM)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise invalid from error
    path = unquote(parts.path)
    if "\0" in path:
        raise invalid
    if parts.scheme == "file":
        if parts.netloc not in {"", "localhost"} or not path.startswith("/"):
            raise invalid
        return StoreLocation("file", folder=Path(path))
    bucket = parts.netloc.rpartition("@")[2]
    if parts.scheme not in _REMOTE or not bucket:
        raise invalid
    return StoreLocation(parts.scheme, bucket, path.strip("/"))
