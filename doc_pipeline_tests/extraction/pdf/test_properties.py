"""Title, author, dates and language that a PDF tells of itself, when they can be believed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from doc_pipeline.extraction.pdf.properties import clean_property, iso_date
from doc_pipeline_tests.extraction.pdf.making import RawPdf, extract, save, sheet


def test_properties_of_a_document(tmp_path: Path) -> None:
    pdf = sheet()
    pdf.text(40, 60, "Kurz.")
    pdf.set_title("Brücken am Hafen")
    pdf.set_author("Jörg Müller")
    pdf.set_lang("de-AT")
    zone = timezone(timedelta(hours=2))
    pdf.set_creation_date(datetime(2024, 1, 31, 12, 30, tzinfo=zone))
    found = extract(save(pdf, tmp_path))
    assert (found.title, found.author) == ("Brücken am Hafen", "Jörg Müller")
    assert found.created_at == "2024-01-31T12:30:00+02:00"
    assert found.language == "de"


@pytest.mark.parametrize(
    ("told", "iso"),
    [
        ("D:20240131123005+01'30'", "2024-01-31T12:30:05+01:30"),
        ("D:20240131123005Z00'00'", "2024-01-31T12:30:05+00:00"),
        ("D:20240131123005-05'00", "2024-01-31T12:30:05-05:00"),
        ("20240131", "2024-01-31T00:00:00"),
        ("D:2024", "2024-01-01T00:00:00"),
        ("D:20241331000000", None),
        ("D:20240131123005+99'99'", None),
        ("D:00000101000000Z", None),
        ("D:19000101000000Z", None),
        ("Tue Jan 31 2024", None),
        ("", None),
    ],
)
def test_dates(told: str, iso: str | None) -> None:
    assert iso_date(told) == iso


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("  Annual \r\n report\0 ", "Annual report"),
        ("MÃ¼ller", "Müller"),
        ("\ufffd\ufffd\ue000x", None),
        ("---", None),
        ("Untitled", None),
        ("x" * 900, "x" * 300),
    ],
)
def test_strings(told: str, kept: str | None) -> None:
    assert clean_property(told) == kept


@pytest.mark.parametrize("title", ["Microsoft Word - bridges.doc", "bridges.indd", "Untitled"])
def test_names_of_files_are_no_titles(tmp_path: Path, title: str) -> None:
    pdf = sheet()
    pdf.set_title(title)
    pdf.set_font("Helvetica", "B", 24)
    pdf.text(40, 60, "Bridges of the harbour")
    pdf.set_font("Helvetica", size=10)
    for row in range(4):
        pdf.text(40, 100 + 14 * row, "Words enough to tell what the body of this page looks like.")
    assert extract(save(pdf, tmp_path)).title == "Bridges of the harbour"


def test_garbage_in_properties_costs_nothing(tmp_path: Path) -> None:
    raw = RawPdf()
    info = raw.add(
        b"<< /Title <FEFFD800DC> /Author [1 2] /CreationDate (D:9999999999) /ModDate 5 >>"
    )
    raw.catalog = b"/Lang <FEFFD800>"
    font = raw.add_helvetica()
    raw.add_page(b"BT /F1 9 Tf 50 700 Td (still here) Tj ET", {"F1": font})
    found = extract(raw.save(tmp_path / "raw", b"/Info %d 0 R" % info))
    assert (found.text, found.title, found.author) == ("still here", None, None)
    assert (found.created_at, found.modified_at) == (None, None)
