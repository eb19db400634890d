"""Files inside files, from the mail to the index: what runs do with them, and the sensor."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.domain.document import Lifecycle, Origin
from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.identity import attachment_id_of, document_id_of
from doc_pipeline.domain.stage import STAGES, Stage, StageResult
from doc_pipeline.extraction.registry import ExtractRequest
from doc_pipeline.stages.remove import remove_documents
from doc_pipeline_tests.stages.conftest import Bench, failures

MAIL = document_id_of("in/news.eml")
FERRY = attachment_id_of(MAIL, "ferry.txt")
BROKEN = attachment_id_of(MAIL, "broken.pdf")
INNER = attachment_id_of(MAIL, "inner.eml")
DEEP = attachment_id_of(INNER, "lantern.txt")


def mail_of(body: str, **files: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "News"
    mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
    mail.set_content(body)
    for name, content in files.items():
        mail.add_attachment(content, "application", "octet-stream", filename=name.replace("_", "."))
    return mail.as_bytes()


# Made once: the mail library draws the boundaries of its parts by lot.
INNER_MAIL = mail_of("Inside there is more.", lantern_txt=b"Forty paraffin lanterns hang here.")


def news(*, ferry: str = "The ferry leaves Vestvik at seven.", **files: bytes) -> bytes:
    return mail_of(
        "See the timetable, please.",
        **({"ferry_txt": ferry.encode(), "broken_pdf": b"%PDF-1.7 cut off", "inner_eml": INNER_MAIL}
           | files),
    )  # fmt: skip


@pytest.fixture
def inbox(bench: Bench) -> Bench:
    """A mail with a text, a broken PDF and a mail inside it."""
    bench.write("in/news.eml", news())
    return bench


def wait(bench: Bench) -> list[str]:
    return bench.adapters.catalog.discovery.assign_batch("batch", 100)


def settle(bench: Bench) -> dict[str, str]:
    """Ticks and runs until nothing waits; codes of what failed, by document."""
    bench.discover()
    failed: dict[str, str] = {}
    while ids := wait(bench):
        failed |= failures(bench.process(ids))
    waiting = bench.adapters.catalog.discovery.removals_waiting(100)
    if waiting:
        remove_documents(waiting, bench.adapters, lambda *_, **__: None)
    return failed


def view(bench: Bench, document_id: str) -> DocumentView:
    found = bench.adapters.catalog.reading.get(document_id)
    assert found is not None
    return found


def test_a_mail_and_all_inside_it_become_documents(inbox: Bench) -> None:
    assert settle(inbox) == {BROKEN: "FILE_CORRUPT"}
    names = {v.document_id: v for v in inbox.adapters.catalog.reading.list_documents()}
    assert set(names) == {MAIL, FERRY, BROKEN, INNER, DEEP}
    assert [names[i].depth for i in (MAIL, FERRY, DEEP)] == [0, 1, 2]
    assert names[DEEP].parent_id == INNER
    assert names[DEEP].source_key == "in/news.eml!/inner.eml!/lantern.txt"
    assert names[MAIL].attachment_count == 3
    assert inbox.search("paraffin lanterns")[0] == names[DEEP].source_key


def test_figures_lead_from_parent_to_children_and_back(inbox: Bench) -> None:
    inbox.discover()
    outcomes = [o for o in inbox.process(wait(inbox)) if isinstance(o, StageResult)]
    (extracted,) = [o for o in outcomes if o.stage is Stage.EXTRACT]
    assert extracted.figures["children"] == f"{FERRY}, {BROKEN}, {INNER}"
    outcomes = [o for o in inbox.process([FERRY]) if isinstance(o, StageResult)]
    assert [o.stage for o in outcomes] == list(STAGES)
    assert outcomes[0].figures["parent"] == MAIL
    assert view(inbox, FERRY).origin is Origin.ATTACHMENT


def test_an_attachment_that_fails_leaves_the_mail_completed(inbox: Bench) -> None:
    settle(inbox)
    assert view(inbox, MAIL).processing_status == "completed"
    assert view(inbox, BROKEN).processing_status == "failed"
    assert view(inbox, FERRY).processing_status == "completed"


def test_the_mail_again_costs_its_attachments_nothing(inbox: Bench) -> None:
    settle(inbox)
    before = view(inbox, FERRY)
    inbox.process([MAIL])
    assert wait(inbox) == []
    assert view(inbox, FERRY).processed_at == before.processed_at


def test_only_the_attachment_that_changed_is_done_again(inbox: Bench) -> None:
    settle(inbox)
    inbox.write("in/news.eml", news(ferry="The ferry waits for the train now."))
    inbox.bring_through()
    assert wait(inbox) == [FERRY]
    inbox.process([FERRY])
    assert view(inbox, FERRY).current_version == 2
    assert inbox.search("waits for the train")[0] == "in/news.eml!/ferry.txt"


def test_what_left_the_mail_leaves_the_index(inbox: Bench) -> None:
    settle(inbox)
    inbox.write("in/news.eml", mail_of("Nothing attached any more."))
    settle(inbox)
    for document_id in (FERRY, INNER, DEEP):
        assert view(inbox, document_id).lifecycle is Lifecycle.DELETED
    assert inbox.adapters.index.count_rows([FERRY, DEEP, INNER]) == 0
    assert "in/news.eml!/ferry.txt" not in inbox.search("ferry leaves Vestvik")


def test_a_tick_does_not_miss_the_objects_of_attachments(inbox: Bench) -> None:
    settle(inbox)
    found = inbox.discover()
    assert (found.new, found.changed, found.deleted) == ([], [], [])


def test_deleting_the_mail_deletes_all_and_bringing_it_back_restores_all(inbox: Bench) -> None:
    settle(inbox)
    inbox.write("other.txt", "So that the folder is not empty.")
    content = (inbox.uploads / "in/news.eml").read_bytes()
    (inbox.uploads / "in/news.eml").unlink()
    settle(inbox)
    assert [v.source_key for v in inbox.adapters.catalog.reading.list_documents()] == ["other.txt"]
    assert inbox.adapters.index.count_rows([MAIL, FERRY, INNER, DEEP]) == 0
    inbox.write("in/news.eml", content)
    settle(inbox)
    assert view(inbox, DEEP).processing_status == "completed"
    assert inbox.search("paraffin lanterns")[0] == view(inbox, DEEP).source_key


def test_facts_of_the_file_reach_the_catalog(inbox: Bench) -> None:
    extract = inbox.adapters.extract

    def told(path: Path, request: ExtractRequest) -> ExtractedText:
        return replace(
            extract(path, request),
            author="A. Writer",
            created_at="2026-03-02T09:00:00+01:00",
            modified_at="no date",
            fallback="pypdf, as the first failed",
            ocr_pages=2,
            ocr_confidence=91.5,
            warnings=("Page 3 is empty.",),
        )

    inbox.adapters = replace(inbox.adapters, extract=told)
    settle(inbox)
    found = view(inbox, MAIL)
    assert found.author == "A. Writer"
    assert found.file_created_at is not None
    assert found.file_created_at.isoformat() == "2026-03-02T08:00:00+00:00"
    assert found.file_modified_at is None
    assert (found.ocr_pages, found.ocr_confidence) == (2, 91.5)
    assert found.fallback == "pypdf, as the first failed"
    assert found.warnings == ("Page 3 is empty.",)
    assert found.extractor
    text = inbox.adapters.artifacts.get(found.text_key or "").decode()
    assert "See the timetable" in text
