"""Commands that read: search, ls, show, text, status, watch, errors."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from doc_pipeline.catalog.rows import DocumentView, ErrorGroup
from doc_pipeline.cli.output import (
    console,
    print_fields,
    print_json,
    print_table,
    say,
    short_size,
    short_time,
)
from doc_pipeline.cli.session import open_services, resolve_ids
from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.domain.errors import ArtifactMissing, all_error_types
from doc_pipeline.domain.stage import Stage
from doc_pipeline.services import Services
from doc_pipeline.stages.pause import current_pause
from doc_pipeline.stages.search import SearchMode, search_chunks

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
UNSETTLED = {ProcessingStatus.PENDING, ProcessingStatus.PROCESSING}
SNIPPET = 180
REMEDIES = {error.code: error.remedy for error in all_error_types()}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("search", epilog='Example: doc-pipeline search "terms of payment"')(search)
    app.command("ls", epilog="Example: doc-pipeline ls --status failed")(list_documents)
    app.command("show", epilog="Example: doc-pipeline show report")(show)
    app.command("text", epilog="Example: doc-pipeline text report > report.txt")(text)
    app.command("status", epilog="Example: doc-pipeline status    or: doc-pipeline status report")(
        status
    )
    app.command("watch", epilog="Example: doc-pipeline watch report")(watch)
    app.command("errors", epilog="Example: doc-pipeline errors --json")(errors)


def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many.")] = 5,
    mode: Annotated[str, typer.Option(help="hybrid, text (by word) or vector (by meaning).")] = (
        "hybrid"
    ),
    owner: Annotated[str | None, typer.Option(help="Only documents of this owner.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Search by meaning and by word; shows document, page, section, score and snippet."""
    if mode not in ("hybrid", "text", "vector"):
        raise typer.BadParameter("choose hybrid, text or vector", param_hint="--mode")
    chosen: SearchMode = mode
    with open_services() as services:
        hits = search_chunks(
            query,
            catalog=services.catalog,
            index=services.index,
            embedder=services.embedder,
            limit=limit,
            mode=chosen,
            owner=owner,
        )
    if as_json:
        print_json(hits)
        return
    if not hits:
        say("Nothing found. What is searchable: doc-pipeline ls --status completed")
        return
    out = console()
    for place, hit in enumerate(hits, start=1):
        page = f", page {hit.page_start}" if hit.page_start else ""
        section = f"  ·  {hit.section}" if hit.section else ""
        out.print(f"{place}. {hit.title}{page}{section}  ({hit.score:.2f})", markup=False)
        snippet = " ".join(hit.text.split())
        out.print(f"   {snippet[:SNIPPET]}", markup=False)
        out.print(f"   {hit.document_id}", style="dim", markup=False)


def list_documents(
    status: Annotated[str | None, typer.Option(help="Only documents of this status.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only documents of this owner.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List documents, newest first."""
    if status is not None and status not in set(ProcessingStatus):
        allowed = ", ".join(ProcessingStatus)
        raise typer.BadParameter(f"choose one of: {allowed}", param_hint="--status")
    wanted = ProcessingStatus(status) if status else None
    with open_services() as services:
        views = services.catalog.reading.list_documents(status=wanted, owner=owner, limit=limit)
    if as_json:
        print_json(views)
        return
    if not views:
        say("No documents. Put a file into the upload folder, or: doc-pipeline add FILE")
        return
    print_table(
        ["document", "status", "type", "pages", "chunks", "size", "uploaded"],
        [
            [
                view.document_id,
                view.processing_status.value,
                view.file_type,
                view.page_count,
                view.chunk_count,
                short_size(view.size_bytes),
                short_time(view.uploaded_at),
            ]
            for view in views
        ],
    )


def show(
    document: Annotated[str, typer.Argument(help="Id, upload key or a unique part of it.")],
    as_json: JsonFlag = False,
) -> None:
    """Show one document: its facts, what each stage did, and its errors."""
    with open_services() as services:
        document_id = resolve_ids(services, [document])[0]
        reading = services.catalog.reading
        view = reading.get(document_id)
        records = reading.stage_records(document_id)
        failed = reading.errors(document_id)
    assert view is not None
    if as_json:
        print_json({"document": view, "stages": records, "errors": failed})
        return
    print_fields(_facts(view))
    if records:
        say("")
        print_table(
            ["stage", "version", "seconds", "reused", "result"],
            [
                [
                    r.stage.value,
                    r.version,
                    r.seconds,
                    "yes" if r.is_reused else "",
                    _figures(r.figures),
                ]
                for r in records
            ],
        )
    if view.error_code:
        say(f"\nWhat to do: {REMEDIES.get(view.error_code, '')}")


def text(
    document: Annotated[str, typer.Argument(help="Id, upload key or a unique part of it.")],
) -> None:
    """Print the extracted text, byte for byte as it is stored."""
    with open_services() as services:
        document_id = resolve_ids(services, [document])[0]
        rows = services.catalog.work.finished([document_id], Stage.EXTRACT)
        row = rows.get(document_id)
        if row is None or row.artifact_key is None:
            raise ArtifactMissing(stage=Stage.EXTRACT.value)
        sys.stdout.buffer.write(services.artifacts.get(row.artifact_key))
        sys.stdout.buffer.flush()


def status(
    document: Annotated[str | None, typer.Argument(help="One document; all without it.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """How things stand: counts by status, what waits and what failed, with the remedy."""
    if document is not None:
        show(document, as_json=as_json)
        return
    with open_services() as services:
        reading = services.catalog.reading
        counts = reading.counts()
        broken = reading.errors_by_code()
        pause = _pause(services)
    if as_json:
        print_json({"documents": counts, "errors": broken, "pause": pause})
        return
    if not counts:
        say("No documents yet. Put a file into the upload folder, or: doc-pipeline add FILE")
    else:
        print_table(["status", "documents"], [[name, count] for name, count in counts.items()])
    if broken:
        say("")
        _print_errors(broken)
    if pause:
        say(f"\n{pause}")


def watch(
    document: Annotated[str | None, typer.Argument(help="One document; all without it.")] = None,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 1.0,
) -> None:
    """Print each change of status and stage until everything has settled. Ctrl-C ends it."""
    with open_services() as services:
        ids = resolve_ids(services, [document]) if document else None
        said: dict[str, str] = {}
        try:
            while True:
                views = _views(services, ids)
                for view in views:
                    line = _progress_line(view)
                    if said.get(view.document_id) != line:
                        said[view.document_id] = line
                        say(f"{short_time(view.updated_at)}  {view.document_id}  {line}")
                if views and all(view.processing_status not in UNSETTLED for view in views):
                    break
                time.sleep(interval)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        is_failed = any(v.processing_status is not ProcessingStatus.COMPLETED for v in views)
        if ids and is_failed:
            raise typer.Exit(1)


def errors(as_json: JsonFlag = False) -> None:
    """What failed, grouped by code, with what to do about it."""
    with open_services() as services:
        broken = services.catalog.reading.errors_by_code()
        problems: list[str] = services.catalog.discovery.get_state("upload_problems") or []
    if as_json:
        print_json({"errors": broken, "unusable_names": problems})
        return
    for problem in problems:
        say(problem)
    if not broken:
        say("No document has failed.")
        return
    _print_errors(broken)
    say("\nTry them again: doc-pipeline retry --failed")


def _print_errors(broken: Sequence[ErrorGroup]) -> None:
    print_table(
        ["code", "documents", "for example", "what to do"],
        [[g.code, g.documents, g.example, REMEDIES.get(g.code, "")] for g in broken],
    )


def _views(services: Services, ids: Sequence[str] | None) -> list[DocumentView]:
    reading = services.catalog.reading
    if ids is None:
        return reading.list_documents(limit=10_000)
    return [view for document_id in ids if (view := reading.get(document_id)) is not None]


def _progress_line(view: DocumentView) -> str:
    stage = f" {view.stage or ''} {view.progress}%" if view.processing_status in UNSETTLED else ""
    code = f" {view.error_code}" if view.error_code else ""
    return f"{view.processing_status.value}{stage}{code}"


def _facts(view: DocumentView) -> dict[str, object]:
    return {
        "document": view.document_id,
        "status": view.processing_status.value,
        "held": "yes: doc-pipeline process " + view.document_id if view.hold else None,
        "title": view.title,
        "upload": view.source_key,
        "owner": view.owner_id,
        "priority": view.priority.name,
        "version": view.current_version,
        "type": view.file_type,
        "size": short_size(view.size_bytes),
        "pages": view.page_count,
        "words": view.word_count,
        "language": view.language,
        "chunks": view.chunk_count,
        "uploaded": short_time(view.uploaded_at),
        "processed": short_time(view.processed_at),
        "attempts": view.attempts,
        "error": f"{view.error_code}: {view.error_message}" if view.error_code else None,
        "failed at": view.failed_stage.value if view.failed_stage else None,
        "run": view.run_id,
        "metadata": view.metadata or None,
    }


def _figures(figures: Mapping[str, object]) -> str:
    shown = ("type", "pages", "words", "language", "chunks", "embeddings_computed")
    return ", ".join(f"{name} {figures[name]}" for name in shown if name in figures)


def _pause(services: Services) -> str | None:
    pause = current_pause(services.catalog)
    if pause is None:
        return None
    return f"New batches wait after {pause.code}: {pause.sentence} {pause.remedy}"
