"""The door of extraction: dispatch, fingerprint, language, title and the naming of errors."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import (
    DiskFull,
    ExtractionFailed,
    FileCorrupt,
    NoTextFound,
    OverLimit,
    TypeUnsupported,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction import registry
from doc_pipeline.extraction.registry import (
    Draft,
    ExtractRequest,
    extract_file,
    extractor_for,
    extractor_id,
    supported_kinds,
)


def _text_file(folder: Path, text: str) -> Path:
    path = folder / "raw"
    path.write_text(text, encoding="utf-8")
    return path


def _registered(monkeypatch: pytest.MonkeyPatch, extract: Callable[..., Draft]) -> None:
    """A kind 'test' whose module exists only here."""
    module = ModuleType("doc_pipeline.extraction.of_test")
    module.extract = extract  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry = registry.LazyExtractor("of_test", "extract", "test", "3")
    monkeypatch.setitem(registry._EXTRACTORS, "test", entry)


def test_every_kind_has_an_id_and_a_function() -> None:
    for kind in supported_kinds():
        assert re.fullmatch(r"[a-z-]+@[\d.]+", extractor_id(kind))
        assert extractor_for(kind).name in extractor_id(kind)


@pytest.mark.parametrize("kind", ["mp3", "7z", "sqlite", "unknown", "empty", ""])
def test_other_kinds_are_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(TypeUnsupported):
        extractor_id(kind)
    with pytest.raises(TypeUnsupported):
        extract_file(_text_file(tmp_path, "x"), ExtractRequest(kind=kind, name="x"))


def test_ids_and_pdf_import_nothing_heavy(corpus: Path) -> None:
    """A PDF batch must not pay 1.6 CPU-seconds and 80 MB for unstructured."""
    code = f"""
import sys
from pathlib import Path
from doc_pipeline.extraction.registry import *
[extractor_id(kind) for kind in supported_kinds()]
heavy = {{"unstructured", "pypdfium2", "python_calamine", "langdetect", "lxml", "pandas"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
path = Path({str(corpus / "multi_page.pdf")!r})
assert extract_file(path, ExtractRequest(kind="pdf", name="a.pdf")).pages == 5
heavy -= {{"pypdfium2", "langdetect"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("raised", "named"),
    [
        (KeyError("word/document.xml"), FileCorrupt),
        (EOFError(), FileCorrupt),
        (OSError(22, "Invalid argument"), FileCorrupt),
        (NotImplementedError("compression type 99"), FileCorrupt),
        (ZeroDivisionError("secret content"), ExtractionFailed),
        (RecursionError(), ExtractionFailed),
        (OSError(28, "No space left on device"), DiskFull),
    ],
)
def test_library_errors_get_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, named: type[Exception]
) -> None:
    def extract(path: Path, request: ExtractRequest) -> Draft:
        raise raised

    _registered(monkeypatch, extract)
    with pytest.raises(named) as caught:
        extract_file(_text_file(tmp_path, "x"), ExtractRequest(kind="test", name="x"))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is raised


def test_nothing_but_white_space_is_no_text(tmp_path: Path) -> None:
    path = _text_file(tmp_path, " \n\n\t ")
    with pytest.raises(NoTextFound):
        extract_file(path, ExtractRequest(kind="txt", name="a.txt"))


def test_nothing_that_a_terminal_obeys_is_in_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "a\x1b[1m\x9b31m\x00b\x85c\ud800"

    def extract(path: Path, request: ExtractRequest) -> Draft:
        cells = f"<table><tr><td>{hostile}</td></tr></table>"
        told = {"subject": hostile, "sent_to": [hostile], "emphasized": 3}
        element = Element("Table", hostile, text_as_html=cells, extra=told)
        return Draft([element], title=hostile, warnings=(hostile,))

    _registered(monkeypatch, extract)
    found = extract_file(_text_file(tmp_path, "x"), ExtractRequest(kind="test", name="x"))
    assert found.text == "a[1m31mb\nc\N{REPLACEMENT CHARACTER}"
    assert found.elements[0].text_as_html == f"<table><tr><td>{found.text}</td></tr></table>"
    assert found.elements[0].extra == {
        "subject": found.text,
        "sent_to": [found.text],
        "emphasized": 3,
    }
    assert found.warnings == (found.text,)
    assert found.title == "a[1m31mb c\N{REPLACEMENT CHARACTER}"


def test_title_is_the_property_else_the_first_heading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _text_file(tmp_path, "x")
    request = ExtractRequest(kind="test", name="x")
    elements = [Element("NarrativeText", "Words."), Element("Title", "First\n heading", depth=0)]
    _registered(monkeypatch, lambda path, request: Draft(elements))
    assert extract_file(path, request).title == "First heading"
    _registered(monkeypatch, lambda path, request: Draft(elements, title=" Property "))
    extracted = extract_file(path, request)
    assert (extracted.title, extracted.extractor) == ("Property", "test@3")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The committee met on Monday and decided to keep the old bridge open.", "en"),
        ("Der Ausschuss trat am Montag zusammen und beschloss, die Brücke zu erhalten.", "de"),
        ("Le comité s'est réuni lundi et a décidé de garder le vieux pont ouvert.", "fr"),
        ("El comité se reunió el lunes y decidió mantener abierto el puente viejo.", "es"),
        ("这是一个用于测试的中文文本文件。", "zh"),
        ("これは日本語のテストです。", "ja"),
        ("Hi 42", None),
    ],
)
def test_language_of_the_document(tmp_path: Path, text: str, language: str | None) -> None:
    request = ExtractRequest(kind="txt", name="a.txt")
    assert extract_file(_text_file(tmp_path, text), request).language == language


def test_language_the_owner_gave_wins(tmp_path: Path) -> None:
    request = ExtractRequest(kind="txt", name="a.txt", language="nl")
    text = "The committee met on Monday and decided to keep the old bridge open."
    assert extract_file(_text_file(tmp_path, text), request).language == "nl"


def test_password_is_not_shown() -> None:
    assert "hunter2" not in repr(ExtractRequest(kind="pdf", name="a.pdf", password="hunter2"))


def test_pages_beyond_the_limit_are_refused_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _registered(monkeypatch, lambda path, request: Draft([Element("Title", "x")], pages=3))
    path = _text_file(tmp_path, "x")
    for most in (3, 2):
        request = ExtractRequest(kind="test", name="x", limits=Limits(pages=most))
        if most == 3:
            assert extract_file(path, request).pages == 3
            continue
        with pytest.raises(OverLimit, match="PAGES"):
            extract_file(path, request)
