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
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.cli.home import stack_options
from doc_pipeline.cli.output import console, print_table, say
from doc_pipeline.cli.session import load_settings, open_services
from doc_pipeline.cli.stack_state import read_stack_state
from doc_pipeline.cli.supervisor import run_stack, stop_stack
from doc_pipeline.domain.document import SIDECAR_SUFFIX, ProcessingStatus
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.services import Services
from doc_pipeline.stages.search import search_chunks

START_S = 120.0
DEMO_S = 900.0
DEMO_SEARCHES = (
    "penalty for late delivery of battery cells",
    "why was batch F4-2538 recalled",
    "Laterne im Winter lagern",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("up", epilog="Example: doc-pipeline up --port 3001")(up)
    app.command("down", epilog="Example: doc-pipeline down")(down)
    app.command("demo", epilog="Example: doc-pipeline demo --once")(demo)


def up(
    port: Annotated[int | None, typer.Option(help="Port of the web page.")] = None,
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
        Path, typer.Option(help="Folder of documents.", exists=True, file_okay=False)
    ] = Path("examples/documents"),
    port: Annotated[int | None, typer.Option(help="Port of the web page.")] = None,
) -> None:
    """Start the services, bring the example documents through, search them, and stay up."""
    settings = load_settings()
    log_path = settings.data_dir / "logs" / "up.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("w") as log:
        stack = _start_stack(port, log)
        try:
            _wait_until_up(stack, settings.data_dir, log_path)
            with open_services() as services:
                started = time.monotonic()
                ids = _upload(services, documents)
                views = _wait_until_settled(services, ids, stack)
                _show(views, time.monotonic() - started)
                _show_searches(services)
            state = read_stack_state(settings.data_dir)
            if state is not None:
                say(f"\nDagster UI: {state.url}")
            is_good = all(v.processing_status is ProcessingStatus.COMPLETED for v in views)
            if not once and is_good:
                say("Everything stays up. Put your own files into the upload folder:")
                say(f"  {settings.uploads_url.removeprefix('file://')}")
                say("Stop with Ctrl-C, or with: .venv/bin/doc-pipeline down")
                stack.wait()
        except KeyboardInterrupt:
            is_good = True
            say("\nStopping.")
        finally:
            _stop(stack)
    raise typer.Exit(0 if is_good else 1)


def _start_stack(port: int | None, log: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "doc_pipeline.cli.main", "up"]
    if port is not None:
        command += ["--port", str(port)]
    # A session of its own: Ctrl-C reaches only us, and we stop the stack in order.
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdout=log,  # type: ignore[arg-type]
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def _wait_until_up(stack: subprocess.Popen[bytes], data_dir: Path, log_path: Path) -> None:
    deadline = time.monotonic() + START_S
    with console().status("Starting the services …"):
        while time.monotonic() < deadline:
            if stack.poll() is not None:
                say(log_path.read_text()[-3000:])
                say("The services did not start; the end of their log is above.")
                raise typer.Exit(1)
            state = read_stack_state(data_dir)
            if state is not None and state.is_ready:
                say(f"Services are up: {state.url}")
                return
            time.sleep(0.3)
    say(f"The services did not start within {START_S:.0f} s. Their log: {log_path}")
    raise typer.Exit(1)


def _upload(services: Services, folder: Path) -> list[str]:
    ids: list[str] = []
    # Sidecars first, so that no tick sees a file without its options.
    for path in sorted(folder.iterdir(), key=lambda p: (not p.name.endswith(SIDECAR_SUFFIX), p)):
        if not path.is_file():
            continue
        if not _is_there(services, path):
            services.uploads.put(path.name, path)
        if not path.name.endswith(SIDECAR_SUFFIX):
            ids.append(document_id_of(path.name))
    say(f"{len(ids)} example documents are in {services.uploads.url}")
    return ids


def _is_there(services: Services, path: Path) -> bool:
    from doc_pipeline.domain.errors import ObjectGone

    try:
        return services.uploads.head(path.name).size_bytes == path.stat().st_size
    except ObjectGone:
        return False


def _wait_until_settled(
    services: Services, ids: Sequence[str], stack: subprocess.Popen[bytes]
) -> list[DocumentView]:
    deadline = time.monotonic() + DEMO_S
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console(),
        disable=not console().is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task("The sensor brings them through", total=len(ids))
        while time.monotonic() < deadline and stack.poll() is None:
            settled = services.catalog.reading.settled_count(ids)
            bar.update(task, completed=settled)
            if settled == len(ids):
                break
            time.sleep(0.5)
    reading = services.catalog.reading
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
    )
    done = sum(view.processing_status is ProcessingStatus.COMPLETED for view in views)
    say(f"{done} of {len(views)} documents completed in {seconds:.0f} s")


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
            say(f"  {' '.join(hit.text.split())[:160]}")


def _stop(stack: subprocess.Popen[bytes]) -> None:
    if stack.poll() is None:
        stack.send_signal(signal.SIGTERM)
        try:
            stack.wait(30)
        except subprocess.TimeoutExpired:
            stack.kill()
