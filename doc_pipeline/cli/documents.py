"""Commands that act on documents: add, open, process, retry."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from doc_pipeline.cli.output import console, print_json, print_table, say
from doc_pipeline.cli.session import open_services, resolve_ids
from doc_pipeline.domain.document import SIDECAR_SUFFIX, ProcessingStatus
from doc_pipeline.domain.errors import NameInvalid, PipelineError
from doc_pipeline.domain.identity import check_upload_key, document_id_of
from doc_pipeline.services import Services, discovery_settings
from doc_pipeline.stages.discover import discover_uploads

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
POLL_S = 0.25


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("add", epilog="Example: doc-pipeline add report.pdf notes/ --prefix 2026")(add)
    app.command("open", epilog="Example: doc-pipeline open report")(open_document)
    app.command(
        "process",
        epilog="Example: doc-pipeline process    or: doc-pipeline process report --force",
    )(process)
    app.command("retry", epilog="Example: doc-pipeline retry --failed")(retry)


def add(
    files: Annotated[list[Path], typer.Argument(help="Files or folders to upload.", exists=True)],
    prefix: Annotated[str, typer.Option(help="Folder inside the upload store.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Put files into the upload store, as an uploader would; the sensor does the rest."""
    pairs = [(path, key) for item in files for path, key in _files_of(item, prefix.strip("/"))]
    added: list[dict[str, str]] = []
    problems: list[PipelineError] = []
    with open_services() as services, _bar() as bar:
        task = bar.add_task("uploading", total=len(pairs))
        # Sidecars first, so that no tick sees a file without its options.
        for path, key in sorted(pairs, key=lambda pair: not pair[1].endswith(SIDECAR_SUFFIX)):
            try:
                services.uploads.put(check_upload_key(key), path)
                if not key.endswith(SIDECAR_SUFFIX):
                    added.append({"document_id": document_id_of(key), "key": key})
            except PipelineError as error:
                problems.append(error)
            bar.advance(task)
    if as_json:
        print_json({"added": added, "problems": [error.sentence for error in problems]})
    else:
        for item in added:
            say(f"{item['document_id']}")
        for error in problems:
            typer.secho(f"{error.code}: {error.sentence} {error.remedy}", fg="red", err=True)
    if problems:
        raise typer.Exit(1)


def open_document(
    document: Annotated[str, typer.Argument(help="Id, upload key or a unique part of it.")],
    where: Annotated[bool, typer.Option("--where", help="Only print the path.")] = False,
) -> None:
    """Open the original file with the program this desktop has for it."""
    with open_services() as services:
        document_id = resolve_ids(services, [document])[0]
        view = services.catalog.reading.get(document_id)
        assert view is not None
        path = services.uploads.path_of(view.source_key)
        if path is None:
            name = view.source_key.rsplit("/", 1)[-1]
            path = Path(tempfile.mkdtemp(prefix="doc-pipeline-")) / name
            with path.open("wb") as file:
                file.writelines(services.uploads.stream(view.source_key))
    say(str(path))
    if where:
        return
    opener = shutil.which("xdg-open") or shutil.which("open")
    if opener is None:
        webbrowser.open(path.as_uri())
        return
    subprocess.run([opener, str(path)], check=False)  # noqa: S603 - the user's own desktop program


def process(
    documents: Annotated[
        list[str] | None, typer.Argument(help="Documents; without any, all that wait.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also documents that are completed already.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Process documents now, in this process, without the services; the UI shows the run.

    Also releases held documents when they are named.
    """
    with open_services() as services:
        ids = _wanted(services, documents or [], force=force)
        if not ids:
            say("Nothing waits to be processed.")
            return
        ok = _process_with_bar(services, ids, quiet=as_json)
        views = [v for i in ids if (v := services.catalog.reading.get(i)) is not None]
    if as_json:
        print_json(views)
    else:
        print_table(
            ["document", "status", "code"],
            [[v.document_id, v.processing_status.value, v.error_code] for v in views],
        )
    if not ok or any(v.processing_status is not ProcessingStatus.COMPLETED for v in views):
        raise typer.Exit(1)


def retry(
    documents: Annotated[list[str] | None, typer.Argument(help="Documents to try again.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    code: Annotated[str | None, typer.Option(help="All that failed with this code.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print which.")] = False,
) -> None:
    """Queue documents again; the sensor starts them with its next tick."""
    with open_services() as services:
        reading = services.catalog.reading
        ids = resolve_ids(services, documents or [])
        if failed or code:
            views = reading.list_documents(status=ProcessingStatus.FAILED, limit=1_000_000)
            ids += [view.document_id for view in views if code in (None, view.error_code)]
        ids = list(dict.fromkeys(ids))
        if not ids:
            say("Nothing to try again." if failed or code else "Name documents, or use --failed.")
            raise typer.Exit(0 if failed or code else 2)
        if dry_run:
            for document_id in ids:
                say(document_id)
            return
        count = services.catalog.work.requeue(ids)
    say(f"{count} documents wait for the next tick. Without the services: doc-pipeline process")


def _files_of(item: Path, prefix: str) -> list[tuple[Path, str]]:
    start = f"{prefix}/" if prefix else ""
    if item.is_dir():
        inside = sorted(path for path in item.rglob("*") if path.is_file())
        return [(path, start + path.relative_to(item).as_posix()) for path in inside]
    if not item.is_file():
        raise NameInvalid(key=item.name)
    return [(item, start + item.name)]


def _wanted(services: Services, names: Sequence[str], *, force: bool) -> list[str]:
    discover_uploads(services.uploads, services.catalog, discovery_settings(services.settings))
    if names:
        ids = resolve_ids(services, names)
        views = [v for i in ids if (v := services.catalog.reading.get(i)) is not None]
        done = {ProcessingStatus.COMPLETED}
        return [v.document_id for v in views if force or v.processing_status not in done]
    reading = services.catalog.reading
    waiting = reading.list_documents(status=ProcessingStatus.PENDING, limit=1_000_000)
    return [view.document_id for view in reversed(waiting) if not view.hold]


def _process_with_bar(services: Services, ids: Sequence[str], *, quiet: bool) -> bool:
    from doc_pipeline.cli.home import dagster_home
    from doc_pipeline.definitions import build_definitions
    from doc_pipeline.defs.running import process_here, remove_here

    home = dagster_home(services.settings)
    definitions = build_definitions(services.settings)
    removed = services.catalog.discovery.removals_waiting(1000)
    if removed:
        remove_here(removed, definitions=definitions, home=home)
    size = services.settings.batch_size
    batches = [ids[start : start + size] for start in range(0, len(ids), size)]
    results: list[bool] = []

    def work() -> None:
        for batch in batches:
            outcome = process_here(
                batch, definitions=definitions, catalog=services.catalog, home=home
            )
            results.append(outcome.is_success)

    # The job runs in a thread of its own so that the bar moves; a daemon, so that Ctrl-C ends it.
    worker = threading.Thread(target=work, daemon=True)
    with _bar(quiet=quiet) as bar:
        task = bar.add_task("processing", total=len(ids))
        worker.start()
        while worker.is_alive():
            worker.join(POLL_S)
            bar.update(task, completed=_settled(services, ids))
        bar.update(task, completed=_settled(services, ids))
    return len(results) == len(batches) and all(results)


def _settled(services: Services, ids: Sequence[str]) -> int:
    return services.catalog.reading.settled_count(ids)


def _bar(*, quiet: bool = False) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console(),
        disable=quiet or not console().is_terminal,
        transient=True,
    )
