"""Temporary folders: swept when nobody holds them, and faults of the disk charged to nobody."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import DiskFull, StoreAway
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
from doc_pipeline.stages import folders
from doc_pipeline.stages.folders import sweep_folders, temporary_folder
from doc_pipeline_tests.stages.conftest import Bench, failures


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def make_old(folder: Path) -> None:
    os.utime(folder, (1, 1))


def test_only_what_a_killed_run_left_is_swept(place: Path) -> None:
    left = place / "doc-pipeline-run-left"
    fresh = place / "doc-pipeline-run-fresh"
    foreign = place / "doc-pipeline-other"
    link = place / "doc-pipeline-run-link"
    for folder in (left, fresh, foreign):
        folder.mkdir()
        (folder / "raw").write_text("a document")
    link.symlink_to(foreign)
    make_old(left)
    make_old(foreign)
    with temporary_folder() as used:
        (used / "raw").write_text("a document")
        make_old(used)
        assert sweep_folders() == 1
        assert {path.name for path in place.iterdir()} == {
            used.name,
            fresh.name,
            foreign.name,
            link.name,
        }
        assert (foreign / "raw").exists()
    assert not used.exists()


def test_a_batch_leaves_nothing_and_sweeps(place: Path, bench: Bench) -> None:
    left = place / "doc-pipeline-run-left"
    left.mkdir()
    make_old(left)
    bench.write("a.txt", "Invoices are due within thirty days.")
    assert failures(bench.bring_through()) == {}
    assert list(place.iterdir()) == []


def test_without_a_place_for_folders_the_batch_stops_and_charges_nobody(
    place: Path, bench: Bench
) -> None:
    bench.write("a.txt", "Invoices are due within thirty days.")
    place.rmdir()
    with pytest.raises(StoreAway, match="temporary"):
        bench.bring_through()
    view = bench.adapters.catalog.reading.get(document_id_of("a.txt"))
    assert view is not None
    assert (view.processing_status.value, view.attempts) == ("pending", 0)


@pytest.mark.parametrize("is_full", [True, False])
def test_a_file_too_large_for_the_disk_stops_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, is_full: bool
) -> None:
    """Unless the disk is still full when what that file took is gone."""

    def extract(path: Path, request: ExtractRequest) -> object:
        if request.name == "a.txt":
            raise DiskFull(store="temporary")
        return extract_file(path, request)

    monkeypatch.setattr("doc_pipeline.stages.extract.is_nearly_full", lambda: is_full)
    object.__setattr__(bench.adapters, "extract", extract)
    bench.write("a.txt", "Invoices are due within thirty days.")
    bench.write("b.txt", "Lanterns are lit at dusk.")
    if is_full:
        with pytest.raises(DiskFull):
            bench.bring_through()
    else:
        assert failures(bench.bring_through()) == {document_id_of("a.txt"): "STORE_UNAVAILABLE"}
        assert bench.search("lanterns") == ["b.txt"]


def test_a_folder_that_cannot_be_locked_is_still_a_folder(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no locks on this file system")

    monkeypatch.setattr(folders.fcntl, "flock", refuse)
    with temporary_folder() as folder:
        make_old(folder)
        assert sweep_folders() == 0
        assert folder.exists()
