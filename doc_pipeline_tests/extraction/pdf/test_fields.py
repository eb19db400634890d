"""What people typed into a form or onto a page is not lost."""

from __future__ import annotations

from pathlib import Path

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline_tests.extraction.pdf.making import RawPdf, extract, texts


def _form(folder: Path, fields: list[bytes]) -> ExtractedText:
    """A page with one line of text and these fields, given as entries of their dictionaries."""
    raw = RawPdf()
    font = raw.add_helvetica()
    numbers = [
        raw.add(
            b"<< /Type /Annot /Subtype /Widget /Rect [100 %d 300 %d] /DA (/F1 10 Tf) %s >>"
            % (700 - 20 * row, 715 - 20 * row, entries)
        )
        for row, entries in enumerate(fields)
    ]
    listed = b" ".join(b"%d 0 R" % number for number in numbers)
    raw.catalog = b"/AcroForm << /Fields [%s] /DR << /Font << /F1 %d 0 R >> >> >>" % (listed, font)
    content = b"BT /F1 12 Tf 100 750 Td (Application for a mooring) Tj ET"
    raw.add_page(content, {"F1": font}, more=b"/Annots [%s]" % listed)
    return extract(raw.save(folder / "raw"))


def test_values_of_text_and_choice_fields(tmp_path: Path) -> None:
    found = _form(
        tmp_path,
        [
            b"/FT /Tx /T (name) /TU (Name of the ship) /V (Seagull)",
            b"/FT /Tx /T (owner) /V <FEFF004D00FC006C006C00650072>",
            b"/FT /Ch /Ff 131072 /T (berth) /Opt [(east) (west)] /V (west)",
            b"/FT /Tx /T (empty)",
            b"/FT /Tx /Ff 8192 /T (pin) /V (4711)",
        ],
    )
    assert found.text.split("\n\n") == [
        "Application for a mooring",
        "Name of the ship: Seagull",
        "owner: Müller",
        "berth: west",
    ]
    box = found.elements[1].box
    assert box is not None
    assert (box.left, box.top, box.right, box.bottom) == (100, 127, 300, 142)


def test_value_of_many_lines(tmp_path: Path) -> None:
    found = _form(tmp_path, [b"/FT /Tx /Ff 4096 /T (note) /V (first\\rsecond)"])
    assert "note: first\nsecond" in found.text


def test_a_form_without_text_is_text(tmp_path: Path) -> None:
    raw = RawPdf()
    field = raw.add(
        b"<< /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /FT /Tx /T (a) /V (only this) >>"
    )
    raw.catalog = b"/AcroForm << /Fields [%d 0 R] >>" % field
    raw.add_page(b"", {}, more=b"/Annots [%d 0 R]" % field)
    assert extract(raw.save(tmp_path / "raw")).text == "a: only this"


def test_notes_typed_onto_the_page(tmp_path: Path) -> None:
    raw = RawPdf()
    note = raw.add(
        b"<< /Type /Annot /Subtype /FreeText /Rect [50 50 90 90] /DA (/F1 10 Tf) "
        b"/Contents (Paid on the third of May) >>"
    )
    raw.add_page(b"", {}, more=b"/Annots [%d 0 R]" % note)
    found = extract(raw.save(tmp_path / "raw"))
    assert texts(found.elements, "UncategorizedText") == ["Paid on the third of May"]


def test_fields_that_refer_to_themselves_end(tmp_path: Path) -> None:
    """A field that is its own parent and kid, and a widget that is no dictionary."""
    raw = RawPdf()
    raw.add(b"<< /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /Parent 3 0 R /Kids [3 0 R] >>")
    raw.catalog = b"/AcroForm << /Fields [3 0 R 3 0 R 99 0 R] >>"
    font = raw.add_helvetica()
    raw.add_page(b"BT /F1 9 Tf 50 700 Td (still here) Tj ET", {"F1": font},
                 more=b"/Annots [3 0 R 99 0 R 1 0 R]")  # fmt: skip
    assert extract(raw.save(tmp_path / "raw")).text == "still here"
