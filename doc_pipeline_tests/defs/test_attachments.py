"""Attachments in Dagster: partitions of their own, asked for by the tick after their mail."""

from __future__ import annotations

import hashlib

from doc_pipeline.defs.jobs import PROCESS_JOB, REMOVE_JOB
from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.document import Lifecycle
from doc_pipeline.domain.identity import attachment_id_of
from doc_pipeline_tests.defs.conftest import Rig

CONTENT = b"The ferry leaves Vestvik at seven."


def attach(rig: Rig, parent_id: str, *names: str) -> list[str]:
    """Give a document files as a run does, whatever its extractor finds in it."""
    services = rig.services
    (claimed,) = services.catalog.work.claim([parent_id], "earlier", lambda _: False).documents
    found: list[Attachment] = []
    for number, name in enumerate(names, start=1):
        key = f"test/{parent_id}/{number}"
        services.artifacts.put(key, CONTENT)
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        found.append(Attachment(number, name, key, len(CONTENT), sha256))
    services.catalog.children.replace_children(claimed, found, services.artifacts.url, "earlier")
    return [attachment_id_of(parent_id, name) for name in names]


def test_the_next_tick_registers_and_asks_for_what_a_run_found(rig: Rig) -> None:
    mail, other = rig.write("mail.txt"), rig.write("other.txt")
    rig.bring_through()
    children = attach(rig, mail, "a.txt", "b.txt")
    rig.services.catalog.work.give_back([mail], "earlier")
    rig.services.catalog.work.cancel([mail])
    (request,) = rig.tick()
    assert rig.keys == [mail, other, *children]
    assert request.job_name == PROCESS_JOB
    assert rig.launch(request).success
    assert [rig.get(key).processing_status.value for key in children] == ["completed"] * 2
    assert rig.tick() == []


def test_a_tick_never_takes_an_attachment_for_a_vanished_upload(rig: Rig) -> None:
    mail = rig.write("mail.txt")
    rig.bring_through()
    (child,) = attach(rig, mail, "a.txt")
    for _ in range(3):
        rig.tick()
    assert rig.get(child).lifecycle is Lifecycle.ACTIVE


def test_a_deleted_mail_takes_its_attachments_out_of_index_and_partitions(rig: Rig) -> None:
    mail, other = rig.write("mail.txt"), rig.write("other.txt")
    rig.bring_through()
    (child,) = attach(rig, mail, "a.txt")
    rig.services.catalog.work.give_back([mail], "earlier")
    rig.bring_through()
    assert rig.services.index.count_rows([child]) == 1
    (rig.uploads / "mail.txt").unlink()
    (request,) = rig.tick()
    assert request.job_name == REMOVE_JOB
    assert rig.launch(request).success
    assert rig.services.index.count_rows([child, mail]) == 0
    rig.tick()
    assert rig.keys == [other]
