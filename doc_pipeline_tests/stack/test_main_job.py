"""The main job on the running product: a dropped file becomes searchable by itself."""

from __future__ import annotations

import shutil

import pytest

from doc_pipeline.domain.identity import document_id_of
from doc_pipeline_tests.stack.running import ASSETS, Stack

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]


def drop(stack: Stack, name: str, text: str) -> str:
    """Write a file the way a careful uploader does: whole, by renaming."""
    half = stack.uploads / f"{name}.tmp"
    half.write_text(text)
    half.rename(stack.uploads / name)
    return document_id_of(name)


def test_from_drop_to_search_and_red_to_green(stack: Stack) -> None:
    """Ten dropped, the artifact store refuses one: nine green, one red; then all green."""
    names = [f"lantern-{n}.txt" for n in range(10)]
    refused = document_id_of("lantern-4.txt")
    # A file where the store needs a folder: no key of this document can be written.
    blocker = stack.data_dir / "artifacts" / "receive" / refused
    blocker.parent.mkdir(parents=True, exist_ok=True)
    blocker.write_text("in the way")
    for n, name in enumerate(names):
        drop(stack, name, f"Lantern model {n} shines for {n + 7} hours on quay{n}z after dusk.")
    statuses = stack.wait_until_settled(10)
    assert statuses.pop("lantern-4.txt") == "failed"
    assert set(statuses.values()) == {"completed"}
    stack.wait_for(
        lambda: all(stack.partitions(asset)["red"] == 1 for asset in ASSETS), "one red each"
    )
    for asset in ASSETS:
        assert stack.partitions(asset) == {"all": 10, "green": 9, "red": 1}
        assert stack.red_partitions(asset) == {refused}
    hits = stack.cli_json("search", "quay7z")
    assert hits[0]["document_id"] == document_id_of("lantern-7.txt")

    failed = [run for run in stack.runs() if run["status"] == "FAILURE"]
    assert len(failed) == 1
    blocker.unlink()
    stack.reexecute(failed[0]["runId"])
    stack.wait_for(
        lambda: all(stack.partitions(asset)["green"] == 10 for asset in ASSETS), "all green"
    )
    for asset in ASSETS:
        assert stack.partitions(asset) == {"all": 10, "green": 10, "red": 0}
    assert set(stack.statuses().values()) == {"completed"}


def test_a_mended_file_comes_as_version_2_by_itself(stack: Stack) -> None:
    document_id = document_id_of("memo.pdf")
    (stack.uploads / "memo.pdf").write_bytes(b"%PDF-1.7\nnot a pdf")
    stack.wait_for(lambda: stack.statuses().get("memo.pdf") == "failed", "memo.pdf failed")
    stack.wait_for(lambda: document_id in stack.red_partitions("extracted_text"), "red")
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.multi_cell(0, 6, "The mended memo speaks of the zeppelin harbour at length.")
    (stack.uploads / "memo.pdf").write_bytes(bytes(pdf.output()))
    stack.wait_for(lambda: stack.statuses().get("memo.pdf") == "completed", "memo.pdf mended")
    shown = stack.cli_json("show", document_id)["document"]
    assert shown["current_version"] == 2
    stack.wait_for(lambda: not stack.red_partitions("extracted_text"), "green again")
    assert stack.cli_json("search", "zeppelin harbour")[0]["document_id"] == document_id


def test_a_second_version_that_fails_turns_its_partition_red(stack: Stack) -> None:
    """Green for version 1 must not hide that version 2 failed."""
    document_id = drop(stack, "notes.txt", "Some notes about the turbine of the mill.")
    stack.wait_for(lambda: stack.statuses().get("notes.txt") == "completed", "version 1")
    stack.wait_for(lambda: document_id not in stack.red_partitions("raw_document"), "green")
    (stack.uploads / "notes.txt").write_bytes(b"")
    stack.wait_for(lambda: stack.statuses().get("notes.txt") == "failed", "version 2")
    for asset in ASSETS:
        stack.wait_for(lambda a=asset: document_id in stack.red_partitions(a), f"{asset} red")


def test_scattered_failures_turn_red_and_green_in_one_run(stack: Stack) -> None:
    """Contract of defs/dagster_events.py: a run without a range shows its failures."""
    ids = [drop(stack, f"scatter-{n}.txt", f"Scattered text number {n} here.") for n in range(5)]
    stack.wait_until_settled(17)
    for n in (0, 2, 4):
        (stack.uploads / f"scatter-{n}.txt").write_bytes(b"")
    wanted = {ids[0], ids[2], ids[4]}
    stack.wait_for(lambda: wanted <= stack.red_partitions("document_record"), "three red")
    assert not {ids[1], ids[3]} & stack.red_partitions("document_record")
    for n in (0, 2, 4):
        drop(stack, f"scatter-{n}.txt", f"Scattered text number {n} mended here.")
    stack.wait_for(lambda: not wanted & stack.red_partitions("document_record"), "green again")


def test_a_backfill_by_hand_and_its_retry(stack: Stack) -> None:
    """What a person does in the UI: select partitions, materialize, re-execute from failure."""
    ids = [
        drop(stack, f"legacy-{n}.txt", f"Legacy text of crate{n}q in the vault.") for n in range(3)
    ]
    stack.wait_until_settled(20)
    blocker = stack.data_dir / "artifacts" / "extract" / ids[1]
    shutil.rmtree(blocker)
    blocker.write_text("in the way")
    backfill = stack.backfill(ids)
    stack.wait_for(lambda: stack.backfill_status(backfill).startswith("COMPLETED"), "backfill")
    assert stack.backfill_status(backfill) == "COMPLETED_FAILED"
    assert ids[1] in stack.red_partitions("extracted_text")
    assert ids[1] not in stack.red_partitions("raw_document")
    blocker.unlink()
    again = stack.reexecute_backfill(backfill)
    stack.wait_for(lambda: stack.backfill_status(again).startswith("COMPLETED"), "retry")
    assert stack.backfill_status(again) == "COMPLETED_SUCCESS"
    assert ids[1] not in stack.red_partitions("extracted_text")


def test_a_deleted_upload_leaves_and_comes_back(stack: Stack) -> None:
    document_id = drop(stack, "fleeting.txt", "The heron of the eastern weir stands still.")
    stack.wait_for(lambda: stack.statuses().get("fleeting.txt") == "completed", "completed")
    (stack.uploads / "fleeting.txt").unlink()
    stack.wait_for(lambda: not _finds(stack, document_id), "gone from search")
    stack.wait_for(lambda: "fleeting.txt" not in stack.statuses(), "gone from the list")
    drop(stack, "fleeting.txt", "The heron of the eastern weir stands still.")
    stack.wait_for(lambda: _finds(stack, document_id), "back in search")


def test_a_second_up_refuses_and_names_the_first(stack: Stack) -> None:
    assert stack.process is not None
    done = stack.cli("up", check=False)
    assert done.returncode == 1
    assert "ALREADY_RUNNING" in done.stderr
    assert str(stack.process.pid) in done.stderr


def _finds(stack: Stack, document_id: str) -> bool:
    hits = stack.cli_json("search", "heron of the eastern weir")
    return any(hit["document_id"] == document_id for hit in hits)
