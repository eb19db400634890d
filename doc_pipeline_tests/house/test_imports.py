"""Imports point one way, and each library has one home (docs: .importlinter, design §4)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from doc_pipeline_tests.house.sources import ROOT, imports_of, modules, place_of

# library: where it may be imported, as the beginning of a place below doc_pipeline/
HOMES = {
    "dagster": ("defs/", "definitions.py"),
    "dagster_aws": ("defs/",),
    "lancedb": ("index/",),
    "unstructured": ("extraction/",),
    "pypdfium2": ("extraction/",),
    "openai": ("embedding/",),
    "sqlalchemy": ("catalog/",),
    "alembic": ("catalog/",),
    "psycopg": ("catalog/",),
    "obstore": ("storage/",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "pydantic_settings": ("settings.py", "settings_extraction.py"),
    "dotenv": ("settings_sources.py",),
}
PRIVATE_DAGSTER = "defs/dagster_events.py"
DOMAIN_MAY_IMPORT = (*sys.stdlib_module_names, "doc_pipeline")


def test_layers_are_kept() -> None:
    """import-linter reads .importlinter and says which import breaks which layer."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_only_at_home(library: str) -> None:
    strangers = [
        f"doc_pipeline/{place_of(path)}:{line} imports {name}"
        for path in modules()
        for name, line in imports_of(path)
        if name.split(".")[0] == library and not place_of(path).startswith(HOMES[library])
    ]
    assert strangers == []


def test_private_parts_of_dagster_are_imported_in_one_module() -> None:
    """They change without notice; one module has the contract test against the pinned version."""
    strangers = [
        f"doc_pipeline/{place_of(path)}:{line} imports {name}"
        for path in modules()
        for name, line in imports_of(path)
        if name.startswith("dagster") and any(part.startswith("_") for part in name.split("."))
        if place_of(path) != PRIVATE_DAGSTER
    ]
    assert strangers == []


def test_the_domain_needs_the_standard_library_only() -> None:
    strangers = [
        f"doc_pipeline/{place_of(path)}:{line} imports {name}"
        for path in modules()
        if place_of(path).startswith("domain/")
        for name, line in imports_of(path)
        if name.split(".")[0] not in DOMAIN_MAY_IMPORT
    ]
    assert strangers == []
