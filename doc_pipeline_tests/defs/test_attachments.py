"""Attachments in Dagster: partitions of their own, asked for by the tick after their mail."""

from __future__ import annotations

from email.message import EmailMessage

from doc_pipeline.defs.jobs import PROCESS_JOB, REMOVE_JOB
from doc_pipeline.domain.document import Lifecycle
from doc_pipeline.domain.identity import attachment_id_of
from doc_pipeline_tests.defs.conftest import Rig


def mail_with(*names: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "News"
    message.set_content("See the timetable, please.")
    for name in names:
        is_broken = name == "broken.pdf"
        content = b"%PDF-1.7 cut off" if is_broken else f"What stands in {name}.".encode()
        message.add_attachment(content, "application", "octet-stream", filename=name)
    return message.as_bytes()


def test_the_next_tick_registers_and_asks_for_what_a_run_found(rig: Rig) -> None:
    mail, other = rig.write("mail.eml", mail_with("a.txt", "b.txt")), rig.write("other.txt")
    children = [attachment_id_of(mail, name) for name in ("a.txt", "b.txt")]
    rig.bring_through()
    assert rig.keys == [mail, other]
    (request,) = rig.tick()
    assert rig.keys == [mail, other, *children]
    assert request.job_name == PROCESS_JOB
    assert rig.launch(request).success
    assert [rig.get(key).processing_status.value for key in children] == ["completed"] * 2
    assert rig.tick() == []


def test_an_attachment_that_fails_leaves_the_mail_green(rig: Rig) -> None:
    mail = rig.write("mail.eml", mail_with("a.txt", "broken.pdf"))
    (result,) = rig.bring_through()
    assert result.success
    (result,) = rig.bring_through()
    assert not result.success
    broken = attachment_id_of(mail, "broken.pdf")
    assert (rig.status(mail), rig.status(broken)) == ("completed", "failed")
    assert rig.get(broken).error_code == "FILE_CORRUPT"
    assert rig.partition_status("document_record")[mail] == "MATERIALIZED"
    assert rig.partition_status("extracted_text")[broken] == "FAILED"


def test_a_tick_never_takes_an_attachment_for_a_vanished_upload(rig: Rig) -> None:
    mail = rig.write("mail.eml", mail_with("a.txt"))
    for _ in range(3):
        rig.bring_through()
    assert rig.get(attachment_id_of(mail, "a.txt")).lifecycle is Lifecycle.ACTIVE
    assert rig.counts() == {"completed": 2}


def test_a_deleted_mail_takes_its_attachments_out_of_index_and_partitions(rig: Rig) -> None:
    mail, other = rig.write("mail.eml", mail_with("a.txt")), rig.write("other.txt")
    child = attachment_id_of(mail, "a.txt")
    rig.bring_through()
    rig.bring_through()
    assert rig.services.index.count_rows([child]) == 1
    (rig.uploads / "mail.eml").unlink()
    (request,) = rig.tick()
    assert request.job_name == REMOVE_JOB
    assert rig.launch(request).success
    assert rig.services.index.count_rows([child, mail]) == 0
    rig.tick()
    assert rig.keys == [other]
