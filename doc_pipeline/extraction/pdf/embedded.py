"""Files that a PDF carries inside: handed to `extraction/attachments.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.attachments import FoundFiles, size_text

_MOST_LISTED = 100_000
_PIECE = 1 << 20


def add_embedded_files(document: Any, found: FoundFiles) -> None:
    """Add each embedded file of an open pdfium document; damaged ones are told in a warning.

    Raises what `FoundFiles.add` raises.
    """
    import pypdfium2 as pdfium

    for index in range(min(document.count_attachments(), _MOST_LISTED)):
        name = ""
        try:
            attachment = document.get_attachment(index)
            name = _name(attachment)
            pieces = _pieces(attachment) if found.writes and not found.is_full else iter(())
        except pdfium.PdfiumError:
            found.leave_out(name or f"attachment-{index + 1}", "damaged")
            continue
        found.add(name, pieces)


def listed(found: FoundFiles) -> list[Element]:
    """The names and sizes of the files: the text of a PDF that is nothing but a folder."""
    return [
        Element("ListItem", f"{each.name} ({size_text(each.size_bytes)})")
        for each in found.attachments
    ]


def _name(attachment: Any) -> str:
    import pypdfium2 as pdfium

    try:
        return str(attachment.get_name())
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""


def _pieces(attachment: Any) -> Iterator[bytes]:
    """The data, which pdfium gives as a whole; an empty file has none."""
    data = memoryview(attachment.get_data()).cast("B")
    return (bytes(data[start : start + _PIECE]) for start in range(0, len(data), _PIECE))
