"""Rich text format to elements: text, tables, footnotes and text boxes, in any charset.

striprtf reads the charsets that fonts declare, which kreuzberg takes for western ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, OverLimit
from doc_pipeline.extraction.plain_text import text_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.tables import table_elements

_PICTURE = re.compile(r"(?<=[\s}])[0-9a-fA-F\s]{2000,}(?=})")
"""Pictures as hexadecimal digits: most of the bytes of many files."""
_SHAPE = re.compile(r"\\\*\\shpinst\b|\\shptxt\b|\\shp\b")
_FOOTNOTE = re.compile(r"\\footnote\b ?")
_NO_CHARACTER = re.compile(r"\\u(?:-?(?:\d{6,}|[7-9]\d{4})|-6[5-9]\d{3})")
"""Numbers beyond the sixteen bits that the format has: striprtf gives up on them."""
_INFO = {
    "title": re.compile(r"\{\\title\b ?((?:[^{}\\]|\\'[0-9a-f]{2}|\\u-?\d+ ?\??)*)"),
    "author": re.compile(r"\{\\author\b ?((?:[^{}\\]|\\'[0-9a-f]{2}|\\u-?\d+ ?\??)*)"),
}
_DATE = r"\{\\%s\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})(?:\\hr(\d{1,2}))?(?:\\min(\d{1,2}))?"
_DATES = {name: re.compile(_DATE % name) for name in ("creatim", "revtim")}
_HEAD_CHARS = 200_000


def extract_rtf(path: Path, request: ExtractRequest) -> Draft:
    """Paragraphs, list items and tables. Raises `OverLimit`, `FileCorrupt`."""
    size_bytes = path.stat().st_size
    if size_bytes > request.limits.text_bytes:
        raise OverLimit(limit="text_bytes", allowed=request.limits.text_bytes, found=size_bytes)
    # RTF is ASCII; whatever else stands in it has its charset said beside.
    source = path.read_bytes().decode("latin-1").lstrip("\ufeff\xef\xbb\xbf \r\n\t")
    if not source.startswith("{\\rtf"):
        raise FileCorrupt(kind=request.kind)
    head = source[:_HEAD_CHARS]
    source = _FOOTNOTE.sub(" ", _SHAPE.sub("", _PICTURE.sub("", source)))
    return Draft(
        list(_elements(_plain(source))),
        title=_property(head, "title"),
        author=_property(head, "author"),
        created_at=_date(head, "creatim"),
        modified_at=_date(head, "revtim"),
    )


def _plain(source: str) -> str:
    from striprtf.striprtf import rtf_to_text

    return str(rtf_to_text(_NO_CHARACTER.sub(r"\\u65533", source), errors="replace"))


def _elements(text: str) -> Iterator[Element]:
    """Lines that end with a bar are rows of a table, as striprtf writes them."""
    lines: list[str] = []
    rows: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.endswith("|"):
            yield from text_elements("\n\n".join(lines))
            lines = []
            rows.append(line[:-1].split("|"))
            continue
        yield from table_elements(rows)
        rows = []
        lines.append(line.strip())
    yield from text_elements("\n\n".join(lines))


def _property(head: str, name: str) -> str | None:
    found = _INFO[name].search(head)
    if found is None:
        return None
    charset = re.search(r"\\ansicpg\d+", head)
    return _plain(f"{{\\rtf1\\ansi{charset[0] if charset else ''} {found[1]}}}").strip() or None


def _date(head: str, name: str) -> str | None:
    found = _DATES[name].search(head)
    if found is None:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in found.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
        return None
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:00"
