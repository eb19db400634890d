"""The command `doctor`: tries each thing the pipeline depends on, makes nothing.

One check never hides the others: whatever it raises becomes its own line.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import typer

from doc_pipeline.catalog.catalog import open_catalog
from doc_pipeline.catalog.database import Database
from doc_pipeline.catalog.schema import REVISIONS, current_revision
from doc_pipeline.cli.home import folder_of, sqlite_file_of
from doc_pipeline.cli.output import JsonFlag, counted, print_json, print_table, short_size
from doc_pipeline.cli.session import open_services
from doc_pipeline.cli.stack_state import read_stack_state
from doc_pipeline.cli.standing import pause_note
from doc_pipeline.domain.errors import (
    DiskFull,
    IndexIncomplete,
    OcrLanguageMissing,
    SettingInvalid,
    as_pipeline_error,
)
from doc_pipeline.extraction.ocr.engine import installed_languages, tesseract_version
from doc_pipeline.extraction.registry import ExtractRequest
from doc_pipeline.services import Services, open_index

PATIENCE_S = 3.0
LEAST_FREE_BYTES = 500_000_000
EXTRAS = {
    "[legacy] (epub)": "kreuzberg",
    "[tables] (tables in PDF)": "pdfplumber",
    "[heic]": "pi_heif",
}
NOT_YET = "not there yet: it is made at the first use"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        "doctor",
        short_help="Try what the pipeline depends on.",
        epilog="Example: doc-pipeline doctor",
    )(doctor)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the report."""

    name: str
    status: str
    detail: str
    remedy: str = ""


class _Off(Exception):
    """Neither good nor bad: not there yet, or not running."""


def doctor(as_json: JsonFlag = False) -> None:
    """Try each thing the pipeline depends on; say pass or fail, and what to do.

    Makes nothing. Exit code 1 when a check fails; 'off' is no failure.
    """
    checks: dict[str, Callable[[Services], str]] = {
        "data folder": _check_data_folder,
        "catalog": _check_catalog,
        "uploads": _check_uploads,
        "artifacts": _check_artifacts,
        "extraction": _check_extraction,
        "ocr": _check_ocr,
        "file types": _check_file_types,
        "embedding": _check_embedding,
        "index": _check_index,
        "services": _check_stack,
        "batches": _check_batches,
    }
    with open_services() as services:
        results = [_tried(name, check, services) for name, check in checks.items()]
    if as_json:
        print_json(results)
    else:
        print_table(
            ["what", "status", "detail"],
            [[r.name, r.status, f"{r.detail} {r.remedy}".strip()] for r in results],
        )
    if any(result.status == "fail" for result in results):
        raise typer.Exit(1)


def _tried(name: str, check: Callable[[Services], str], services: Services) -> CheckResult:
    try:
        return CheckResult(name, "pass", check(services))
    except _Off as off:
        return CheckResult(name, "off", str(off))
    except Exception as unknown:  # noqa: BLE001 - the other checks are still to come
        error = as_pipeline_error(unknown)
        return CheckResult(name, "fail", f"{error.code}: {error.sentence}", error.remedy)


def _check_data_folder(services: Services) -> str:
    folder = services.settings.data_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise SettingInvalid(
            name="DOC_PIPELINE_DATA_DIR", allowed="a folder that this user may write to"
        )
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE_BYTES:
        raise DiskFull(store="data")
    note = "" if folder.exists() else f", {NOT_YET}"
    return f"{folder}, {short_size(free)} free{note}"


def _check_catalog(services: Services) -> str:
    url = services.settings.catalog_url
    file = sqlite_file_of(url)
    if file and not file.exists():
        raise _Off(NOT_YET)
    database = Database(url, PATIENCE_S)
    try:
        revision = current_revision(database)
        shown = database.url
    finally:
        database.close()
    if revision is None:
        raise _Off(f"{shown}, empty: its tables are made at the first use")
    if revision in REVISIONS and revision != REVISIONS[-1]:
        return f"{shown}, schema {revision}: brought to {REVISIONS[-1]} at the next use"
    # As it is: not upgraded, and without the patience of real work.
    services.catalog = open_catalog(url, upgrade=False, busy_timeout_s=PATIENCE_S)
    return f"{shown}, {counted(sum(services.catalog.reading.counts().values()), 'document')}"


def _check_uploads(services: Services) -> str:
    settings = services.settings
    folder = folder_of(settings.uploads_url)
    # Elsewhere a missing folder is most likely a share that is not mounted: that is a failure.
    if folder and not folder.exists() and folder.is_relative_to(settings.data_dir):
        raise _Off(NOT_YET)
    services.uploads.root_identity()
    first = next(iter(services.uploads.list(None)), None)
    return services.uploads.url + ("" if first else ", empty")


def _check_artifacts(services: Services) -> str:
    folder = folder_of(services.settings.artifacts_url)
    if folder and not folder.exists():
        raise _Off(NOT_YET)
    key = "doctor-probe"
    services.artifacts.put(key, b"probe")
    services.artifacts.get(key)
    services.artifacts.delete(key)
    return f"{services.artifacts.url}, written, read and deleted"


def _check_extraction(services: Services) -> str:
    """Have a child process read a line."""
    pool = services.extraction
    if pool is None:
        raise _Off("no child processes: a file that crashes a library ends the run")
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(b'{"probe": "works"}')
        file.flush()
        pool.extract(Path(file.name), ExtractRequest(kind="json", name="probe.json"))
    reach = "without network" if pool.is_offline else "with network: this system lets none leave it"
    return f"{counted(services.settings.extract_workers, 'worker')}, {reach}"


def _check_ocr(services: Services) -> str:
    """Look for tesseract and the languages of the settings."""
    settings = services.settings
    if settings.ocr_mode == "off":
        raise _Off("switched off by DOC_PIPELINE_OCR_MODE")
    version = tesseract_version()
    if version is None:
        raise _Off("no tesseract: scanned pages and pictures fail. Debian: tesseract-ocr")
    installed = installed_languages()
    missing = [name for name in settings.ocr_languages if name not in installed]
    if missing:
        raise OcrLanguageMissing(languages=", ".join(missing), installed=", ".join(installed))
    return f"tesseract {version}, languages: {', '.join(installed)}"


def _check_file_types(_services: Services) -> str:
    """Look for the optional libraries."""
    missing = [extra for extra, module in EXTRAS.items() if find_spec(module) is None]
    if missing:
        raise _Off(f"without {', '.join(missing)}: make extras adds them")
    return "all"


def _check_embedding(services: Services) -> str:
    vector = services.embedder.embed_query("doctor")
    return f"{services.embedder.model_id}, {len(vector)} dimensions"


def _check_index(services: Services) -> str:
    folder = folder_of(services.settings.index_url)
    # Without the catalog nobody knows how many rows there must be.
    wanted = services.catalog.reading.chunk_total() if "catalog" in vars(services) else 0
    if folder and not (folder.is_dir() and any(folder.iterdir())):
        if wanted:
            raise IndexIncomplete(found=0, wanted=wanted)
        raise _Off(NOT_YET)
    health = open_index(services.settings, create=False).health()
    if int(health["rows"]) < wanted:
        raise IndexIncomplete(found=health["rows"], wanted=wanted)
    size = short_size(int(health["size_bytes"]))
    return f"{health['model_id']}, {counted(int(health['rows']), 'chunk')}, {size}"


def _check_stack(services: Services) -> str:
    state = read_stack_state(services.settings.data_dir)
    if state is None:
        raise _Off("not running; start them with: doc-pipeline up")
    return f"up, process {state.pid}, {state.url}"


def _check_batches(services: Services) -> str:
    if "catalog" not in vars(services):
        raise _Off("nothing to see without the catalog")
    note = pause_note(services)
    if note:
        raise _Off(note)
    return "starting as uploads arrive"
