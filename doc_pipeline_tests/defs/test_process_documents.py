"""The main job executed in this process: what each document's events say, and what ends a run."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from doc_pipeline.defs.jobs import REMOVE_JOB
from doc_pipeline.defs.requests import RANGE_END, RANGE_START
from doc_pipeline.domain.document import Lifecycle
from doc_pipeline.domain.stage import CODE_VERSION, STAGE_OF_ASSET, STAGES
from doc_pipeline_tests.defs.conftest import (
    ASSETS,
    Rig,
    failure_of,
    figure,
    materializations,
)

REPORT = """# Harbour report

The crane of the northern quay was mended in May.

## Tides

The spring tide rose by 4.2 metres, and the gates held.
"""


def _outcome(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, object]]:
    """The run's table: one row for each document."""
    (event,) = [e for e in result.all_events if e.event_type_value == "ASSET_OBSERVATION"]
    table = event.asset_observation_data.asset_observation.metadata["outcome"]
    assert isinstance(table, dg.TableMetadataValue)
    return {str(row.data["document"]): dict(row.data) for row in table.records}


# -- what a document's events say ------------------------------------------------------------------


def test_every_asset_has_one_event_per_document(rig: Rig) -> None:
    ids = rig.write_many(3)
    (result,) = rig.bring_through()
    assert result.success
    for asset in ASSETS:
        assert sorted(materializations(result, asset)) == sorted(ids)
        assert rig.partition_status(asset) == dict.fromkeys(ids, "MATERIALIZED")


def test_figures_that_people_look_at(rig: Rig) -> None:
    document_id = rig.write("report.md", REPORT)
    (result,) = rig.bring_through()
    made = {asset: materializations(result, asset)[document_id] for asset in ASSETS}
    raw, text, chunks, vectors, record = (made[asset] for asset in ASSETS)

    assert figure(raw, "bytes") == len(REPORT.encode())
    assert figure(raw, "type") == "md"
    assert figure(raw, "source") == "report.md"
    assert figure(text, "pages") == 0
    assert figure(text, "words") == 24
    assert figure(text, "language") == "en"
    assert figure(chunks, "chunks") >= 1
    assert figure(chunks, "tokens") > 10
    assert figure(vectors, "embeddings_computed") == figure(chunks, "chunks")
    assert figure(vectors, "embeddings_reused") == 0
    assert figure(vectors, "model") == rig.services.embedder.model_id
    assert figure(record, "title") == "Harbour report"
    assert figure(record, "version") == 1
    for event in made.values():
        assert figure(event, "seconds") >= 0
        assert figure(event, "peak_memory_mb") > 1
        assert figure(event, "document_version") == 1
        assert figure(event, "reused") is False
    for event in (text, chunks):
        assert isinstance(event.metadata["preview"], dg.MarkdownMetadataValue)
        assert "northern quay" in figure(event, "preview")


def test_artifact_links_lead_to_the_artifacts(rig: Rig) -> None:
    document_id = rig.write("report.md", REPORT)
    (result,) = rig.bring_through()
    links = {
        asset: Path(figure(materializations(result, asset)[document_id], "artifact"))
        for asset in ASSETS[:3]
    }
    assert links["raw_document"].read_text() == REPORT
    assert "northern quay" in links["extracted_text"].read_text()
    assert links["document_chunks"].is_file()


def test_versions_of_code_and_data_are_tagged(rig: Rig) -> None:
    """Dagster writes them only for materializations it makes itself."""
    document_id = rig.write("a.txt", "The first words.")
    (first,) = rig.bring_through()
    again = rig.process([document_id])
    rig.write("a.txt", "Other words.")
    (second,) = rig.bring_through()
    for asset in ASSETS:
        before, same, after = (
            materializations(run, asset)[document_id].tags or {} for run in (first, again, second)
        )
        assert before["dagster/code_version"] == CODE_VERSION[STAGE_OF_ASSET[asset]]
        assert before["dagster/data_version"] == same["dagster/data_version"]
        assert before["dagster/data_version"] != after["dagster/data_version"]


def test_each_input_is_the_output_before(rig: Rig) -> None:
    """Else Dagster shows every document as out of sync."""
    document_id = rig.write("a.txt")
    (result,) = rig.bring_through()
    tags = [materializations(result, asset)[document_id].tags or {} for asset in ASSETS]
    for asset, upstream, own in zip(ASSETS, tags, tags[1:], strict=False):
        assert own[f"dagster/input_data_version/{asset}"] == upstream["dagster/data_version"]


# -- good and bad together -------------------------------------------------------------------------


def test_one_bad_document_fails_the_run_and_hurts_no_other(rig: Rig) -> None:
    good = rig.write("good.md", REPORT)
    bad = rig.write_empty("bad.md")
    (result,) = rig.bring_through()
    failure = failure_of(result)
    assert "1 of 2 documents failed (FILE_EMPTY)" in str(failure.description)
    assert failure.metadata["errors"].value == {bad: ["receive", "FILE_EMPTY"]}
    table = failure.metadata["outcome"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [row.data["document"] for row in table.records] == [bad]
    assert "Upload it again" in str(table.records[0].data["what to do"])

    rows = _outcome(result)
    assert list(rows) == [bad, good]
    assert (rows[bad]["outcome"], rows[bad]["code"]) == ("permanent", "FILE_EMPTY")
    assert (rows[good]["outcome"], rows[good]["stage"]) == ("done", "describe")
    assert rig.counts() == {"completed": 1, "failed": 1}
    assert rig.search("northern quay crane") == ["good.md"]
    for asset in ASSETS:
        assert rig.partition_status(asset) == {good: "MATERIALIZED", bad: "FAILED"}


def test_a_document_is_green_up_to_the_stage_that_failed(rig: Rig) -> None:
    bad = rig.write("bad.pdf", b"%PDF-1.7\nnot a pdf")
    (result,) = rig.bring_through()
    assert failure_of(result).metadata["errors"].value == {bad: ["extract", "FILE_CORRUPT"]}
    assert [rig.partition_status(asset)[bad] for asset in ASSETS] == ["MATERIALIZED"] + [
        "FAILED"
    ] * 4


def test_a_kind_without_an_extractor_is_rejected(rig: Rig) -> None:
    bad = rig.write("noise.bin", bytes(range(256)) * 8)
    (result,) = rig.bring_through()
    failure_of(result)
    assert _outcome(result)[bad]["outcome"] == "rejected"
    assert rig.status(bad) == "quarantined"


def test_a_failed_document_is_done_again_by_its_range(rig: Rig) -> None:
    bad = rig.write_empty("a.txt")
    rig.bring_through()
    rig.write("a.txt", "Now it has words.")
    assert rig.process_range(bad, bad).success
    assert rig.status(bad) == "completed"
    for asset in ASSETS:
        assert rig.partition_status(asset)[bad] == "MATERIALIZED"


def test_a_document_deleted_meanwhile_is_neither_good_nor_bad(rig: Rig) -> None:
    """Only a look at the whole store may call it deleted: the share may be away."""
    good, gone = rig.write("good.txt"), rig.write("gone.txt")
    (request,) = rig.tick()
    (rig.uploads / "gone.txt").unlink()
    result = rig.launch(request)
    assert result.success
    assert set(_outcome(result)) == {good}
    assert rig.get(gone).lifecycle is Lifecycle.ACTIVE
    assert [request.job_name for request in rig.tick()] == [REMOVE_JOB]
    assert rig.get(gone).lifecycle is Lifecycle.DELETED


def test_a_key_that_is_no_document_is_said_to_be_unknown(rig: Rig) -> None:
    rig.write("a.txt")
    rig.tick()
    failure = failure_of(rig.process(["no-such-document"]))
    assert failure.metadata["errors"].value == {
        "no-such-document": ["receive", "DOCUMENT_NOT_FOUND"]
    }


def test_a_document_in_work_elsewhere_is_not_taken(rig: Rig) -> None:
    busy = rig.write("a.txt")
    rig.tick()
    holder = rig.note_run(dg.DagsterRunStatus.STARTED, {})
    rig.catalog.work.claim([busy], holder, lambda _: True)
    free = rig.write("b.txt")
    rig.tick()
    assert rig.process([busy, free]).success
    assert (rig.status(busy), rig.get(busy).run_id) == ("processing", holder)
    assert rig.status(free) == "completed"


def test_a_backfill_that_could_not_take_a_document_fails(rig: Rig) -> None:
    """Dagster takes every partition of a backfill's successful run for done."""
    busy = rig.write("a.txt")
    rig.tick()
    holder = rig.note_run(dg.DagsterRunStatus.STARTED, {})
    rig.catalog.work.claim([busy], holder, lambda _: True)
    tags = {RANGE_START: busy, RANGE_END: busy, "dagster/backfill": "by-hand"}
    failure = failure_of(rig.execute(tags=tags))
    assert failure.metadata["errors"].value == {busy: ["receive", "DOCUMENT_BUSY"]}
    assert (rig.status(busy), rig.get(busy).run_id) == ("processing", holder)
    assert (rig.get(busy).error_code, rig.get(busy).attempts) == (None, 0)


# -- runs that name nothing ------------------------------------------------------------------------


def test_a_reversed_range_fails_with_a_sentence(rig: Rig) -> None:
    """Dagster finds no partition in it; without a guard the run would report success."""
    ids = rig.write_many(3)
    rig.tick()
    result = rig.process_range(ids[2], ids[0])
    assert "This run names no document" in str(failure_of(result).description)
    assert "swap them" in str(failure_of(result).description)
    assert rig.counts() == {"pending": 3}


def test_a_run_without_any_key_fails_with_a_sentence(rig: Rig) -> None:
    result = rig.execute()
    assert "This run names no document" in str(failure_of(result).description)


def test_a_key_named_twice_is_processed_once(rig: Rig) -> None:
    document_id = rig.write("a.txt")
    rig.tick()
    result = rig.process([document_id, document_id])
    events = [e for e in result.all_events if e.is_step_materialization]
    assert len(events) == len(STAGES)


# -- parts of the chain ----------------------------------------------------------------------------


def test_the_first_asset_alone_leaves_the_rest_for_later(rig: Rig) -> None:
    ids = rig.write_many(2)
    rig.tick()
    result = rig.process(ids, assets=["raw_document"])
    assert result.success
    assert rig.counts() == {"pending": 2}
    assert rig.partition_status("raw_document") == dict.fromkeys(ids, "MATERIALIZED")
    assert rig.partition_status("extracted_text") == {}
    (finishing,) = rig.bring_through()
    assert finishing.success
    assert figure(materializations(finishing, "raw_document")[ids[0]], "reused") is True
    assert rig.counts() == {"completed": 2}


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_a_tail_alone_goes_on_from_what_is_there(rig: Rig, first: int) -> None:
    """What 're-execute from failure' of a backfill runs."""
    document_id = rig.write("report.md", REPORT)
    rig.tick()
    head = rig.process_range(document_id, document_id, assets=ASSETS[:first])
    assert head.success
    assert rig.status(document_id) == "pending"
    tail = rig.process_range(document_id, document_id, assets=ASSETS[first:])
    assert tail.success
    assert [a for a in ASSETS if materializations(tail, a)] == list(ASSETS[first:])
    assert rig.status(document_id) == "completed"
    assert rig.search("northern quay crane") == ["report.md"]


def test_a_tail_without_its_head_fails_its_document_only(rig: Rig) -> None:
    early, late = rig.write("a.md", REPORT), rig.write("b.md", REPORT)
    rig.tick()
    assert rig.process([early], assets=ASSETS[:3]).success
    result = rig.process_range(early, late, assets=ASSETS[3:])
    assert failure_of(result).metadata["errors"].value == {late: ["receive", "ARTIFACT_MISSING"]}
    assert (rig.status(early), rig.status(late)) == ("completed", "failed")


# -- nothing is done twice -------------------------------------------------------------------------


def _computed(results: list[dg.ExecuteInProcessResult]) -> int:
    return sum(
        figure(made, "embeddings_computed")
        for result in results
        for made in materializations(result, "chunk_embeddings").values()
    )


def test_the_same_again_computes_nothing(rig: Rig) -> None:
    ids = rig.write_many(3)
    assert _computed(rig.bring_through()) == 3
    again = rig.process(ids)
    assert again.success
    assert _computed([again]) == 0
    for asset in ASSETS[:4]:
        assert all(figure(m, "reused") for m in materializations(again, asset).values()), asset


@pytest.mark.heavy
def test_a_renamed_file_of_fifty_computes_no_embedding(rig: Rig) -> None:
    for n in range(50):
        rig.write(f"{n}.txt", f"# Crate {n}\n\nCrate number {n} holds {n * 3} lamps for quay {n}.")
    assert _computed(rig.bring_through()) >= 50
    (rig.uploads / "7.txt").rename(rig.uploads / "seven.txt")
    results = rig.bring_through()
    assert {result.job_def.name for result in results} == {
        "process_documents",
        "remove_deleted_documents",
    }
    assert all(result.success for result in results)
    assert _computed(results) == 0
    found = rig.search("crate number 7 lamps quay")
    assert "seven.txt" in found
    assert "7.txt" not in found


@pytest.mark.heavy
def test_two_hundred_documents_a_second_time_compute_no_embedding(rig: Rig) -> None:
    ids = rig.write_many(200)
    results = rig.bring_through()
    assert [result.success for result in results] == [True]
    assert rig.counts() == {"completed": 200}
    assert _computed(results) >= 200
    again = rig.process_range(ids[0], ids[-1])
    assert again.success
    assert _computed([again]) == 0
    assert len(materializations(again, "document_record")) == 200


# -- the index ----------------------------------------------------------------------------------


def test_upkeep_runs(rig: Rig) -> None:
    rig.write("a.txt")
    rig.bring_through()
    assert rig.execute("tend_index").success
