"""What users get who install the package and never see this checkout."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from doc_pipeline import __version__
from doc_pipeline_tests.house.sources import ROOT, modules
from doc_pipeline_tests.install.clones import run
from doc_pipeline_tests.install.conftest import Installed

pytestmark = pytest.mark.heavy

# A stranger's test project: the plugin line, the fixtures, the stores and the faults.
STRANGERS_CONFTEST = 'pytest_plugins = ["doc_pipeline.testing.fixtures"]\n'
STRANGERS_TEST = """
import pytest

import doc_pipeline
from doc_pipeline.domain.errors import ObjectGone, StoreRefused
from doc_pipeline.testing import FaultPlan, MemoryBlobStore, MemoryUploadStore


def test_package_is_the_installed_one():
    assert "site-packages" in doc_pipeline.__file__


def test_memory_blobs(memory_blobs):
    memory_blobs.put("extract/a", b"text")
    assert memory_blobs.get("extract/a") == b"text"
    memory_blobs.faults.fail("get", StoreRefused(store="artifacts", key="extract/a"))
    with pytest.raises(StoreRefused):
        memory_blobs.get("extract/a")
    memory_blobs.faults.clear()
    assert memory_blobs.get("extract/a") == b"text"


def test_own_plan():
    store = MemoryBlobStore(faults=FaultPlan().fail("put", StoreRefused(), times=1))
    with pytest.raises(StoreRefused):
        store.put("a", b"")
    store.put("a", b"")
    assert store.faults.count("put") == 2


def test_memory_uploads(memory_uploads):
    memory_uploads.write("reports/q1.txt", b"first quarter")
    assert [item.key for item in memory_uploads.list(None)] == ["reports/q1.txt"]
    assert isinstance(memory_uploads, MemoryUploadStore)


def test_folders(upload_folder, folder_uploads, folder_blobs):
    (upload_folder / "note.txt").write_text("a note")
    assert b"".join(folder_uploads.stream("note.txt")) == b"a note"
    with pytest.raises(ObjectGone):
        folder_blobs.get("absent")
"""


def test_version(installed: Installed, tmp_path: Path) -> None:
    assert (
        run(installed.command, "--version", cwd=tmp_path).strip() == f"doc-pipeline {__version__}"
    )


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Modules, migrations, the Dagster instance file and the type marker; no tests, no examples."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {path.relative_to(ROOT).as_posix() for path in modules()} <= names
    assert "doc_pipeline/cli/dagster_instance.yaml" in names
    assert "doc_pipeline/py.typed" in names
    assert any(name.startswith("doc_pipeline/catalog/migrations/versions/0001") for name in names)
    assert {name.split("/")[0] for name in names} == {
        "doc_pipeline",
        f"doc_pipeline-{__version__}.dist-info",
    }


def test_document_comes_through_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """Migrations, Dagster's instance and the definitions are found without a clone around."""
    (tmp_path / "lighthouse.txt").write_text("The lamp turns once in nine seconds.")
    run(installed.command, "add", "lighthouse.txt", cwd=tmp_path)
    run(installed.command, "process", cwd=tmp_path, env={"DOC_PIPELINE_SETTLE_S": "0"})
    (listed,) = json.loads(run(installed.command, "ls", "--json", cwd=tmp_path))
    assert listed["processing_status"] == "completed"
    hits = json.loads(run(installed.command, "search", "lamp turns", "--json", cwd=tmp_path))
    assert hits[0]["source_key"] == "lighthouse.txt"


def test_strangers_use_the_testing_kit(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(STRANGERS_CONFTEST)
    (tmp_path / "test_own.py").write_text(STRANGERS_TEST)
    said = run(installed.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "5 passed" in said
