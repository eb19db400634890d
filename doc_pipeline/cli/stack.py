"""Commands that start and stop the services: up, down, demo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.cli.home import named_folder_errors, stack_options
from doc_pipeline.cli.output import (
    console,
    counted,
    print_indented,
    print_table,
    progress_bar,
    say,
    say_aside,
)
from doc_pipeline.cli.session import load_settings, open_services
from doc_pipeline.cli.snippet import snippet_of
from doc_pipeline.cli.stack_state import StackState, read_stack_state
from doc_pipeline.cli.supervisor import run_stack, stop_stack
from doc_pipeline.domain.document import SIDECAR_SUFFIX, ProcessingStatus
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.extraction.ocr.pages import ocr_is_there
from doc_pipeline.services import Services
from doc_pipeline.stages.search import search_chunks

START_S = 120.0
DEMO_S = 900.0
SNIPPET = 160
PICTURES = {".png", ".jpg", ".tif", ".tiff"}
DEMO_SEARCHES = (
    "penalty for late delivery of battery cells",
    "why was batch F4-2538 recalled",
    "Laterne im Winter lagern",
    "internal resistance measured at goods receipt",
)


Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="Port of the web page.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "up", short_help="Start the services.", epilog="Example: doc-pipeline up --port 3001"
    )(up)
    app.command("down", short_help="Stop the services.", epilog="Example: doc-pipeline down")(down)
    app.command(
        "demo",
        short_help="See it work with the example documents.",
        epilog="Example: doc-pipeline demo --once",
    )(demo)


def up(
    port: Port = None,
    host: Annotated[str | None, typer.Option(help="Address of the web page.")] = None,
) -> None:
    """Start code server, web page and daemon; Ctrl-C stops them all."""
    settings = load_settings()
    raise typer.Exit(run_stack(stack_options(settings, host=host, port=port), say))


def down() -> None:
    """Stop the services that 'up' started on this data folder."""
    settings = load_settings()
    if stop_stack(settings.data_dir):
        say("Stopped.")
    else:
        say("The services are not up.")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop when all is through.")] = False,
    documents: Annotated[
        Path | None,
        typer.Option(
            help="Folder of documents; without it, the examples of the project.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    port: Port = None,
) -> None:
    """Start the services, bring the example documents through, search them, and stay up.

    Services that are up already are used, and left up.
    """
    folder = documents or _examples()
    settings = load_settings()
    log_path = settings.data_dir / "logs" / "up.log"
    with named_folder_errors():
        log_path.parent.mkdir(parents=True, exist_ok=True)
    own: subprocess.Popen[bytes] | None = None
    is_good = False
    try:
        state = read_stack_state(settings.data_dir)
        if state is None:
            own = _start_stack(port, log_path)
            state = _wait_until_up(own, settings.data_dir, log_path)
        say(f"Services are up: {state.url}")
        with open_services() as services:
            is_good = _bring_through(services, folder, own)
        say(f"\nDagster UI: {state.url}")
        if own is not None and is_good and not once:
            say("Everything stays up. Put your own files into the upload folder:")
            say(f"  {settings.uploads_url.removeprefix('file://')}")
            say("Stop with Ctrl-C, or with: .venv/bin/doc-pipeline down")
            own.wait()
    except KeyboardInterrupt:
        say("\nStopping.")
    finally:
        if own is not None:
            _stop(own)
    raise typer.Exit(0 if is_good else 1)


def _examples() -> Path:
    """Where the example documents are: in a clone, from wherever it is called."""
    for root in (Path.cwd(), Path(__file__).parents[2]):
        if (root / "examples" / "documents").is_dir():
            return root / "examples" / "documents"
    message = "no example documents here: name a folder of your own"
    raise typer.BadParameter(message, param_hint="--documents")


def _start_stack(port: int | None, log_path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "doc_pipeline.cli.main", "up"]
    if port is not None:
        command += ["--port", str(port)]
    with named_folder_errors(), log_path.open("wb") as log:
        # A session of its own: Ctrl-C reaches only us, and we stop the stack in order.
        return subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


def _wait_until_up(stack: subprocess.Popen[bytes], data_dir: Path, log_path: Path) -> StackState:
    deadline = time.monotonic() + START_S
    with console().status("Starting the services …"):
        while time.monotonic() < deadline:
            if stack.poll() is not None:
                say_aside(log_path.read_text(encoding="utf-8", errors="replace")[-3000:].rstrip())
                say_aside(f"The services did not start; the end of {log_path} is above.")
                raise typer.Exit(1)
            state = read_stack_state(data_dir)
            if state is not None and state.is_ready:
                return state
            time.sleep(0.3)
    say_aside(f"The services did not start within {START_S:.0f} s. Their log: {log_path}")
    raise typer.Exit(1)


def _bring_through(services: Services, folder: Path, stack: subprocess.Popen[bytes] | None) -> bool:
    """Upload, wait, show; whether every document came through."""
    started = time.monotonic()
    ids = _upload(services, folder)
    views = _wait_until_settled(services, ids, stack)
    inside = [child for i in ids for child in services.catalog.children.children_of(i)]
    if inside:
        views += _wait_until_settled(services, [child.document_id for child in inside], stack)
        ids += [child.document_id for child in inside]
    _show(views, time.monotonic() - started)
    _show_what_is_special(services, views)
    _show_searches(services)
    is_done = [view.processing_status is ProcessingStatus.COMPLETED for view in views]
    return len(views) == len(ids) and all(is_done)


def _upload(services: Services, folder: Path) -> list[str]:
    ids: list[str] = []
    # Sidecars first, so that no tick sees a file without its options.
    for path in sorted(folder.iterdir(), key=lambda p: (not p.name.endswith(SIDECAR_SUFFIX), p)):
        if not path.is_file():
            continue
        if path.suffix in PICTURES and not ocr_is_there():
            say(f"{path.name} is left out: a picture, and there is no tesseract to read it")
            continue
        if not _is_there(services, path):
            services.uploads.put(path.name, path)
        if not path.name.endswith(SIDECAR_SUFFIX):
            ids.append(document_id_of(path.name))
    say(f"{counted(len(ids), 'document')} put into {services.uploads.url}")
    return ids


def _is_there(services: Services, path: Path) -> bool:
    from doc_pipeline.domain.errors import ObjectGone

    try:
        return services.uploads.head(path.name).size_bytes == path.stat().st_size
    except ObjectGone:
        return False


def _wait_until_settled(
    services: Services, ids: Sequence[str], stack: subprocess.Popen[bytes] | None
) -> list[DocumentView]:
    deadline = time.monotonic() + DEMO_S
    reading = services.catalog.reading
    with progress_bar() as bar:
        task = bar.add_task("the sensor brings them through", total=100, note="")
        while time.monotonic() < deadline and (stack is None or stack.poll() is None):
            # A document is known once the sensor has seen it.
            known = len(reading.active_ids(ids)) / len(ids) if ids else 1.0
            settled = reading.settled_count(ids)
            note = f"{settled} of {counted(len(ids), 'document')}"
            bar.update(task, completed=reading.percent_done(ids) * known, note=note)
            if settled == len(ids):
                break
            time.sleep(0.5)
    return [view for document_id in ids if (view := reading.get(document_id)) is not None]


def _show(views: Sequence[DocumentView], seconds: float) -> None:
    print_table(
        ["document", "status", "type", "pages", "chunks", "seconds", "code"],
        [
            [
                view.source_key,
                view.processing_status.value,
                view.file_type,
                view.page_count,
                view.chunk_count,
                view.seconds,
                view.error_code,
            ]
            for view in views
        ],
        optional=["type", "chunks"],
    )
    done = sum(view.processing_status is ProcessingStatus.COMPLETED for view in views)
    say(f"{done} of {counted(len(views), 'document')} completed in {seconds:.0f} s")


def _show_what_is_special(services: Services, views: Sequence[DocumentView]) -> None:
    """Which pages were read by OCR, and which documents came out of others."""
    for view in views:
        if view.ocr_pages:
            sure = f", {view.ocr_confidence:.0f} percent sure" if view.ocr_confidence else ""
            say(f"{view.source_key}: {counted(view.ocr_pages, 'page')} read by OCR{sure}")
        for child in services.catalog.children.children_of(view.document_id):
            say(f"{view.source_key} carries {child.original_name}, a document of its own:")
            say(f"  .venv/bin/doc-pipeline show {child.document_id}")


def _show_searches(services: Services) -> None:
    for query in DEMO_SEARCHES:
        hits = search_chunks(
            query,
            catalog=services.catalog,
            index=services.index,
            embedder=services.embedder,
            limit=1,
        )
        say(f'\nsearch "{query}"')
        for hit in hits:
            page = f", page {hit.page_start}" if hit.page_start else ""
            say(f"  {hit.title}{page}  ({hit.score:.2f})")
            print_indented(Text(snippet_of(hit.text, query, SNIPPET)), 2)


def _stop(stack: subprocess.Popen[bytes]) -> None:
    if stack.poll() is None:
        stack.send_signal(signal.SIGTERM)
        try:
            stack.wait(30)
        except subprocess.TimeoutExpired:
            stack.kill()
