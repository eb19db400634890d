"""Fixtures for all tests: where the real documents are, and the servers that tests start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from doc_pipeline_tests.skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Folder of real documents beside the project; absent elsewhere."""
    folder = ROOT.parent / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip("the corpus of real documents is not beside this checkout")
    return folder


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the person who runs it."""
    for name in list(os.environ):
        if name.startswith(("DOC_PIPELINE_", "AWS_", "S3_", "MINIO_", "OPENAI_")):
            monkeypatch.delenv(name)
