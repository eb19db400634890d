"""Arabic and Hebrew come out in the order in which they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_pipeline_tests.extraction.pdf.making import RawPdf, extract, hex_text

HEBREW = "הגשר הישן נבנה בשנת אלף ותשע מאות"
ARABIC = "هذه المشكلات كبيرة"


def _drawn(tmp_path: Path, glyphs: list[str], more: bytes = b"") -> str:
    """A line whose glyphs stand from left to right; one may mean several letters."""
    raw = RawPdf()
    codes = {glyph: code for code, glyph in enumerate(dict.fromkeys(glyphs), 1)}
    font = raw.add_composite_font({code: glyph for glyph, code in codes.items()})
    shown = hex_text([codes[glyph] for glyph in glyphs])
    content = b"BT /F1 12 Tf 100 700 Td " + shown + b" Tj ET " + more
    raw.add_page(content, {"F1": font, "F2": raw.add_helvetica()})
    return extract(raw.save(tmp_path / "raw")).text


def test_hebrew_is_in_logical_order(tmp_path: Path) -> None:
    assert _drawn(tmp_path, list(reversed(HEBREW))) == HEBREW


def test_arabic_is_in_logical_order(tmp_path: Path) -> None:
    text = ARABIC.replace("لا", "\0")
    glyphs = ["لا" if char == "\0" else char for char in reversed(text)]
    assert _drawn(tmp_path, glyphs) == ARABIC


def test_latin_words_and_numbers_keep_their_order_within_hebrew(tmp_path: Path) -> None:
    """Seen from left to right: 2024, then the Hebrew words from their end."""
    glyphs = [*"1904", " ", *reversed("נבנה בשנת")]
    assert _drawn(tmp_path, glyphs) == "נבנה בשנת 1904"


def test_brackets_and_per_cent_are_turned(tmp_path: Path) -> None:
    """Drawn from left to right, brackets of a line that runs to the left are mirrored glyphs."""
    glyphs = [*reversed("היום."), " ", *"12.5%", " ", "(", *reversed("כן או לא"), ")", " ",
              *reversed("הגשר")]  # fmt: skip
    assert _drawn(tmp_path, glyphs) == "הגשר (כן או לא) 12.5% היום."


def test_presentation_forms_become_letters(tmp_path: Path) -> None:
    assert _drawn(tmp_path, list(reversed("ﻛﺘﺎﺏ ﺟﺪﻳﺪ"))) == "كتاب جديد"


@pytest.mark.parametrize("word", ["الإنتاجية", "المشكلات"])
def test_reversed_ligatures_of_pdfium_are_mended(corpus: Path, word: str) -> None:
    """Pdfium writes lam-alef in reverse order: 'المشكالت' for 'المشكلات'."""
    text = extract(corpus / "right_to_left_01.pdf").text
    assert word in text
    assert "اإلنتاجية" not in text
