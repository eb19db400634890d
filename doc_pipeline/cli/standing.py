"""Commands that say how things stand: status, watch, errors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

import typer

from doc_pipeline.catalog.rows import DocumentView, ErrorGroup
from doc_pipeline.cli.finding import REMEDIES, show
from doc_pipeline.cli.output import (
    JsonFlag,
    counted,
    print_json,
    print_json_line,
    print_table,
    say,
    say_aside,
    short_time,
)
from doc_pipeline.cli.session import open_services, resolve
from doc_pipeline.cli.stack_state import read_stack_state
from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.domain.errors import DocumentNotFound
from doc_pipeline.services import Services
from doc_pipeline.stages.discover import PROBLEMS_STATE
from doc_pipeline.stages.pause import current_pause

UNSETTLED = {ProcessingStatus.PENDING, ProcessingStatus.PROCESSING}
MOST_WATCHED = 10_000
POLL_S = 0.5
LOOK_S = 3.0
"""How long the sensor may take for one look."""
OneOrAll = Annotated[
    str | None, typer.Argument(metavar="DOCUMENT", help="One document; all without it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "status",
        short_help="How many documents wait, are done, have failed.",
        epilog="Example: doc-pipeline status    or: doc-pipeline status report",
    )(status)
    app.command(
        "watch",
        short_help="Print each change until everything has settled.",
        epilog="Example: doc-pipeline watch report",
    )(watch)
    app.command("errors", epilog="Example: doc-pipeline errors --json")(errors)


def status(document: OneOrAll = None, as_json: JsonFlag = False) -> None:
    """How things stand: counts by status, what waits and what failed, with the remedy."""
    if document is not None:
        show(document, as_json=as_json)
        return
    with open_services() as services:
        counts = services.catalog.reading.counts()
        broken = services.catalog.reading.errors_by_code()
        held = sum(view.hold for view in _pending(services))
        pause = pause_note(services)
        stack = read_stack_state(services.settings.data_dir)
    url = stack.url if stack else None
    if as_json:
        print_json(
            {"documents": counts, "held": held, "errors": broken, "pause": pause, "services": url}
        )
        return
    if not counts:
        say("No documents yet. Put a file into the upload folder, or: doc-pipeline add FILE")
    else:
        print_table(["status", "documents"], [[name, count] for name, count in counts.items()])
    if broken:
        say("")
        _print_errors(broken)
    say("")
    if held:
        say(f"{counted(held, 'document')} held back; to let one go: doc-pipeline process DOCUMENT")
    if pause:
        say(pause)
    say(f"Services: up, {url}" if url else "Services: not up. Start them: doc-pipeline up")


def watch(
    document: OneOrAll = None,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print each change of status and stage until everything has settled. Ctrl-C ends it.

    Held documents count as settled. With a document, ends with exit code 1 when it failed.
    """
    with open_services() as services:
        settings = services.settings
        is_up = read_stack_state(settings.data_dir) is not None
        if not is_up:
            say_aside("The services are not up, so nothing moves by itself: doc-pipeline up")
        # What was just uploaded is known only after the sensor's next look.
        patience = settings.sensor_interval_s + settings.settle_s + LOOK_S if is_up else 0.0
        until = time.monotonic() + patience
        try:
            ids = _ids_of(services, document, until) if document else None
            views = _follow(services, ids, interval, until, as_json=as_json)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
    if ids is None and not as_json:
        done = sum(view.processing_status is ProcessingStatus.COMPLETED for view in views)
        say(f"Nothing is under way: {done} of {counted(len(views), 'document')} completed.")
    if ids and any(view.processing_status is not ProcessingStatus.COMPLETED for view in views):
        raise typer.Exit(1)


def errors(as_json: JsonFlag = False) -> None:
    """What failed, grouped by code, with what to do about it."""
    with open_services() as services:
        broken = services.catalog.reading.errors_by_code()
        problems: list[str] = services.catalog.discovery.get_state(PROBLEMS_STATE) or []
    if as_json:
        print_json({"errors": broken, "unusable_names": problems})
        return
    for problem in problems:
        say(problem)
    if not broken:
        say("No document has failed.")
        return
    _print_errors(broken)
    say("\nAfter mending the cause: doc-pipeline retry --failed    or: retry --code CODE")


def pause_note(services: Services) -> str | None:
    """Why no new batch starts, when a fault that concerns all documents stopped the last one."""
    pause = current_pause(services.catalog)
    if pause is None:
        return None
    return f"New batches wait after {pause.code}: {pause.sentence} {pause.remedy}"


def _ids_of(services: Services, document: str, until: float) -> list[str]:
    while True:
        try:
            return [view.document_id for view in resolve(services, [document])]
        except DocumentNotFound:
            if time.monotonic() >= until:
                raise
        time.sleep(POLL_S)


def _follow(
    services: Services, ids: Sequence[str] | None, interval: float, until: float, *, as_json: bool
) -> list[DocumentView]:
    """Print changes until all has settled; for all documents, not before `until`."""
    said: dict[str, str] = {}
    # What has settled before is no change; a document that was named is told in any case.
    is_first = ids is None
    while True:
        views = _views(services, ids)
        for view in views:
            line = _progress_line(view)
            if said.get(view.document_id) == line:
                continue
            said[view.document_id] = line
            if not (is_first and _is_settled(view)):
                _print_change(view, line, as_json=as_json)
        is_first = False
        is_time = ids is not None or time.monotonic() >= until
        if is_time and all(_is_settled(view) for view in views):
            return views
        time.sleep(interval)


def _print_change(view: DocumentView, line: str, *, as_json: bool) -> None:
    if not as_json:
        say(f"{short_time(view.updated_at, '%H:%M:%S')}  {view.document_id}  {line}")
        return
    print_json_line(
        {
            "at": view.updated_at,
            "document_id": view.document_id,
            "status": view.processing_status.value,
            "stage": view.stage,
            "progress": view.progress,
            "error_code": view.error_code,
        }
    )


def _is_settled(view: DocumentView) -> bool:
    return view.processing_status not in UNSETTLED or (
        view.hold and view.processing_status is ProcessingStatus.PENDING
    )


def _views(services: Services, ids: Sequence[str] | None) -> list[DocumentView]:
    reading = services.catalog.reading
    if ids is None:
        return reading.list_documents(limit=MOST_WATCHED)
    return [view for document_id in ids if (view := reading.get(document_id)) is not None]


def _pending(services: Services) -> list[DocumentView]:
    reading = services.catalog.reading
    return reading.list_documents(status=ProcessingStatus.PENDING, limit=MOST_WATCHED)


def _progress_line(view: DocumentView) -> str:
    if view.hold and view.processing_status is ProcessingStatus.PENDING:
        return "held"
    stage = f" {view.stage or ''} {view.progress}%" if view.processing_status in UNSETTLED else ""
    code = f" {view.error_code}" if view.error_code else ""
    return f"{view.processing_status.value}{stage}{code}".replace("  ", " ")


def _print_errors(broken: Sequence[ErrorGroup]) -> None:
    print_table(
        ["code", "documents", "for example", "what to do"],
        [[g.code, g.documents, g.example, REMEDIES.get(g.code, "")] for g in broken],
    )
