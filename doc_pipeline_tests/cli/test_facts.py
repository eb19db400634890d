"""One document in words, and lists in which attachments stand below their parents."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.cli.facts import facts_of, indented_id, name_inside, with_children_below
from doc_pipeline.domain.document import Lifecycle, Origin, Priority, ProcessingStatus

WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PLAIN = DocumentView(
    document_id="mail",
    id=uuid.UUID(int=1),
    seq=1,
    origin=Origin.UPLOAD,
    source_key="in/mail.eml",
    original_name="mail.eml",
    storage_url="file:///mail.eml",
    owner_id=None,
    title=None,
    file_type=None,
    mime_type=None,
    size_bytes=10,
    sha256=None,
    etag="1",
    current_version=None,
    processing_status=ProcessingStatus.PENDING,
    lifecycle=Lifecycle.ACTIVE,
    stage=None,
    progress=0,
    priority=Priority.NORMAL,
    hold=False,
    attempts=0,
    batch_id=None,
    run_id=None,
    error_code=None,
    error_message=None,
    failed_stage=None,
    failed_progress=None,
    language=None,
    page_count=None,
    word_count=None,
    character_count=None,
    chunk_count=None,
    token_count=None,
    embedding_model=None,
    metadata={},
    uploaded_at=WHEN,
    registered_at=WHEN,
    updated_at=WHEN,
    processing_started_at=None,
    processed_at=None,
    deleted_at=None,
    seconds=None,
    parent_id=None,
    depth=0,
    attachment_number=None,
    attachment_key=None,
    attachment_count=None,
    author=None,
    file_created_at=None,
    file_modified_at=None,
    extractor=None,
    fallback=None,
    ocr_pages=None,
    ocr_confidence=None,
    text_key=None,
    warnings=(),
    extract_cpu_seconds=None,
    peak_memory_mb=None,
)


def child(name: str, number: int, parent: DocumentView = PLAIN) -> DocumentView:
    return replace(
        PLAIN,
        document_id=name,
        origin=Origin.ATTACHMENT,
        source_key=f"{parent.source_key}!/folder/{name}",
        parent_id=parent.document_id,
        depth=parent.depth + 1,
        attachment_number=number,
    )


def test_attachments_stand_below_their_parent_at_every_depth() -> None:
    first, second = child("first", 1), child("second", 2)
    deep = child("deep", 1, first)
    other = replace(PLAIN, document_id="other")
    listed = with_children_below([deep, second, first, other, PLAIN])
    assert [indented_id(view) for view in listed] == [
        "other",
        "mail",
        "  first",
        "    deep",
        "  second",
    ]


def test_an_attachment_whose_parent_is_on_another_page_is_not_lost() -> None:
    first, deep = child("first", 1), child("deep", 1, child("missing", 3))
    listed = with_children_below([deep, first])
    assert [indented_id(view) for view in listed] == ["    deep", "  first"]


def test_a_name_inside_is_that_of_the_innermost_file() -> None:
    assert name_inside(child("deep", 1, child("first", 1))) == "folder/deep"
    assert name_inside(PLAIN) == "in/mail.eml"


def test_facts_of_ocr_and_cost() -> None:
    facts = facts_of(
        replace(
            PLAIN,
            author="A. Writer",
            file_created_at=WHEN,
            extractor="pdfium@5",
            fallback="pypdf: no text map",
            ocr_pages=3,
            ocr_confidence=91.4,
            extract_cpu_seconds=0.523,
            peak_memory_mb=123.4,
            warnings=("Page 2 is empty.", "Page 3 was skipped."),
        )
    )
    assert facts["author"] == "A. Writer"
    assert facts["ocr"] == "3 pages, 91 % sure"
    assert facts["took"] == "0.52 s of CPU, 123 MB of memory to extract"
    assert facts["warnings"] == "Page 2 is empty. Page 3 was skipped."
    assert facts["fallback"] == "pypdf: no text map"
    assert facts["upload"] == "in/mail.eml"
    plain = facts_of(PLAIN)
    assert (plain["ocr"], plain["took"], plain["warnings"]) == (None, None, "")
