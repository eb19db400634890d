"""What the files of the shared corpus must come to, from their manifest: a text, or which code."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

TEXT = "ok"
_PASSWORD = re.compile(r"password: (\w+)\)")
_BY_NOTE = {
    "encrypted": frozenset({"FILE_ENCRYPTED"}),
    "corrupt": frozenset({"FILE_CORRUPT", TEXT}),
    "empty": frozenset({"FILE_EMPTY"}),
    "bomb": frozenset({"OVER_LIMIT"}),
}
"""By the first word of the note. A damaged file may be saved."""
_PICTURES = frozenset({"png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp", "heic"})


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """One file of the corpus. `needs_ocr` says that without tesseract there is no text."""

    name: str
    note: str
    outcomes: frozenset[str]
    password: str | None
    needs_ocr: bool


def read_expected(corpus: Path) -> list[ExpectedFile]:
    """All files of the manifest, in its order."""
    with (corpus / "manifest.csv").open(encoding="utf-8") as file:
        return [_expected(row) for row in csv.DictReader(file)]


def _expected(row: dict[str, str]) -> ExpectedFile:
    note = row["note"]
    codes = next((codes for word, codes in _BY_NOTE.items() if note.startswith(word)), {TEXT})
    password = _PASSWORD.search(note)
    return ExpectedFile(
        name=row["path"],
        note=note,
        outcomes=frozenset(codes),
        password=password[1] if password else None,
        needs_ocr=row["type"] in _PICTURES or note.startswith(("scanned", "garbled")),
    )
