"""Opening the tables: their schemas, what their metadata says, and naming LanceDB's errors."""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from doc_pipeline.domain.errors import (
    DiskFull,
    IndexUnavailable,
    ModelMismatch,
    PipelineError,
    SchemaNewer,
)

SCHEMA_VERSION = 1
CHUNKS = "chunks"
CACHE = "embedding_cache"
_PRIMARY_KEY = {"lance-schema:unenforced-primary-key:position": "1"}
_MODEL = b"doc_pipeline.model"
_VERSION = b"doc_pipeline.schema_version"
_COMMIT_ATTEMPTS = 8

T = TypeVar("T")


def chunk_schema(model_id: str, dimensions: int) -> Any:
    """Arrow schema of the chunks. A tombstone has `deleted` set and neither text nor vector."""
    import pyarrow as pa

    return pa.schema(
        [
            # Without the declared key, writers that race insert silent duplicates. There must be
            # no scalar index on it: an index switches that protection off again.
            pa.field("chunk_id", pa.string(), nullable=False, metadata=_PRIMARY_KEY),
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("version", pa.int32()),
            pa.field("chunk_index", pa.int32()),
            pa.field("text", pa.string()),
            pa.field("ranked_text", pa.string()),
            pa.field("section", pa.string()),
            pa.field("page_start", pa.int32()),
            pa.field("page_end", pa.int32()),
            pa.field("title", pa.string()),
            pa.field("source_key", pa.string()),
            pa.field("owner", pa.string()),
            pa.field("language", pa.string()),
            pa.field("kind", pa.string()),
            pa.field("metadata_json", pa.string()),
            pa.field("row_hash", pa.string()),
            pa.field("deleted", pa.bool_(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimensions)),
        ],
        metadata=_metadata(model_id),
    )


def cache_schema(model_id: str, dimensions: int) -> Any:
    """Arrow schema of the vector cache."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("key", pa.string(), nullable=False),
            pa.field("model_id", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False),
        ],
        metadata=_metadata(model_id),
    )


def _metadata(model_id: str) -> dict[bytes, bytes]:
    return {_MODEL: model_id.encode(), _VERSION: str(SCHEMA_VERSION).encode()}


def check_table(table: Any, model_id: str, dimensions: int) -> None:
    """Refuse a table of a newer schema, of another model or of other dimensions."""
    schema = table.schema
    metadata: dict[bytes, bytes] = schema.metadata or {}
    if int(metadata.get(_VERSION, b"0")) > SCHEMA_VERSION:
        raise SchemaNewer(store="index")
    found_model = metadata.get(_MODEL, b"an unknown model").decode()
    found_size = schema.field("vector").type.list_size if "vector" in schema.names else 0
    if (found_model, found_size) != (model_id, dimensions):
        raise ModelMismatch(
            found=f"{found_model} ({found_size} dimensions)",
            wanted=f"{model_id} ({dimensions} dimensions)",
        )


def connect(url: str, storage_options: dict[str, str] | None, create: bool) -> Any:
    """A LanceDB connection whose tables always show the newest commit."""
    target = _target_of(url)
    if "://" not in target and not create and not Path(target).is_dir():
        raise IndexUnavailable
    import lancedb

    with named_errors():
        return lancedb.connect(
            target,
            storage_options=storage_options,
            # an open handle is a snapshot otherwise, and misses what other processes commit
            read_consistency_interval=timedelta(0),
        )


def _target_of(url: str) -> str:
    if url.startswith("file://"):
        return unquote(urlsplit(url).path)
    return url


@contextmanager
def named_errors() -> Generator[None]:
    """Turn what LanceDB raises into `DiskFull` or `IndexUnavailable`."""
    try:
        yield
    except PipelineError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise name_error(error) from error


def name_error(error: Exception) -> PipelineError:
    """The pipeline's error for one of LanceDB's, which only its text tells apart."""
    is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    text = str(error)
    if is_full or any(sign in text for sign in ("No space left", "os error 28", "os error 122")):
        return DiskFull(store="index")
    return IndexUnavailable()


def commit(write: Callable[[], T]) -> T:
    """Do a write, again while other writers' commits come in between."""
    for attempt in range(1, _COMMIT_ATTEMPTS + 1):
        with named_errors():
            try:
                return write()
            except (OSError, RuntimeError, ValueError) as error:
                if not is_conflict(error) or attempt == _COMMIT_ATTEMPTS:
                    raise
        time.sleep(random.uniform(0.02, 0.05) * 2**attempt)  # noqa: S311 - spreads writers only
    raise IndexUnavailable


def is_conflict(error: Exception) -> bool:
    """Whether another writer was faster, so that trying again helps."""
    text = str(error).lower()
    return "conflict" in text or "concurrent writers" in text


def quoted(value: str) -> str:
    """A string literal for a filter: LanceDB reads double quotes as a column's name."""
    return "'" + value.replace("'", "''") + "'"


def one_of(column: str, values: Iterable[str]) -> str:
    """Filter for rows whose column holds one of the values."""
    listed = ", ".join(quoted(value) for value in values)
    return f"{column} IN ({listed})" if listed else "false"


def clean(text: str) -> str:
    """The text as Arrow takes it: halves of surrogate pairs replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
