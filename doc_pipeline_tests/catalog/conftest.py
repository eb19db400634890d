"""The catalog on both engines, and short ways to put documents into it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from doc_pipeline.catalog.catalog import Catalog, open_catalog
from doc_pipeline.catalog.completion import DocumentRecord
from doc_pipeline.catalog.discovery import Registration
from doc_pipeline.domain.chunk import Chunk
from doc_pipeline.domain.document import DocumentOptions, UploadObject
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.domain.identity import chunk_ids_of, document_id_of
from doc_pipeline.domain.stage import STAGES, Stage, StageResult
from doc_pipeline_tests.servers.postgres import postgres_server

__all__ = ["postgres_server"]

WHEN = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.heavy)])
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new empty database, once for each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    return request.getfixturevalue("postgres_server").make_database()


@pytest.fixture
def catalog(catalog_url: str) -> Iterator[Catalog]:
    """An empty catalog, once for each engine."""
    catalog = open_catalog(catalog_url)
    yield catalog
    catalog.close()


def always_live(_: str) -> bool:
    return True


def upload(key: str, etag: str = "1", size_bytes: int = 10) -> UploadObject:
    return UploadObject(key=key, size_bytes=size_bytes, etag=etag, modified_at=WHEN)


def registration(
    key: str,
    *,
    etag: str = "1",
    size_bytes: int = 10,
    options: DocumentOptions | None = None,
    held: bool = False,
    error: PipelineError | None = None,
) -> Registration:
    return Registration(
        upload=upload(key, etag, size_bytes),
        document_id=document_id_of(key),
        storage_url=f"file:///uploads/{key}",
        options=options or DocumentOptions(),
        options_hash="",
        held=held,
        error=error,
    )


def register(catalog: Catalog, *keys: str) -> list[str]:
    """Register uploads of these keys; returns their document ids."""
    catalog.discovery.register([registration(key) for key in keys])
    return [document_id_of(key) for key in keys]


def claim(catalog: Catalog, ids: Sequence[str], run_id: str = "run-1") -> list[str]:
    """Take the documents for a run; returns those it got."""
    return [d.document_id for d in catalog.work.claim(ids, run_id, always_live).documents]


def receive(catalog: Catalog, document_id: str, sha256: str = "a" * 64) -> int:
    return catalog.work.record_version(
        document_id,
        sha256=sha256,
        size_bytes=10,
        etag="1",
        uploaded_at=WHEN,
        kind="txt",
        mime="text/plain",
        claimed_mime="text/plain",
        raw_key=f"receive/{document_id}/{sha256}",
    )


def chunks_of(document_id: str, texts: Sequence[str]) -> list[Chunk]:
    chunks: list[Chunk] = []
    start = 0
    for index, (chunk_id, text) in enumerate(
        zip(chunk_ids_of(document_id, texts), texts, strict=True)
    ):
        chunks.append(
            Chunk(
                chunk_id=chunk_id,
                index=index,
                text=text,
                start=start,
                end=start + len(text),
                page_start=1,
                page_end=2,
                section=("Part", "Chapter"),
                element_types=("NarrativeText",),
                tokens=len(text) // 4,
            )
        )
        start += len(text)
    return chunks


def record(
    document_id: str, texts: Sequence[str] = ("one", "two"), version: int = 1
) -> DocumentRecord:
    return DocumentRecord(
        document_id=document_id,
        version=version,
        title="A title",
        language="en",
        pages=2,
        words=100,
        characters=500,
        chunks=chunks_of(document_id, texts),
        tokens=120,
        kind="txt",
        embedding_model="hashing-1024",
    )


def result(document_id: str, stage: Stage, version: int = 1, **figures: int) -> StageResult:
    return StageResult(
        document_id=document_id,
        version=version,
        stage=stage,
        fingerprint=f"fp-{stage}",
        artifact_key=f"{stage}/{document_id}",
        is_reused=False,
        seconds=0.5,
        data_version="d1",
        figures=dict(figures),
    )


def complete(catalog: Catalog, ids: Sequence[str], run_id: str = "run-1") -> None:
    """Bring documents from claim to completed."""
    claim(catalog, ids, run_id)
    for document_id in ids:
        receive(catalog, document_id)
    for stage in STAGES:
        catalog.work.stage_started(ids, stage, run_id)
        if stage is Stage.DESCRIBE:
            catalog.work.complete([record(document_id) for document_id in ids], run_id)
        catalog.work.stage_finished([result(document_id, stage) for document_id in ids], run_id)


@contextmanager
def statements(catalog: Catalog) -> Generator[list[str]]:
    """The SQL statements sent inside the block."""
    engine = catalog._database.engine
    sent: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
