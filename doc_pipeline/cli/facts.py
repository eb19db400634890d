"""One document in words: its facts for `show`, and documents in the order in which `ls` shows them.

Prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.cli.output import counted, short_size, short_time
from doc_pipeline.domain.attachment import ATTACHMENT_MARK


def facts_of(view: DocumentView) -> dict[str, object]:
    """What `show` says of a document, by name; empty where there is nothing to say."""
    is_attachment = view.parent_id is not None
    return {
        "document": view.document_id,
        "status": view.processing_status.value,
        "deleted": short_time(view.deleted_at),
        "held": "yes: doc-pipeline process " + view.document_id if view.hold else None,
        "title": view.title,
        "author": view.author,
        "attachment" if is_attachment else "upload": view.source_key,
        "parent": view.parent_id,
        "owner": view.owner_id,
        "priority": view.priority.name.lower(),
        "version": view.current_version,
        "type": view.file_type,
        "size": short_size(view.size_bytes),
        "pages": view.page_count,
        "words": view.word_count,
        "language": view.language,
        "chunks": view.chunk_count,
        "created": short_time(view.file_created_at),
        "modified": short_time(view.file_modified_at),
        "uploaded": short_time(view.uploaded_at),
        "processed": short_time(view.processed_at),
        "extractor": view.extractor,
        "fallback": view.fallback,
        "ocr": _ocr(view),
        "took": _cost(view),
        "warnings": " ".join(view.warnings),
        "attempts": view.attempts,
        "error": f"{view.error_code}: {view.error_message}" if view.error_code else None,
        "failed at": view.failed_stage.value if view.failed_stage else None,
        "run": view.run_id,
        "metadata": view.metadata or None,
    }


def _ocr(view: DocumentView) -> str | None:
    if not view.ocr_pages:
        return None
    sure = view.ocr_confidence
    return counted(view.ocr_pages, "page") + (f", {sure:.0f} % sure" if sure is not None else "")


def _cost(view: DocumentView) -> str | None:
    """CPU and memory of the extraction."""
    if view.extract_cpu_seconds is None:
        return None
    memory = f", {view.peak_memory_mb:.0f} MB of memory" if view.peak_memory_mb else ""
    return f"{view.extract_cpu_seconds:.2f} s of CPU{memory} to extract"


def name_inside(view: DocumentView) -> str:
    """What an attachment is called inside its parent, with its folder."""
    return view.source_key.rpartition(ATTACHMENT_MARK)[2]


def figures_of(figures: Mapping[str, object]) -> str:
    """The few figures of a stage that people ask for."""
    named = {
        "type": "",
        "claimed_mime": "by its name",
        "pages": "pages",
        "pages_by_ocr": "by ocr",
        "words": "words",
        "language": "",
        "attachments": "attachments",
        "chunks": "chunks",
        "embeddings_computed": "embeddings computed",
        "embeddings_reused": "reused",
    }
    shown = {name: figures[name] for name in named if figures.get(name) not in (None, "unknown")}
    if shown.get("pages") == 0:
        del shown["pages"]
    return ", ".join(f"{value} {named[name]}".strip() for name, value in shown.items())


def with_children_below(views: Sequence[DocumentView]) -> list[DocumentView]:
    """The same documents, each attachment below its parent where that is among them."""
    listed = {view.document_id for view in views}
    below: dict[str | None, list[DocumentView]] = {}
    for view in views:
        below.setdefault(view.parent_id if view.parent_id in listed else None, []).append(view)
    ordered: list[DocumentView] = []
    waiting = below.pop(None, [])[::-1]
    while waiting:
        view = waiting.pop()
        ordered.append(view)
        children = sorted(
            below.pop(view.document_id, []), key=lambda child: child.attachment_number or 0
        )
        waiting += reversed(children)
    return ordered


def indented_id(view: DocumentView) -> str:
    """The id, further to the right the deeper the document was found."""
    return "  " * view.depth + view.document_id
