"""Old formats: what any library behind `legacy_text` must give, format by format."""

from __future__ import annotations

import gzip
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import (
    ExtraMissing,
    FileCorrupt,
    FileEncrypted,
    PasswordWrong,
    PipelineError,
)
from doc_pipeline.extraction import doc_records, legacy
from doc_pipeline.extraction.legacy import legacy_text
from doc_pipeline.extraction.legacy_lines import doc_elements
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

FILES = Path(__file__).parent / "files"
BODY = [
    ("NarrativeText", "Boats wait at the outer buoy until the signal is green."),
    ("Table", "Year | Fee\n2026 | 1,200"),
]
STRANGE = "Größe, Ærø, Žižkov, Δοκιμή, Проверка."


def _extract(kind: str, folder: Path, password: str | None = None) -> ExtractedText:
    path = FILES / f"harbour.{kind}"
    if kind == "ppt":
        path = folder / "harbour.ppt"
        path.write_bytes(gzip.decompress((FILES / "harbour.ppt.gz").read_bytes()))
    return extract_file(path, ExtractRequest(kind, path.name, password=password))


@pytest.mark.parametrize("kind", ["doc", "odt", "epub"])
def test_text_documents(kind: str, tmp_path: Path) -> None:
    found = _extract(kind, tmp_path)
    own = {"doc": "doc-records@1", "odt": "open-document-xml@1"}
    assert found.extractor == own.get(kind, "kreuzberg@4.10.4")
    kinds = [(element.type, element.text) for element in found.elements]
    assert [each for each in kinds if each in BODY] == BODY
    headings = [element.text for element in found.elements if element.type == "Title"]
    assert headings[:2] == ["Rules of the harbour", "Fees"]
    assert kinds[-1][1] == STRANGE
    assert {"crane by the hour", "water by the ton"} <= {text for _, text in kinds}
    assert (found.title, found.author, found.language) == ("Harbour rules", "Ines Vogt", "en")
    assert (found.created_at or "").startswith("2026-03-01T")


@pytest.mark.parametrize("kind", ["doc", "odt", "epub"])
def test_levels_and_lists(kind: str, tmp_path: Path) -> None:
    found = _extract(kind, tmp_path)
    assert [e.depth for e in found.elements if e.type == "Title"] == [0, 1]
    assert [e.text for e in found.elements if e.type == "ListItem"] == [
        "crane by the hour",
        "water by the ton",
    ]


def test_library_reads_doc_and_ppt_too(tmp_path: Path) -> None:
    """It is their second way."""
    doc = legacy_text((FILES / "harbour.doc").read_bytes(), "doc")
    assert [element.text for element in doc_elements(doc.text)] == [
        "Rules of the harbour",
        "Boats wait at the outer buoy until the signal is green.",
        "Fees",
        "crane by the hour",
        "water by the ton",
        "Year | Fee\n2026 | 1,200",
        STRANGE,
    ]
    ppt = legacy_text(gzip.decompress((FILES / "harbour.ppt.gz").read_bytes()), "ppt")
    assert "The harbour grows in part 2." in ppt.text
    assert doc.properties.title == ppt.properties.title == "Harbour rules"


@pytest.mark.parametrize("kind", ["doc", "ppt"])
def test_damaged_records_leave_it_to_the_library(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy, "slide_elements", lambda _file: [])
    monkeypatch.setattr(legacy, "paragraph_elements", lambda _file: [])
    found = _extract(kind, tmp_path)
    assert (found.extractor, found.fallback) == (
        "kreuzberg@4.10.4",
        f"{kind}-records found no text",
    )


def test_what_stands_beside_the_body_of_a_doc() -> None:
    path = FILES / "notes.doc"
    found = extract_file(path, ExtractRequest("doc", path.name))
    assert [(e.type, e.text) for e in found.elements] == [
        ("Header", "Harbour office"),
        ("NarrativeText", "Smile 😀 here, then 東京 is written."),
        ("NarrativeText", "The box hangs on this."),
        ("NarrativeText", "The fees are on the harbour page"),
        ("Table", "Crane by the hour | 12\nPilot by the hour"),
        ("NarrativeText", "Проверка стоит в конце, и она длинная."),
        ("NarrativeText", "Words in a box."),
        ("UncategorizedText", "The note says so."),
        ("Footer", "Kept for ten years"),
    ]
    assert found.elements[-2].extra == {"note": "footnote"}


def test_word_6_is_one_run_of_text_in_the_code_page_of_its_language() -> None:
    text = "Проверка.\rRow\x07one\x07\x07Ro\x13 DATE \x14w\x15\x07two\x07\x07End.\r".encode(
        "cp1251"
    )
    head = bytearray(0x300)
    struct.pack_into("<HHHH", head, 0, 0xA5DC, 104, 0, 0x419)
    struct.pack_into("<II", head, 0x18, len(head), len(head) + len(text))
    found = list(doc_records.word6_paragraphs(bytes(head) + text))
    assert [(each.text, each.end) for each in found if each.text] == [
        ("Проверка.", "\r"),
        ("Row", "\x07"),
        ("one", "\x07"),
        ("Row", "\x07"),
        ("two", "\x07"),
        ("End.", "\r"),
    ]


@pytest.mark.parametrize(("kind", "by"), [("ppt", "ppt-records@1"), ("odp", "open-document-xml@1")])
def test_slides(kind: str, by: str, tmp_path: Path) -> None:
    found = _extract(kind, tmp_path)
    assert [(e.type, e.page, e.text) for e in found.elements] == [
        (element_type, number, text)
        for number in (1, 2)
        for element_type, text in (
            ("Title", f"Topic {number}"),
            ("NarrativeText", f"The harbour grows in part {number}."),
            ("NarrativeText", f"Speak slowly about {number}."),
        )
    ]
    assert [e.text for e in found.elements if e.extra.get("speaker_notes")] == [
        "Speak slowly about 1.",
        "Speak slowly about 2.",
    ]
    assert (found.pages, found.title, found.extractor) == (2, "Harbour rules", by)


@pytest.mark.parametrize("kind", ["doc", "epub", "ppt"])
def test_without_the_extra(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kreuzberg", None)
    with pytest.raises(ExtraMissing) as missing:
        legacy_text(b"", kind)
    assert "doc-pipeline[legacy]" in str(missing.value)
    assert missing.value.fields == {"kind": kind, "extra": "legacy"}


def test_all_but_epub_are_read_without_the_extra_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kreuzberg", None)
    found = _extract("odt", tmp_path)
    assert (found.extractor, found.fallback) == ("open-document-xml@1", None)
    assert [e.depth for e in found.elements if e.type == "Title"] == [0, 1]
    assert BODY[1] in [(e.type, e.text) for e in found.elements]
    assert _extract("ppt", tmp_path).pages == 2
    assert _extract("doc", tmp_path).words > 20


def test_links_and_page_fields_of_doc_leave_no_code() -> None:
    lines = (
        'See HYPERLINK "http://harbour.example/" \\hthe harbour page for fees.\n'
        "Page PAGE  \\* MERGEFORMAT 3 of the rules is for DATE growers.\n"
        "a tab\there\t\tand two\n"
        "EMBED Word.Document.8\n"
        "EMBED Package"
    )
    assert [element.text for element in doc_elements(lines)] == [
        "See the harbour page for fees.",
        "Page 3 of the rules is for DATE growers.",
        "a tab | here",
        "and two",
    ]


@pytest.mark.parametrize("kind", ["doc", "ppt", "odt", "odp", "epub"])
@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 cut off", b"nothing of that kind", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1cut"]
)
def test_what_is_no_such_file_is_a_typed_error(kind: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(data)
    with pytest.raises(PipelineError) as refused:
        extract_file(tmp_path / "raw", ExtractRequest(kind, f"a.{kind}"))
    assert refused.value.code in {"FILE_CORRUPT", "NO_TEXT"}


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["doc", "ppt", "odt", "odp", "epub"])
def test_cut_files_end_in_text_or_a_typed_error(kind: str, cut: float, tmp_path: Path) -> None:
    name = "harbour.ppt.gz" if kind == "ppt" else f"harbour.{kind}"
    data = (FILES / name).read_bytes()
    data = gzip.decompress(data) if kind == "ppt" else data
    (tmp_path / "raw").write_bytes(data[: int(len(data) * cut)])
    try:
        assert extract_file(tmp_path / "raw", ExtractRequest(kind, f"a.{kind}")).words
    except PipelineError as error:
        assert error.code in {"FILE_CORRUPT", "NO_TEXT"}


def _open_text(folder: Path, body: str) -> Path:
    import zipfile

    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table")
    )
    path = folder / "a.odt"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
        )
    return path


def test_open_text_loses_no_words(tmp_path: Path) -> None:
    """Nested spans, text behind repeated spaces, several paragraphs in a cell, wrapped source."""
    path = _open_text(
        tmp_path,
        '<text:p text:style-name="Title">Harbour play</text:p>'
        "<text:p>Short line</text:p>"
        "<text:p>Hello <text:span><text:span>(beat)</text:span></text:span> you\nthere.</text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>Keep it."
        "<text:s/>It is used.</text:p><text:p>Second.</text:p></table:table-cell>"
        "<table:table-cell><text:p>Right</text:p></table:table-cell></table:table-row>"
        "</table:table>",
    )
    found = extract_file(path, ExtractRequest("odt", path.name))
    assert [(element.type, element.text) for element in found.elements] == [
        ("Title", "Harbour play"),
        ("UncategorizedText", "Short line"),
        ("NarrativeText", "Hello (beat) you there."),
        ("Table", "Keep it. It is used. Second. | Right"),
    ]


def test_open_document_behind_entities_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "raw", "w") as package:
        package.writestr("content.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(PipelineError) as refused:
        extract_file(tmp_path / "raw", ExtractRequest("odp", "a.odp"))
    assert refused.value.code == "OVER_LIMIT"


@pytest.mark.heavy
def test_library_works_within_the_limits_of_a_child(tmp_path: Path) -> None:
    """2 GB of address space, 64 threads, no network, nothing written to the home folder."""
    code = f"""
import os, resource, socket
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
socket.socket.connect = socket.getaddrinfo = None
from pathlib import Path
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
for kind in ("odt", "epub"):
    path = Path({str(FILES)!r}) / f"harbour.{{kind}}"
    assert extract_file(path, ExtractRequest(kind, path.name)).words > 20
assert len(os.listdir("/proc/self/task")) < 16, os.listdir("/proc/self/task")
"""
    home = tmp_path / "home"
    home.mkdir()
    names = ("HOME", "XDG_CACHE_HOME", "TMPDIR")
    environment = {name: str(home) for name in names} | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=home, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []


def test_locked_workbook(corpus: Path) -> None:
    """Its password is asked for; a wrong one is named as such."""
    path = corpus / "password_protected.xlsx"
    with pytest.raises(FileEncrypted):
        extract_file(path, ExtractRequest("xlsx", path.name))
    with pytest.raises(PasswordWrong):
        extract_file(path, ExtractRequest("xlsx", path.name, password="not this"))


def test_a_file_of_another_kind_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes((FILES / "harbour.odt").read_bytes())
    with pytest.raises(FileCorrupt):
        extract_file(tmp_path / "raw", ExtractRequest("doc", "a.doc"))
