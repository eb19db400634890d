"""Text tables: any delimiter, any charset, ragged rows."""

from __future__ import annotations

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
    text = "".join(_tables(tmp_path / "raw", b'a,b\n1,"open\n2,x\n3,y\n'))
    assert all(value in text for value in ("open", "2,x", "3,y"))


def test_too_many_rows(tmp_path: Path) -> None:
    with pytest.raises(OverLimit):
        _tables(tmp_path / "raw", b"a,b\n" * 11, rows=10)
