"""Every file of the corpus comes to what its manifest says: a text or the fitting error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.isolation.pool import ExtractionPool, open_pool
from doc_pipeline.extraction.registry import ExtractRequest
from doc_pipeline.intake.gate import admit_file
from doc_pipeline_tests.extraction.expected import TEXT, ExpectedFile, read_expected

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    pool = open_pool(2, 1000)
    yield pool
    pool.close()


def _extract(
    pool: ExtractionPool, path: Path, folder: Path, password: str | None = None
) -> ExtractedText | PipelineError:
    try:
        kind = admit_file(path, path.name, Limits(), password=password).kind
        return pool.extract(path, ExtractRequest(kind, path.name, None, password, folder=folder))
    except PipelineError as error:
        return error


def _outcome(found: ExtractedText | PipelineError) -> str:
    return found.code if isinstance(found, PipelineError) else TEXT


def _without_ocr(file: ExpectedFile) -> bool:
    return file.needs_ocr and shutil.which("tesseract") is None


def test_every_file_gives_text_or_the_fitting_error(
    corpus: Path, pool: ExtractionPool, tmp_path: Path
) -> None:
    wrong: list[str] = []
    files = read_expected(corpus)
    for number, file in enumerate(files):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcomes = {"OCR_UNAVAILABLE", "NO_TEXT"} if _without_ocr(file) else file.outcomes
        found = _extract(pool, corpus / file.name, folder)
        if _outcome(found) not in outcomes:
            wrong.append(f"{file.name}: {_outcome(found)} instead of {sorted(outcomes)}")
        if isinstance(found, ExtractedText):
            assert all(found.text[e.start : e.end] == e.text for e in found.elements)
            assert all(Element.from_dict(e.to_dict()) == e for e in found.elements)
    assert wrong == []
    assert len(files) == 57


def test_known_passwords_open(corpus: Path, pool: ExtractionPool, tmp_path: Path) -> None:
    locked = [file for file in read_expected(corpus) if file.password]
    found = {f.name: _extract(pool, corpus / f.name, tmp_path, f.password) for f in locked}
    assert {name: _outcome(each) for name, each in found.items()} == dict.fromkeys(found, TEXT)
    assert len(found) == 2


def test_a_wrong_password_is_named(corpus: Path, pool: ExtractionPool, tmp_path: Path) -> None:
    for file in read_expected(corpus):
        if file.note.startswith("encrypted") and not file.name.endswith(".eml"):
            found = _extract(pool, corpus / file.name, tmp_path, "not-it")
            assert _outcome(found) == "PASSWORD_WRONG", file.name
