"""Text tables: any delimiter, any charset, ragged rows."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.delimited import extract_delimited
from doc_pipeline.extraction.request import ExtractRequest


def _tables(path: Path, data: bytes, kind: str = "csv", rows: int = 1000) -> list[str]:
    path.write_bytes(data)
    request = ExtractRequest(kind, f"a.{kind}", limits=Limits(table_rows=rows))
    return [element.text for element in extract_delimited(path, request).elements]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"Ware,Price\r\nRope,12\r\n", "csv"),
        (b"Ware;Price\nRope;12\n", "csv"),
        (b"Ware\tPrice\nRope\t12\n", "csv"),
        (b"Ware\tPrice\nRope\t12\n", "tsv"),
        (b"Ware|Price\nRope|12\n", "csv"),
        (b'"Ware","Price"\n"Rope","12"', "csv"),
        ("Ware;Price\nRope;12\n".encode("utf-16"), "csv"),
        (b"\xef\xbb\xbfWare,Price\nRope,12\n", "csv"),
    ],
)
def test_delimiters_and_charsets(tmp_path: Path, data: bytes, kind: str) -> None:
    assert _tables(tmp_path / "raw", data, kind) == ["Ware | Price\nRope | 12"]


def test_comma_inside_prose_does_not_win(tmp_path: Path) -> None:
    data = b"Ware;Text\nRope;long, thin, white\nPaint;red\n"
    assert _tables(tmp_path / "raw", data) == ["Ware | Text\nRope | long, thin, white\nPaint | red"]


def test_ragged_rows_and_line_breaks_in_cells(tmp_path: Path) -> None:
    data = b'a,b,c\n1\n2,"two\nlines",3,4\n'
    assert _tables(tmp_path / "raw", data) == ["a | b | c\n1\n2 | two lines | 3 | 4"]


def test_quote_never_closed_loses_nothing(tmp_path: Path) -> None:
    rows = "".join(f"{number},x\n" for number in range(5000))
    text = "\n".join(_tables(tmp_path / "raw", b'a,b\n1,"open\n' + rows.encode(), rows=10_000))
    assert "1 | open" in text
    assert "4999 | x" in text


def test_quotes_opened_again_and_again(tmp_path: Path) -> None:
    text = "\n".join(_tables(tmp_path / "raw", b"a,b\n" + b'1,"open\n' * 5001, rows=10_000))
    assert text.count("open") == 5001


def test_rows_beyond_the_limit_are_said(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"Ware,Price\n" * 11)
    limits = Limits(table_rows=10)
    draft = extract_delimited(tmp_path / "raw", ExtractRequest("csv", "a.csv", limits=limits))
    assert draft.elements[0].text.count("\n") == 9
    assert draft.warnings == (
        "1 row was left out; DOC_PIPELINE_MAX_TABLE_ROWS allows 10 in one table",
    )


def test_a_file_too_large_for_a_text(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"a,b\n" * 100)
    with pytest.raises(OverLimit):
        extract_delimited(
            tmp_path / "raw", ExtractRequest("csv", "a.csv", limits=Limits(text_bytes=100))
        )


@pytest.mark.parametrize(
    "data",
    [
        b"sep=;\nWare;Price\nRope;12\n",
        b"Ware^Price\nRope^12\n",
        b"Ware~Price\nRope~12\n",
        b"Ware\x01Price\nRope\x0112\n",
        b"'Ware','Price'\n'Rope','12'\n",
        b'"Ware", "Price"\n"Rope", "12"\n',
        b"Ware,Price\rRope,12\r",
        b"Wa\0re,Price\nRope,12\n",
        "Ware,Price\nRope,12\n".encode("utf-16-le"),
        "Ware\tPrice\nRope\t12\n".encode("utf-16-be"),
    ],
)
def test_dialects(tmp_path: Path, data: bytes) -> None:
    assert _tables(tmp_path / "raw", data) == ["Ware | Price\nRope | 12"]


def test_escaped_quotes_and_decimal_commas(tmp_path: Path) -> None:
    data = b'a,b\n"say \\"yes\\", now",2\n'
    assert _tables(tmp_path / "raw", data) == ['a | b\nsay "yes", now | 2']
    assert _tables(tmp_path / "raw", b"1,5;2,5;3,5\n4,5;5,5;6,5\n") == [
        "1,5 | 2,5 | 3,5\n4,5 | 5,5 | 6,5"
    ]


def test_a_cell_of_a_megabyte_is_a_text_of_its_own(tmp_path: Path) -> None:
    cell = "word " * 200_000 + "last"
    texts = _tables(tmp_path / "raw", f'id,text\n1,"{cell}"\n2,short\n'.encode())
    assert texts[0] == "id | text\n1 | …"
    assert texts[-1] == "2 | short"
    assert " ".join(texts[1:-1]).count("word") == 200_000
    assert texts[-2].endswith("last")


def test_every_part_of_a_long_table_has_the_head_row(tmp_path: Path) -> None:
    rows = "".join(f"{number},rope\n" for number in range(450))
    texts = _tables(tmp_path / "raw", f"Number,Ware\n{rows}".encode())
    assert len(texts) == 5
    assert all(text.startswith("Number | Ware\n") for text in texts)


def test_any_bytes_end(tmp_path: Path) -> None:
    source = random.Random(4)
    for _ in range(100):
        signs = bytes(source.choice(b"ab,;\t|\"'\\\n\r\0\xff") for _ in range(500))
        _tables(tmp_path / "raw", signs)
    started = time.process_time()
    _tables(tmp_path / "raw", b'"' * 300_001 + b"\n" + b'",' * 100_000)
    assert time.process_time() - started < 3
