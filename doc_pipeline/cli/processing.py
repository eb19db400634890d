"""The command `process`: the same Dagster job in this process, with a progress bar."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Annotated

import typer

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.cli.finding import REMEDIES
from doc_pipeline.cli.home import dagster_home
from doc_pipeline.cli.output import (
    JsonFlag,
    counted,
    print_json,
    print_table,
    progress_bar,
    say,
    say_aside,
)
from doc_pipeline.cli.session import open_services, resolve
from doc_pipeline.cli.stack_state import read_stack_state
from doc_pipeline.cli.standing import pause_note
from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.services import Services, discovery_settings
from doc_pipeline.stages.discover import discover_uploads

POLL_S = 0.25
MOST_SHOWN = 50
MOST_WAITING = 1_000_000
INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        "process",
        short_help="Process documents now, without the services.",
        epilog="Example: doc-pipeline process    or: doc-pipeline process report --force",
    )(process)


def process(
    documents: Annotated[
        list[str] | None,
        typer.Argument(metavar="DOCUMENT", help="Documents; without any, all that wait."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also documents that are completed already.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Process documents now, in this process, without the services; the UI shows the run.

    Also releases held documents when they are named. Ctrl-C stops it and leaves what is not
    done waiting. Exit code 1 when a document has failed.
    """
    with open_services() as services:
        # What cannot be opened is told here, before a run is made of it.
        _ = services.artifacts, services.index
        _release_lost(services)
        ids = _wanted(services, documents or [], force=force)
        is_good, is_stopped = _run_all(services, ids, quiet=as_json)
        views = [v for i in ids if (v := services.catalog.reading.get(i)) is not None]
        note = pause_note(services)
    if as_json:
        print_json(views)
    elif not ids:
        say(
            "Completed already. To process again: --force"
            if documents
            else "Nothing waits to be processed."
        )
    else:
        _print_outcome(views)
    if is_stopped:
        say_aside("Stopped. To go on: doc-pipeline process")
        raise typer.Exit(INTERRUPTED)
    if all(view.processing_status is ProcessingStatus.COMPLETED for view in views) and is_good:
        return
    if any(view.processing_status is ProcessingStatus.PROCESSING for view in views):
        say_aside("Another run is working on some of them. To follow: doc-pipeline watch")
    elif note:
        say_aside(note)
    elif not any(view.error_code for view in views):
        say_aside("The run failed; its log is in the UI: doc-pipeline up")
    raise typer.Exit(1)


def _release_lost(services: Services) -> None:
    """Queue what a killed run left behind: without the services no sensor does it."""
    queue = services.catalog.discovery
    if not queue.runs_in_work() or read_stack_state(services.settings.data_dir) is not None:
        return
    from doc_pipeline.defs.liveness import fail_lost_runs, is_run_live, open_instance

    with open_instance(dagster_home(services.settings)) as instance:
        fail_lost_runs(instance)
        for run_id in queue.runs_in_work():
            if not is_run_live(instance, run_id):
                queue.release_run(run_id, services.settings.max_attempts - 1)


def _wanted(services: Services, names: Sequence[str], *, force: bool) -> list[str]:
    # Whoever says 'process' says that the files are whole: no waiting for a second look.
    settings = replace(discovery_settings(services.settings), settle_s=0)
    while discover_uploads(services.uploads, services.catalog, settings).is_cut:
        pass
    if names:
        views = resolve(services, names, active=True)
        return [view.document_id for view in views if force or not _is_completed(view)]
    views = services.catalog.reading.list_documents(
        status=None if force else ProcessingStatus.PENDING, limit=MOST_WAITING
    )
    statuses = {ProcessingStatus.PENDING, *([ProcessingStatus.COMPLETED] if force else [])}
    waiting = [view for view in views if view.processing_status in statuses and not view.hold]
    # In the order in which the sensor would take them.
    waiting.sort(key=lambda view: (-view.priority, view.seq))
    return [view.document_id for view in waiting]


def _is_completed(view: DocumentView) -> bool:
    return view.processing_status is ProcessingStatus.COMPLETED


def _run_all(services: Services, ids: list[str], *, quiet: bool) -> tuple[bool, bool]:
    """Bring these through, then what was found inside them, which is added to `ids`.

    Whether all runs succeeded, and whether the user stopped them.
    """
    is_good, is_stopped = _run(services, ids, quiet=quiet)
    seen = set(ids)
    # After a fault that concerns all, what was found inside would meet it too, and hide it.
    while not is_stopped and pause_note(services) is None:
        inside = [i for i in services.catalog.children.waiting_inside(ids) if i not in seen]
        if not inside:
            break
        ids.extend(inside)
        seen.update(inside)
        was_good, is_stopped = _run(services, inside, quiet=quiet)
        is_good = is_good and was_good
    return is_good, is_stopped


def _run(services: Services, ids: Sequence[str], *, quiet: bool) -> tuple[bool, bool]:
    """Whether all runs succeeded, and whether the user stopped them."""
    removed = services.catalog.discovery.removals_waiting(1000)
    if not ids and not removed:
        return True, False
    from doc_pipeline.definitions import build_definitions
    from doc_pipeline.defs.running import process_here, remove_here

    home = dagster_home(services.settings)
    definitions = build_definitions(services.settings)
    size = services.settings.batch_size
    is_good = True
    with _stoppable() as is_stopped, _shown_progress(services, ids, quiet=quiet):
        try:
            if removed:
                remove_here(removed, definitions=definitions, home=home)
            for start in range(0, len(ids), size):
                batch = ids[start : start + size]
                outcome = process_here(
                    batch, definitions=definitions, catalog=services.catalog, home=home
                )
                is_good = is_good and outcome.is_success
                # What ended a batch before its documents were through ends the next one too.
                if is_stopped() or services.catalog.reading.settled_count(batch) < len(batch):
                    break
        except KeyboardInterrupt:
            return False, True
        return is_good, is_stopped()


@contextmanager
def _stoppable() -> Generator[Callable[[], bool]]:
    """Tell whether Ctrl-C or a SIGTERM came.

    Dagster puts handlers of its own in place while it runs: it ends the run in order, which gives
    its documents back to the queue, and tells nobody. The wake-up file hears of each signal.
    """
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    heard: set[int] = set()

    def is_stopped() -> bool:
        with suppress(BlockingIOError):
            heard.update(os.read(reader, 1000))
        return bool(heard & {signal.SIGINT, signal.SIGTERM})

    terminate = signal.signal(signal.SIGTERM, signal.default_int_handler)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield is_stopped
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGTERM, terminate)
        os.close(reader)
        os.close(writer)


@contextmanager
def _shown_progress(services: Services, ids: Sequence[str], *, quiet: bool) -> Generator[None]:
    """A bar that a thread of its own moves: the work needs this one, where signals arrive."""
    ended = threading.Event()
    reading = services.catalog.reading
    total = len(set(ids))

    with progress_bar(quiet=quiet) as bar:
        task = bar.add_task("processing", total=100, note=f"0 of {counted(total, 'document')}")

        def follow() -> None:
            while not ended.wait(POLL_S):
                note = f"{reading.settled_count(ids)} of {counted(total, 'document')}"
                bar.update(task, completed=reading.percent_done(ids), note=note)

        follower = threading.Thread(target=follow, daemon=True)
        if not bar.disable:
            follower.start()
        try:
            yield
        finally:
            ended.set()
            if follower.is_alive():
                follower.join()


def _print_outcome(views: Sequence[DocumentView]) -> None:
    if len(views) <= MOST_SHOWN:
        print_table(
            ["document", "status", "type", "pages", "chunks", "seconds"],
            [
                [
                    view.document_id,
                    view.processing_status.value,
                    view.file_type,
                    view.page_count,
                    view.chunk_count,
                    view.seconds,
                ]
                for view in views
            ],
            optional=["type", "pages", "seconds", "chunks"],
        )
    failed = [view for view in views if view.error_code]
    if failed:
        say("")
        print_table(
            ["document", "code", "what to do"],
            [[v.document_id, v.error_code, REMEDIES.get(v.error_code or "", "")] for v in failed],
        )
    done = sum(map(_is_completed, views))
    say(f"\n{done} of {counted(len(views), 'document')} completed.")
