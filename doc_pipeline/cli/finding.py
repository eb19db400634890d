"""Commands that look at documents: search, ls, show, text."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from doc_pipeline.catalog.rows import DocumentView, ErrorRow
from doc_pipeline.cli.facts import (
    facts_of,
    figures_of,
    indented_id,
    name_inside,
    with_children_below,
)
from doc_pipeline.cli.output import (
    JsonFlag,
    console,
    print_fields,
    print_indented,
    print_json,
    print_table,
    printable,
    say,
    say_aside,
    short_size,
    short_time,
)
from doc_pipeline.cli.session import open_services, resolve
from doc_pipeline.cli.snippet import snippet_of, words_of
from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.domain.errors import ArtifactMissing, all_error_types
from doc_pipeline.domain.stage import Stage
from doc_pipeline.index.rows import SearchHit
from doc_pipeline.stages.search import SearchMode, search_chunks

DocumentName = Annotated[
    str, typer.Argument(metavar="DOCUMENT", help="Id, upload key or a unique part of it.")
]
SNIPPET = 220
REMEDIES = {error.code: error.remedy for error in all_error_types()}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "search",
        short_help="Search by meaning and by word.",
        epilog='Example: doc-pipeline search "terms of payment" --limit 3',
    )(search)
    app.command("ls", epilog="Example: doc-pipeline ls --status failed")(list_documents)
    app.command(
        "show",
        short_help="Show one document: facts, stages, errors.",
        epilog="Example: doc-pipeline show report",
    )(show)
    app.command(
        "text",
        short_help="Print the extracted text of a document.",
        epilog="Example: doc-pipeline text report > report.txt",
    )(text)


def search(
    query: Annotated[str, typer.Argument(metavar="WORDS", help="Words or a question.")],
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
    if not query.strip():
        raise typer.BadParameter("say what to look for", param_hint="WORDS")
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
    for place, hit in enumerate(hits, start=1):
        _print_hit(place, hit, query)


def list_documents(
    status: Annotated[str | None, typer.Option(help="Only documents of this status.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only documents of this owner.")] = None,
    parent: Annotated[
        str | None, typer.Option(metavar="DOCUMENT", help="Only what is attached to this one.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List documents, newest first.

    Attachments stand indented below the mail or archive they were found in. A narrow terminal
    leaves columns out; piped and with --json all are there.
    """
    if status is not None and status not in set(ProcessingStatus):
        allowed = ", ".join(ProcessingStatus)
        raise typer.BadParameter(f"choose one of: {allowed}", param_hint="--status")
    wanted = ProcessingStatus(status) if status else None
    with open_services() as services:
        parent_id = resolve(services, [parent])[0].document_id if parent else None
        views = services.catalog.reading.list_documents(
            status=wanted, owner=owner, parent_id=parent_id, limit=limit
        )
    if as_json:
        print_json(views)
        return
    if not views:
        say(
            "No such documents."
            if status or owner or parent
            else "No documents. Put a file into the upload folder, or: doc-pipeline add FILE"
        )
        return
    print_table(
        ["document", "status", "type", "pages", "chunks", "size", "uploaded"],
        [
            [
                indented_id(view),
                view.processing_status.value,
                view.file_type,
                view.page_count,
                view.chunk_count,
                short_size(view.size_bytes),
                short_time(view.uploaded_at),
            ]
            for view in with_children_below(views)
        ],
        optional=["size", "uploaded", "type", "pages", "chunks"],
    )


def show(document: DocumentName, as_json: JsonFlag = False) -> None:
    """Show one document: its facts, what each stage did, its attachments and its errors."""
    with open_services() as services:
        view = resolve(services, [document])[0]
        reading = services.catalog.reading
        records = reading.stage_records(view.document_id)
        failed = reading.errors(view.document_id)
        children = services.catalog.children.children_of(view.document_id)
    if as_json:
        print_json({"document": view, "stages": records, "errors": failed, "children": children})
        return
    print_fields(facts_of(view))
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
                    figures_of(r.figures),
                ]
                for r in records
            ],
        )
    _print_children(children)
    _print_attempts(failed)
    if view.error_code:
        say(f"\nWhat to do: {REMEDIES.get(view.error_code, '')}")


def text(document: DocumentName) -> None:
    """Print the extracted text, byte for byte as it is stored."""
    with open_services() as services:
        view = resolve(services, [document])[0]
        row = services.catalog.work.finished([view.document_id], Stage.EXTRACT)
        done = row.get(view.document_id)
        # One that failed later on has a text too, though no key of its own yet.
        key = done.artifact_key if done is not None else view.text_key
        if key is None and view.error_code:
            say_aside(f"It has no text: {view.error_code}: {view.error_message}")
            say_aside(f"What to do: {REMEDIES.get(view.error_code, '')}")
            raise typer.Exit(1)
        if key is None:
            raise ArtifactMissing(stage=Stage.EXTRACT.value)
        found = services.artifacts.get(key)
        sys.stdout.buffer.write(found)
        if sys.stdout.isatty() and not found.endswith(b"\n"):
            sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()


def _print_hit(place: int, hit: SearchHit, query: str) -> None:
    page = f", page {hit.page_start}" if hit.page_start else ""
    section = f"  ·  {hit.section}" if hit.section and hit.section != hit.title else ""
    head = printable(f"{place}. {hit.title}{page}{section}  ({hit.score:.2f})")
    console().print(Text(head, style="bold"))
    snippet = Text(printable(snippet_of(hit.text, query, SNIPPET)))
    words = "|".join(re.escape(word) for word in words_of(query))
    if words:
        snippet.highlight_regex(rf"(?i)\b(?:{words})\w*", "yellow")
    print_indented(snippet)
    print_indented(Text(hit.document_id, style="dim"))


def _print_children(children: Sequence[DocumentView]) -> None:
    if not children:
        return
    say("")
    print_table(
        ["attached", "name", "status", "type", "size", "code"],
        [
            [
                view.document_id,
                name_inside(view),
                view.processing_status.value,
                view.file_type,
                short_size(view.size_bytes),
                view.error_code,
            ]
            for view in children
        ],
        optional=["size", "type", "name"],
    )


def _print_attempts(failed: Sequence[ErrorRow]) -> None:
    """Earlier failures; a single one is among the facts already."""
    if len(failed) < 2:
        return
    say("")
    print_table(
        ["failed at", "stage", "version", "attempt", "code"],
        [[short_time(r.at), r.stage.value, r.version, r.attempt, r.code] for r in failed],
    )
