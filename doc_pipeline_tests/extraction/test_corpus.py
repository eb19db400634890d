"""Every file of the corpus gives text or the typed error its note asks for; spans always hold."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.registry import ExtractRequest, extract_file, supported_kinds
from doc_pipeline.intake.gate import admit_file

_CODE_OF_NOTE = {
    "encrypted": "FILE_ENCRYPTED",
    "corrupt": "FILE_CORRUPT",
    "empty": "FILE_EMPTY",
    "bomb": "OVER_LIMIT",
    "garbled": "NO_TEXT",
}


def _process(path: Path) -> ExtractedText | PipelineError:
    try:
        file_type = admit_file(path, path.name, Limits())
        return extract_file(path, ExtractRequest(kind=file_type.kind, name=path.name))
    except PipelineError as error:
        return error


def _expected(row: dict[str, str]) -> str:
    for word, code in _CODE_OF_NOTE.items():
        if row["note"].startswith(word):
            return code
    if row["type"] not in supported_kinds():
        return "TYPE_UNSUPPORTED"
    return "NO_TEXT" if row["note"].startswith("scanned") else "text"


@pytest.mark.heavy
def test_every_file_gives_text_or_the_fitting_error(corpus: Path) -> None:
    wrong: list[str] = []
    with (corpus / "manifest.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            result = _process(corpus / row["path"])
            found = result.code if isinstance(result, PipelineError) else "text"
            if found != _expected(row):
                wrong.append(f"{row['path']}: {found} instead of {_expected(row)}")
            if isinstance(result, ExtractedText):
                assert all(result.text[e.start : e.end] == e.text for e in result.elements)
                assert all(Element.from_dict(e.to_dict()) == e for e in result.elements)
    assert wrong == []


@pytest.mark.heavy
@pytest.mark.parametrize("ending", ["pdf", "docx", "pptx", "xlsx", "xls", "eml", "html", "csv"])
def test_damaged_copies_only_give_typed_errors(corpus: Path, tmp_path: Path, ending: str) -> None:
    """Parsers raise anything on damaged input; none of it may leave extraction without a name."""
    dice = random.Random(7)
    for source in sorted(corpus.glob(f"*.{ending}")):
        data = source.read_bytes()
        for turn in range(6):
            damaged = bytearray(data[: dice.randrange(len(data) + 1)] if turn % 2 else data)
            for _ in range(20):
                if damaged:
                    damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            path = tmp_path / source.name
            path.write_bytes(damaged)
            assert isinstance(_process(path), ExtractedText | PipelineError)
