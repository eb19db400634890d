"""A child in the hands of its file: whatever it says, its document alone gets a typed error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from doc_pipeline.domain.errors import (
    ExtractionFailed,
    ExtractionTimedOut,
    ExtractorCrashed,
    FileCorrupt,
    PipelineError,
)
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.isolation import answers
from doc_pipeline.extraction.isolation.pool import ExtractionPool, open_pool
from doc_pipeline.extraction.request import ExtractRequest
from doc_pipeline_tests.extraction.isolation.faults import text_of

FAULTS = "doc_pipeline_tests.extraction.isolation.faults:extract"
LIMITS = Limits(cpu_s=5, wall_s=3, memory_bytes=512 * MIB, output_bytes=4 * MIB, attachments=3)
USAGE = {"cpu_s": 0.5, "peak_memory_bytes": 1}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits on children are those of Linux"
)


@pytest.fixture(scope="module")
def pool() -> Generator[ExtractionPool]:
    pool = open_pool(1, 1000, FAULTS)
    yield pool
    pool.close()


def said(pool: ExtractionPool, folder: Path, message: str | dict[str, Any]) -> object:
    path = folder / "said"
    path.write_text(message if isinstance(message, str) else json.dumps(message))
    work = folder / "work"
    work.mkdir(exist_ok=True)
    (work / "file").write_text("four")
    return pool.extract(path, ExtractRequest(kind="says", name="x", limits=LIMITS, folder=work))


def result(**changes: Any) -> dict[str, Any]:
    return {"result": {**text_of("a text").to_dict(), **changes}, "usage": USAGE}


def attachment(**changes: Any) -> dict[str, Any]:
    sound = {"number": 1, "name": "a.txt", "file": "file", "size_bytes": 4, "sha256": "0" * 64}
    return {**sound, **changes}


def test_a_sound_answer_is_believed(pool: ExtractionPool, tmp_path: Path) -> None:
    found = said(pool, tmp_path, result(attachments=[attachment()]))
    assert found.text == "a text"  # type: ignore[attr-defined]
    assert found.usage.cpu_s == 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "message",
    [
        '{"progress": [1e999, 1]}',
        '{"progress": [NaN, 1]}',
        '{"progress": [-5, 1]}',
        '{"progress": [1' + "0" * 400 + ", 1]}",
        '{"progress": 5}',
        '{"extend": NaN}',
        '{"extend": Infinity}',
        '{"extend": -1}',
        '{"extend": "1"}',
        '{"keep": "../file"}',
        '{"keep": "file"}',
        '{"keep": "pages/' + "a" * 5000 + '"}',
        '{"keep": "\\u0000"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "[]",
        "{}",
        '{"error": 5, "usage": {}}',
        '{"error": {"code": ["A"]}}',
        '{"error": {"code": "FILE_CORRUPT", "fields": [1]}}',
        '{"error": {"code": "FILE_CORRUPT", "fields": {"self": 1}}}',
        '{"error": {"code": "FILE_CORRUPT", "fields": {"kind": {}}}}',
        result(text=5),
        result(title=["x"]),
        result(pages="many"),
        result(pages=-1),
        result(ocr_confidence=float("nan")),
        result(warnings=[5]),
        result(elements=5),
        result(elements=[{"type": "x", "text": "another", "metadata": {"char_start": 0}}]),
        result(attachments=[5]),
        result(attachments=[attachment(number="x")]),
        result(attachments=[attachment(name="../../a")]),
        result(attachments=[attachment(name="/etc/passwd")]),
        result(attachments=[attachment(size_bytes=5)]),
        result(attachments=[attachment(), attachment(number=2)]),
        result(attachments=[attachment(), attachment(name="b")]),
        result(attachments=[attachment(number=n, name=f"{n}") for n in range(4)]),
        {**result(), "usage": {"cpu_s": "x", "peak_memory_bytes": 1}},
        {**result(), "usage": {"cpu_s": float("nan"), "peak_memory_bytes": 1}},
        {**result(), "usage": {"cpu_s": 1, "peak_memory_bytes": "x"}},
        {**result(), "usage": None},
    ],
)
def test_what_no_sound_child_says_is_a_crash(
    pool: ExtractionPool, tmp_path: Path, message: str | dict[str, Any]
) -> None:
    with pytest.raises(ExtractorCrashed):
        said(pool, tmp_path, message)


@pytest.mark.parametrize("name", ["link", "fifo", "folder", "away/passwd", "", "/etc/passwd", "no"])
def test_an_attachment_is_a_file_of_its_folder(
    pool: ExtractionPool, tmp_path: Path, name: str
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "folder").mkdir()
    (work / "link").symlink_to("/etc/passwd")
    (work / "away").symlink_to("/etc")
    os.mkfifo(work / "fifo")
    with pytest.raises(ExtractorCrashed):
        said(pool, tmp_path, result(attachments=[attachment(file=name)]))


@pytest.mark.parametrize("code", ["STORE_AWAY", "EMBEDDING_QUOTA_SPENT", "DOCUMENT_BUSY", "NONE"])
def test_no_file_stops_all_others_with_an_error_of_theirs(
    pool: ExtractionPool, tmp_path: Path, code: str
) -> None:
    with pytest.raises(ExtractionFailed, match="UnknownError"):
        said(pool, tmp_path, {"error": {"code": code, "fields": {}}, "usage": USAGE})
    with pytest.raises(FileCorrupt):
        said(pool, tmp_path, {"error": {"code": "FILE_CORRUPT", "fields": {"kind": "pdf"}}})


def test_every_error_of_a_file_comes_through() -> None:
    """With the fields that it has in the child."""
    error = answers.error_of({"code": "OVER_LIMIT", "fields": {"limit": "pages"}}, "pdf")
    assert (error.code, error.fields) == ("OVER_LIMIT", {"limit": "pages"})
    assert isinstance(answers.error_of({"code": "DISK_FULL", "fields": {}}, "pdf"), PipelineError)


@pytest.mark.heavy
def test_an_answer_that_drips_is_ended_when_its_time_is_over(
    pool: ExtractionPool, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    request = ExtractRequest(kind="drip", name="x", limits=LIMITS)
    with pytest.raises(ExtractionTimedOut, match="wall"):
        pool.extract(tmp_path / "file", request)
