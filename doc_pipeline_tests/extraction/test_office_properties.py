"""Title, author and dates that office files tell of themselves."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from doc_pipeline.extraction.office_properties import Properties, iso_date, read_properties

FILES = Path(__file__).parent / "files"
CORE = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:title>{title}</dc:title>'
    "<dc:creator>{author}</dc:creator><dcterms:created>{date}</dcterms:created>"
    "<dcterms:modified>{date}</dcterms:modified></cp:coreProperties>"
)


def _package(core: str) -> BytesIO:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("docProps/core.xml", core)
    return file


def test_core_properties() -> None:
    file = _package(
        CORE.format(title=" Fees &amp;\n rules ", author="Ines Vogt", date="2026-05-01T07:30:00Z")
    )
    date = "2026-05-01T07:30:00+00:00"
    assert read_properties(file) == Properties("Fees & rules", "Ines Vogt", date, date)


@pytest.mark.parametrize("title", ["PowerPoint Presentation", "Document1", "", "Title", "Slide 1"])
@pytest.mark.parametrize("author", ["python-docx", "openpyxl", "Microsoft Office User", " "])
def test_what_programs_put_in_is_nothing(title: str, author: str) -> None:
    file = _package(CORE.format(title=title, author=author, date="long ago"))
    assert read_properties(file) == Properties()


@pytest.mark.parametrize(
    "core", ["", "<a", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><title>&b;</title>']
)
def test_broken_or_hostile_properties_are_nothing(core: str) -> None:
    assert read_properties(_package(core)) == Properties()


def test_ole_and_open_document() -> None:
    for name in ("harbour.doc", "harbour.odt", "harbour.odp"):
        with (FILES / name).open("rb") as file:
            assert read_properties(file) == Properties(
                "Harbour rules",
                "Ines Vogt",
                "2026-03-01T08:30:00+00:00",
                "2026-04-02T09:00:00+00:00",
            )


@pytest.mark.parametrize("value", [None, "", "yesterday", "1601-01-01T00:00:00Z", "2026-13-01"])
def test_no_date(value: str | None) -> None:
    assert iso_date(value) is None
