"""Attachments become documents that follow their parent, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.catalog.models import Document
from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.document import DocumentOptions, Lifecycle, Origin, Priority
from doc_pipeline.domain.errors import AttachmentMissing, FileCorrupt
from doc_pipeline.domain.identity import attachment_id_of, document_id_of
from doc_pipeline.domain.stage import Stage
from doc_pipeline_tests.catalog.conftest import (
    WHEN,
    always_live,
    claim,
    complete,
    receive,
    record,
    register,
    registration,
)

MAIL = document_id_of("in/mail.eml")
REPORT = attachment_id_of(MAIL, "report.pdf")
PLAN = attachment_id_of(MAIL, "plans/plan.txt")
ARTIFACTS = "file:///artifacts/"


def attachment(number: int, name: str, content: str = "1", prefix: str = "x") -> Attachment:
    return Attachment(number, name, f"{prefix}/{number:05d}", 10, content * 64)


BOTH = (attachment(1, "report.pdf"), attachment(2, "plans/plan.txt"))


def take(catalog: Catalog, document_id: str = MAIL, run_id: str = "run-1") -> ClaimedDocument:
    return catalog.work.claim([document_id], run_id, always_live).documents[0]


def replace(
    catalog: Catalog,
    attachments: Sequence[Attachment] = BOTH,
    document_id: str = MAIL,
    run_id: str = "run-1",
) -> None:
    """What a run does after it extracted the parent."""
    document = take(catalog, document_id, run_id)
    catalog.children.replace_children(document, attachments, ARTIFACTS, run_id)


def view(catalog: Catalog, document_id: str) -> DocumentView:
    found = catalog.reading.get(document_id)
    assert found is not None
    return found


def status(catalog: Catalog, document_id: str) -> str:
    found = view(catalog, document_id)
    hidden = "" if found.lifecycle is Lifecycle.ACTIVE else f" {found.lifecycle.value}"
    return found.processing_status.value + hidden


@pytest.fixture
def mail(catalog: Catalog) -> Catalog:
    """A catalog with a mail that waits."""
    register(catalog, "in/mail.eml")
    return catalog


def test_an_attachment_is_a_document_that_waits(mail: Catalog) -> None:
    replace(mail)
    child = view(mail, PLAN)
    assert status(mail, PLAN) == "pending"
    assert child.origin is Origin.ATTACHMENT
    assert (child.parent_id, child.depth, child.attachment_number) == (MAIL, 1, 2)
    assert child.source_key == "in/mail.eml!/plans/plan.txt"
    assert child.original_name == "plan.txt"
    assert (child.etag, child.size_bytes, child.uploaded_at) == ("1" * 64, 10, WHEN)
    assert child.storage_url == "file:///artifacts/x/00002"
    assert child.attachment_key == "x/00002"
    assert [c.document_id for c in mail.children.children_of(MAIL)] == [REPORT, PLAN]
    assert mail.discovery.assign_batch("b", 10) == [REPORT, PLAN]


def test_a_claim_tells_where_an_attachment_is(mail: Catalog) -> None:
    replace(mail)
    child = take(mail, REPORT, "run-2")
    assert (child.origin, child.parent_id, child.depth) == (Origin.ATTACHMENT, MAIL, 1)
    assert child.attachment_key == "x/00001"
    parent = take(mail)
    assert (parent.parent_id, parent.depth, parent.attachment_key) == (None, 0, None)


def test_an_attachment_inherits_what_was_said_of_its_parent(catalog: Catalog) -> None:
    options = DocumentOptions(
        owner="harbour",
        priority=Priority.HIGH,
        hold=True,
        language="de",
        password="secret",
        chunk_size=400,
        metadata={"case": 7},
    )
    catalog.discovery.register([registration("in/mail.eml", options=options, held=True)])
    replace(catalog)
    child = take(catalog, REPORT, "run-2")
    assert child.options == options.of_attachment()
    assert (child.owner, child.priority) == ("harbour", Priority.HIGH)
    found = view(catalog, REPORT)
    assert (found.hold, found.metadata, found.owner_id) == (False, {"case": 7}, "harbour")


def test_doing_it_again_changes_nothing(mail: Catalog) -> None:
    replace(mail)
    complete(mail, [REPORT])
    before = [view(mail, REPORT), view(mail, PLAN)]
    events = len(mail.reading.events(REPORT))
    for _ in range(2):
        replace(mail)
    after = [view(mail, REPORT), view(mail, PLAN)]
    assert [v.updated_at for v in before] != [v.updated_at for v in after]
    assert [_without_time(v) for v in before] == [_without_time(v) for v in after]
    assert len(mail.reading.events(REPORT)) == events


def _without_time(found: DocumentView) -> dict[str, object]:
    return {name: getattr(found, name) for name in found.__slots__ if name != "updated_at"}


def test_an_unchanged_child_keeps_its_state_and_learns_its_new_place(mail: Catalog) -> None:
    replace(mail)
    complete(mail, [REPORT], "run-2")
    replace(mail, [attachment(1, "new.txt"), attachment(2, "report.pdf", prefix="y")])
    child = view(mail, REPORT)
    assert status(mail, REPORT) == "completed"
    assert (child.attachment_number, child.attachment_key) == (2, "y/00002")
    assert child.storage_url == "file:///artifacts/y/00002"


def test_a_changed_child_waits_again(mail: Catalog) -> None:
    replace(mail)
    complete(mail, [REPORT, PLAN], "run-2")
    replace(mail, [attachment(1, "report.pdf", "2"), BOTH[1]])
    assert status(mail, REPORT) == "pending"
    assert status(mail, PLAN) == "completed"
    assert view(mail, REPORT).etag == "2" * 64


def test_a_child_that_changes_while_a_run_holds_it_is_due_again(mail: Catalog) -> None:
    replace(mail)
    claim(mail, [REPORT], "run-2")
    replace(mail, [attachment(1, "report.pdf", "2"), BOTH[1]])
    assert status(mail, REPORT) == "processing"
    receive(mail, REPORT)  # the old bytes, under their old checksum
    mail.work.complete([record(REPORT)], "run-2")
    assert status(mail, REPORT) == "pending"
    assert take(mail, REPORT, "run-3").etag == "2" * 64


def test_children_are_done_again_when_more_is_said_of_their_parent(mail: Catalog) -> None:
    """A password or a language that is told later."""
    replace(mail)
    mail.work.claim([REPORT], "run-2", always_live)
    mail.work.fail(REPORT, Stage.EXTRACT, FileCorrupt(), "run-2")
    replace(mail)
    assert status(mail, REPORT) == "failed"
    told = DocumentOptions(language="de")
    mail.discovery.register([registration("in/mail.eml", options=told)])
    replace(mail)
    assert status(mail, REPORT) == "pending"


def test_a_child_whose_bytes_were_missing_waits_again(mail: Catalog) -> None:
    replace(mail)
    mail.work.claim([REPORT], "run-2", always_live)
    mail.work.fail(REPORT, Stage.RECEIVE, AttachmentMissing(), "run-2")
    replace(mail)
    assert status(mail, REPORT) == "pending"


def test_what_is_no_longer_attached_is_deleted_with_all_inside_it(mail: Catalog) -> None:
    replace(mail)
    inside = attachment_id_of(REPORT, "deep.txt")
    replace(mail, [attachment(1, "deep.txt")], REPORT)
    assert view(mail, inside).depth == 2
    assert view(mail, inside).source_key == "in/mail.eml!/report.pdf!/deep.txt"
    complete(mail, [REPORT, inside])
    replace(mail, [BOTH[1]])
    assert status(mail, REPORT) == "completed deleted"
    assert status(mail, inside) == "completed deleted"
    assert status(mail, PLAN) == "pending"
    assert set(mail.discovery.removals_waiting(10)) == {REPORT, inside}
    assert [c.document_id for c in mail.children.children_of(MAIL)] == [PLAN]


def test_a_deleted_parent_takes_its_children_along(mail: Catalog) -> None:
    register(mail, "other.eml")
    replace(mail)
    replace(mail, [attachment(1, "deep.txt")], REPORT)
    inside = attachment_id_of(REPORT, "deep.txt")
    complete(mail, [MAIL, REPORT, PLAN, inside])
    assert mail.discovery.mark_deleted([MAIL]) == 4
    assert {status(mail, i) for i in (MAIL, REPORT, PLAN, inside)} == {"completed deleted"}
    assert set(mail.discovery.removals_waiting(10)) == {MAIL, REPORT, PLAN, inside}
    mail.work.removed([MAIL, REPORT, PLAN, inside])
    assert mail.reading.chunks(inside) == []
    assert status(mail, document_id_of("other.eml")) == "pending"


def test_children_come_back_with_their_parent(mail: Catalog) -> None:
    """By its reprocessing: the upload alone does not tell what is in it."""
    replace(mail)
    complete(mail, [MAIL, REPORT, PLAN])
    mail.discovery.mark_deleted([MAIL])
    mail.work.removed([MAIL, REPORT, PLAN])
    mail.discovery.register([registration("in/mail.eml")])
    assert status(mail, REPORT) == "completed deleted"
    replace(mail)
    assert status(mail, REPORT) == "pending"
    assert view(mail, REPORT).attachment_key == "x/00001"


def test_a_parent_deleted_meanwhile_gets_no_children(mail: Catalog) -> None:
    document = take(mail)
    mail.discovery.mark_deleted([MAIL])
    mail.children.replace_children(document, BOTH, ARTIFACTS, "run-1")
    assert mail.reading.get(REPORT) is None


def test_a_run_that_lost_the_parent_changes_nothing(mail: Catalog) -> None:
    document = take(mail)
    mail.work.claim([MAIL], "run-2", lambda _: False)
    mail.children.replace_children(document, BOTH, ARTIFACTS, "run-1")
    assert mail.reading.get(REPORT) is None


def test_a_held_parent_holds_what_waits_inside_it(mail: Catalog) -> None:
    replace(mail)
    complete(mail, [MAIL, REPORT])
    mail.discovery.register([registration("in/mail.eml", held=True)])
    assert (view(mail, PLAN).hold, view(mail, REPORT).hold) == (True, False)
    assert mail.discovery.assign_batch("b", 10) == []
    assert mail.children.waiting_inside([MAIL]) == []
    replace(mail)  # a person processed it
    assert not view(mail, PLAN).hold
    assert status(mail, REPORT) == "completed"
    assert mail.children.waiting_inside([MAIL]) == [PLAN]


def test_the_sensor_never_misses_an_attachment_in_the_upload_store(mail: Catalog) -> None:
    """No object has its name: it must not be taken for a vanished upload."""
    replace(mail)
    gone = mail.discovery.gone_between(None, None, {"in/mail.eml"})
    assert (gone.keys, gone.known) == ([], 1)
    assert mail.discovery.options_hashes(["in/mail.eml!/report.pdf"]) == {}


def test_an_upload_may_be_called_like_an_attachment(mail: Catalog) -> None:
    replace(mail)
    (same_name,) = register(mail, "in/mail.eml!/report.pdf")
    assert same_name != REPORT
    assert view(mail, same_name).id != view(mail, REPORT).id


def test_attachments_are_found_by_their_own_name(mail: Catalog) -> None:
    """Who asks for the mail must not be asked which of its attachments is meant."""
    replace(mail)
    assert [v.document_id for v in mail.reading.find("mail")] == [MAIL]
    assert [v.document_id for v in mail.reading.find("report")] == [REPORT]
    assert [v.document_id for v in mail.reading.find("mail.eml!/plans")] == [PLAN]


def test_lists_can_be_cut_to_the_children_of_one(mail: Catalog) -> None:
    replace(mail)
    listed = mail.reading.list_documents(parent_id=MAIL)
    assert {v.document_id for v in listed} == {REPORT, PLAN}
    assert len(mail.reading.list_documents()) == 3


def test_a_parents_row_cannot_go_alone(mail: Catalog) -> None:
    """Its children's rows in the index would be left, with nobody who knows of them."""
    replace(mail)
    with pytest.raises(IntegrityError), mail._database.write() as session:
        session.execute(delete(Document).where(Document.document_id == MAIL))
    with mail._database.write() as session:
        session.execute(delete(Document))


def test_two_runs_and_a_deletion_at_once(mail: Catalog) -> None:
    """Whoever wins, no child stays without a parent, and nothing waits in a circle."""
    barrier = threading.Barrier(5)
    problems: list[BaseException] = []
    documents = [take(mail, run_id="run-1") for _ in range(4)]

    def attach(at: int) -> None:
        barrier.wait()
        for _ in range(5):
            mail.children.replace_children(documents[at], BOTH[: at % 3], ARTIFACTS, "run-1")

    def delete_parent() -> None:
        barrier.wait()
        mail.discovery.mark_deleted([MAIL])

    def guarded(work: object, *args: object) -> None:
        try:
            work(*args)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - told to the test
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(attach, at)) for at in range(4)]
    threads.append(threading.Thread(target=guarded, args=(delete_parent,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert mail.reading.list_documents() == []
