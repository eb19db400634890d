"""Every error code is met: by a file, by a situation here, or in the test that is named here."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import PipelineError, all_error_types
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.isolation.pool import ExtractionPool, open_pool
from doc_pipeline.extraction.registry import ExtractRequest, OcrSettings, extract_file
from doc_pipeline.intake.gate import AdmissionRules, admit_file
from doc_pipeline_tests.stages.conftest import Bench, failures

ROOT = Path(__file__).parents[1]
FAULTS = "doc_pipeline_tests.extraction.isolation.faults:extract"
LIMITS = Limits(cpu_s=1, wall_s=20, memory_bytes=512 * MIB)
STRICT = AdmissionRules(allowed_mime=("application/pdf",))
NO_LIES = AdmissionRules(mismatch="reject")

OCR_OFF = OcrSettings(mode="off")

ELSEWHERE = {
    "ALREADY_RUNNING": "cli/test_supervisor.py",
    "ARTIFACT_MISSING": "stages/test_batch.py",
    "ATTACHMENT_MISSING": "catalog/test_children.py",
    "CATALOG_UNAVAILABLE": "catalog/test_database.py",
    "DISK_FULL": "storage/test_failures.py",
    "DOCUMENT_BUSY": "stages/test_batch.py",
    "DOCUMENT_NOT_FOUND": "cli/test_commands.py",
    "EMBEDDING_INVALID": "embedding/test_openai_embedder.py",
    "EMBEDDING_QUOTA_SPENT": "embedding/test_openai_embedder.py",
    "EMBEDDING_RATE_LIMITED": "embedding/test_openai_embedder.py",
    "EMBEDDING_REFUSED": "embedding/test_openai_embedder.py",
    "EMBEDDING_UNAVAILABLE": "embedding/test_openai_embedder.py",
    "EXTRACTION_UNAVAILABLE": "extraction/isolation/test_pool.py",
    "FILE_UNREADABLE": "storage/test_folder_uploads.py",
    "INDEX_INCOMPLETE": "cli/test_set_up.py",
    "INDEX_UNAVAILABLE": "index/test_tables.py",
    "INPUT_TOO_LONG": "embedding/test_openai_embedder.py",
    "MODEL_MISMATCH": "index/test_tables.py",
    "NAME_INVALID": "domain/test_identity.py",
    "OBJECT_GONE": "storage/test_blobs.py",
    "OPTIONS_INVALID": "domain/test_document.py",
    "PORT_IN_USE": "cli/test_supervisor.py",
    "RUN_LOST": "catalog/test_queue.py",
    "SCHEMA_NEWER": "catalog/test_schema.py",
    "SETTING_INVALID": "test_settings.py",
    "STORAGE_NOT_CONFIGURED": "storage/test_opening.py",
    "STORE_AWAY": "defs/test_backends.py",
    "STORE_REFUSED": "storage/test_failures.py",
    "STORE_UNAVAILABLE": "storage/test_failures.py",
    "UNEXPECTED": "domain/test_errors.py",
    "UPLOADS_VANISHED": "stages/test_discover.py",
}
"""Codes that no file brings about, and where they are met."""


@dataclass(frozen=True)
class Case:
    """A file, how it is called, and under which rules it is tried."""

    data: Callable[[], bytes]
    name: str = "file"
    limits: Limits = LIMITS
    rules: AdmissionRules | None = None
    password: str | None = None
    ocr: OcrSettings = OCR_OFF


def _text() -> bytes:
    return b"Invoices are due within thirty days."


def _pdf(password: str | None = None, pages: int = 1) -> bytes:
    from pypdf import PdfWriter

    writer, data = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(data)
    return data.getvalue()


def _picture() -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.new("L", (300, 200), 255).save(data, "PNG")
    return data.getvalue()


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(17 * MIB))
    return data.getvalue()


def _book() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", "<container/>")
    return data.getvalue()


BY_FILE = {
    "FILE_EMPTY": Case(bytes),
    "TOO_LARGE": Case(_text, limits=replace(LIMITS, file_bytes=10)),
    "MIME_NOT_ALLOWED": Case(_text, rules=STRICT),
    "MIME_MISMATCH": Case(_text, "report.pdf", rules=NO_LIES),
    "OVER_LIMIT": Case(_zip, "bomb.zip"),
    "TYPE_UNSUPPORTED": Case(lambda: b"RIFF\0\0\0\0WAVEfmt ", "song.wav"),
    "FILE_CORRUPT": Case(lambda: b"%PDF-1.4 nothing more", "broken.pdf"),
    "FILE_ENCRYPTED": Case(lambda: _pdf("secret"), "locked.pdf"),
    "PASSWORD_WRONG": Case(lambda: _pdf("secret"), "locked.pdf", password="guess"),
    "NO_TEXT": Case(lambda: b" \n\n ", "blank.txt"),
    "OCR_OFF": Case(_picture, "scan.png"),
}
BY_FAULT = {"TIMEOUT": "loop", "MEMORY_LIMIT": "allocate", "EXTRACTOR_CRASHED": "segfault"}
SITUATIONS = {
    "EXTRACTION_FAILED",
    "EXTRA_MISSING",
    "OCR_LANGUAGE_MISSING",
    "OCR_UNAVAILABLE",
    "UPLOAD_CHANGING",
}


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    pool = open_pool(1, 100)
    yield pool
    pool.close()


def _try(path: Path, case: Case, extract: Callable[..., object]) -> None:
    path.write_bytes(case.data())
    kind = admit_file(path, case.name, case.limits, password=case.password, rules=case.rules).kind
    request = ExtractRequest(
        kind, case.name, None, case.password, case.limits, case.ocr, path.parent
    )
    extract(path, request)


def test_every_code_has_its_place() -> None:
    known = {error.code for error in all_error_types()}
    assert known == {*ELSEWHERE, *BY_FILE, *BY_FAULT, *SITUATIONS}


@pytest.mark.parametrize("code", ELSEWHERE)
def test_other_codes_are_met_elsewhere(code: str) -> None:
    (error_type,) = [error for error in all_error_types() if error.code == code]
    source = (ROOT / "doc_pipeline_tests" / ELSEWHERE[code]).read_text(encoding="utf-8")
    assert code in source or error_type.__name__ in source


@pytest.mark.heavy
@pytest.mark.parametrize("code", BY_FILE)
def test_a_file_of_each_kind(pool: ExtractionPool, tmp_path: Path, code: str) -> None:
    with pytest.raises(PipelineError) as raised:
        _try(tmp_path / "raw", BY_FILE[code], pool.extract)
    assert raised.value.code == code
    assert "?" not in raised.value.sentence


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="limits on children are those of Linux")
@pytest.mark.parametrize("code", BY_FAULT)
def test_a_child_that_goes_wrong(tmp_path: Path, code: str) -> None:
    path = tmp_path / "raw"
    path.write_text("x")
    faulty = open_pool(1, 100, FAULTS)
    try:
        with pytest.raises(PipelineError) as raised:
            faulty.extract(path, ExtractRequest(BY_FAULT[code], "x", limits=LIMITS))
    finally:
        faulty.close()
    assert raised.value.code == code
    assert "?" not in raised.value.sentence


def test_extraction_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("content of the file")

    monkeypatch.setattr("doc_pipeline.extraction.records.extract_json", fail)
    monkeypatch.setattr("doc_pipeline.extraction.registry._SECOND_WAYS", {})
    with pytest.raises(PipelineError) as raised:
        _try(tmp_path / "raw", Case(lambda: b'{"a": 1}', "a.json"), extract_file)
    assert raised.value.code == "EXTRACTION_FAILED"
    assert "ZeroDivisionError" in raised.value.sentence
    assert "content" not in raised.value.sentence


def test_extra_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kreuzberg", None)
    with pytest.raises(PipelineError) as raised:
        _try(tmp_path / "raw", Case(_book, "a.epub"), extract_file)
    assert raised.value.code == "EXTRA_MISSING"
    assert "doc-pipeline[legacy]" in raised.value.sentence


def test_ocr_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PipelineError) as raised:
        _try(tmp_path / "raw", Case(_picture, "a.png", ocr=OcrSettings()), extract_file)
    assert raised.value.code == "OCR_UNAVAILABLE"


def test_ocr_language_missing(tmp_path: Path) -> None:
    from shutil import which

    if which("tesseract") is None:
        pytest.skip("system: tesseract is not installed")
    klingon = OcrSettings(languages=("tlh",))
    with pytest.raises(PipelineError) as raised:
        _try(tmp_path / "raw", Case(_picture, "a.png", ocr=klingon), extract_file)
    assert raised.value.code == "OCR_LANGUAGE_MISSING"
    assert "tlh" in raised.value.sentence


@pytest.mark.heavy
def test_upload_changing(tmp_path: Path) -> None:
    """Somebody writes on while the file is being copied."""
    bench = Bench(tmp_path)
    bench.write("a.txt", "Invoices are due within thirty days.")
    stream = bench.adapters.uploads.stream

    def slowly(key: str) -> Iterator[bytes]:
        yield from stream(key)
        bench.write(key, "Invoices are due within thirty days. Or sixty.")

    bench.adapters.uploads.stream = slowly  # pyright: ignore[reportAttributeAccessIssue] - a fault
    assert list(failures(bench.bring_through()).values()) == ["UPLOAD_CHANGING"]
    bench.adapters.catalog.close()
