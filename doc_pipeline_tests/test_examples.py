"""The example documents are whole, small, described, and can be made again."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from doc_pipeline.domain.document import SIDECAR_SUFFIX, Priority, parse_options
from doc_pipeline.domain.identity import check_upload_key

EXAMPLES = Path(__file__).parents[1] / "examples"
DOCUMENTS = (
    "agadir-note.txt",
    "annual-report-2025.pdf",
    "canteen-recipes.md",
    "compte-rendu-brest.txt",
    "garantia-y-devoluciones.html",
    "goods-receipt-bc-2547.png",
    "lykt-duo-manual.pdf",
    "nordlys-roadmap.pptx",
    "price-list-2026.xlsx",
    "rejected-cell-lot.eml",
    "replacement-lot.eml",
    "sado-harbour-lights.txt",
    "staff-handbook.docx",
    "supply-contract-baltic-cell.docx",
    "support-tickets.csv",
    "winterlagerung.html",
)
SIDECAR = f"supply-contract-baltic-cell.docx{SIDECAR_SUFFIX}"


@pytest.mark.parametrize("name", [*DOCUMENTS, SIDECAR])
def test_example_is_there_small_and_described(name: str) -> None:
    """Small, because everyone who clones the project carries them."""
    size_bytes = (EXAMPLES / "documents" / name).stat().st_size
    assert 0 < size_bytes < 100_000
    assert check_upload_key(name) == name
    assert f"`{name}`" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_folder_holds_nothing_else() -> None:
    """The first search of a new user runs over this folder: a stray file would be found in it."""
    found = {path.name for path in (EXAMPLES / "documents").iterdir()}
    assert found == {*DOCUMENTS, SIDECAR}


def test_sidecar_is_valid() -> None:
    """It is the pattern that people copy, so it uses options and free metadata."""
    data = json.loads((EXAMPLES / "documents" / SIDECAR).read_text(encoding="utf-8"))
    options = parse_options(data, SIDECAR)
    assert options.owner == "purchasing"
    assert options.priority is Priority.HIGH
    assert options.metadata["contract_number"] == "FL-2025-017"
    assert set(data) == {"owner", "priority", "language", "metadata"}


def test_binary_examples_are_the_same_each_time(tmp_path: Path) -> None:
    """Files that differ at each run would make noise in every commit."""
    make_examples = runpy.run_path(str(EXAMPLES / "make_examples.py"))["make_examples"]
    for folder in ("first", "second"):
        make_examples(tmp_path / folder)
    made = sorted(path.name for path in (tmp_path / "first").iterdir())
    binary = {name for name in DOCUMENTS if name[-4:] in {".pdf", ".png", "docx", "pptx", "xlsx"}}
    assert made == sorted({*binary, "replacement-lot.eml"})
    for name in made:
        first, second = (tmp_path / folder / name for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes(), name
