"""Word files that the library refuses, and files made to hurt: text or a typed error, in time."""

from __future__ import annotations

import random
import time
import zipfile
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, NoTextFound, OverLimit
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
from doc_pipeline_tests.extraction.packages import (
    MAIN_TYPE,
    lock,
    paragraph,
    relation,
    rewrite,
    write_docx,
)

XML_WAY = "office-xml@1"
STRICT = {
    b"http://schemas.openxmlformats.org/wordprocessingml/2006/main": (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main"
    ),
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}


def _extract(path: Path, **request: object) -> ExtractedText:
    return extract_file(path, ExtractRequest("docx", "a.docx", **request))  # type: ignore[arg-type]


def _texts(found: ExtractedText) -> list[str]:
    return [element.text for element in found.elements]


def test_strict_ooxml_is_read_like_the_other(tmp_path: Path) -> None:
    heading = '<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr><w:r><w:t>Fees</w:t></w:r></w:p>'
    note = "<w:p><w:r><w:t>Due.</w:t></w:r><w:ins><w:r><w:t> Soon.</w:t></w:r></w:ins></w:p>"
    path = rewrite(write_docx(tmp_path / "raw", heading + note), {"*": STRICT})
    found = _extract(path)
    assert (found.extractor, found.fallback) == ("unstructured-docx@2", None)
    assert _texts(found) == ["Fees", "Due. Soon."]


@pytest.mark.parametrize(
    "main_type",
    [
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        MAIN_TYPE.replace("document.main", "template.main"),
    ],
)
def test_templates_and_macro_files_count_as_documents(tmp_path: Path, main_type: str) -> None:
    path = write_docx(tmp_path / "raw", paragraph("A form to fill in."), main_type=main_type)
    found = _extract(path)
    assert (found.text, found.fallback) == ("A form to fill in.", None)


def test_wrong_content_type_takes_the_second_way(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "raw", paragraph("Still text."), main_type="text/plain")
    found = _extract(path)
    assert (found.text, found.extractor) == ("Still text.", XML_WAY)
    assert found.fallback == "unstructured-docx failed (ValueError)"


def test_part_that_is_missing_takes_the_second_way(tmp_path: Path) -> None:
    rows = "".join(
        f"<w:tr><w:tc>{paragraph(a)}</w:tc><w:tc>{paragraph(b)}</w:tc></w:tr>"
        for a, b in (("Year", "Fee"), ("2026", "1,200"))
    )
    heading = '<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr><w:r><w:t>Fees</w:t></w:r></w:p>'
    path = write_docx(
        tmp_path / "raw",
        f"{heading}<w:tbl>{rows}</w:tbl>",
        {"word/header1.xml": f"<hdr xmlns='w'>{paragraph('Office').replace('w:', '')}</hdr>"},
        relations=relation(9, "image", "NULL"),
    )
    found = _extract(path)
    assert found.fallback == "unstructured-docx failed (KeyError)"
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("Header", None, "Office"),
        ("Title", 1, "Fees"),
        ("Table", None, "Year | Fee\n2026 | 1,200"),
    ]


def test_broken_xml_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "raw", f"{paragraph('This reads well.')}<w:p><w:r></w:x>")
    found = _extract(path)
    assert _texts(found) == ["This reads well."]
    assert found.warnings == ("the part word/document.xml is damaged: text in it may be missing",)


def test_without_a_main_part_there_is_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "raw", "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(FileCorrupt):
        _extract(tmp_path / "raw")


def test_parts_that_refer_to_each_other(tmp_path: Path) -> None:
    relations = relation(8, "footer", "document.xml") + relation(9, "header", "footer1.xml")
    path = write_docx(
        tmp_path / "raw",
        paragraph("Round and round."),
        {"word/footer1.xml": "<a/>", "word/_rels/footer1.xml.rels": f"<a>{relations}</a>"},
        relations=relations,
    )
    assert "Round and round." in _extract(path).text


def test_entities_are_refused(tmp_path: Path) -> None:
    nested = "".join(f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 12))
    path = write_docx(
        tmp_path / "raw", paragraph("&a11;"), prolog=f'<!DOCTYPE a [<!ENTITY a0 "ha">{nested}]>'
    )
    with pytest.raises(OverLimit) as refused:
        _extract(path)
    assert refused.value.fields["limit"] == "xml_nested_entities"


NESTED = {
    "paragraphs": ("<w:p>", "</w:p>"),
    "tables": ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"),
    "boxes": ("<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"),
    "groups": ("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"),
}


@pytest.mark.parametrize("depth", [60, 2_000, pytest.param(100_000, marks=pytest.mark.heavy)])
@pytest.mark.parametrize("what", NESTED)
def test_nesting_without_end(tmp_path: Path, what: str, depth: int) -> None:
    start, end = NESTED[what]
    body = f"{paragraph('Above.')}{start * depth}{paragraph('Deep.')}{end * depth}"
    begin = time.process_time()
    found = _extract(write_docx(tmp_path / "raw", body))
    assert "Above." in found.text
    assert time.process_time() - begin < 20


def test_ten_thousand_empty_paragraphs(tmp_path: Path) -> None:
    empty = "<w:p/>" * 10_000
    assert _extract(write_docx(tmp_path / "a", empty + paragraph("Words."))).text == "Words."
    with pytest.raises(NoTextFound):
        _extract(write_docx(tmp_path / "b", empty))


def test_long_table_comes_in_pieces_with_its_head(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return f"<w:tr>{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in cells)}</w:tr>"

    rows = "".join(row(f"ware {number}", str(number)) for number in range(250))
    grid = "<w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>"
    body = f"<w:tbl>{grid}{row('Ware', 'Price')}{rows}</w:tbl>"
    tables = _extract(write_docx(tmp_path / "raw", body)).elements
    assert [table.text.split("\n")[0] for table in tables] == ["Ware | Price"] * 3
    assert all("<td>Price</td>" in (table.text_as_html or "") for table in tables)


def test_password_that_the_program_itself_sets_is_known(tmp_path: Path) -> None:
    noise = {"word/media/noise": random.Random(1).randbytes(9_000).hex()}  # msoffcrypto needs 4 KB
    plain = write_docx(tmp_path / "raw", paragraph("Read only."), noise)
    path = lock(plain, "VelvetSweatshop")
    assert _extract(path).text == "Read only."


def test_what_was_locked_is_measured_when_open(tmp_path: Path) -> None:
    """The gate before extraction sees only the lock."""
    bomb = {"word/media/noise": random.Random(1).randbytes(9_000).hex() * 200}
    path = lock(write_docx(tmp_path / "raw", paragraph("Small."), bomb), "key")
    with pytest.raises(FileEncrypted):
        _extract(path)
    assert _extract(path, password="key").text == "Small."
    with pytest.raises(OverLimit):
        _extract(path, password="key", limits=Limits(zip_expanded_bytes=1_000_000))
