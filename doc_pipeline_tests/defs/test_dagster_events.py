"""Contract with the pinned Dagster: what its pages make of the events we write ourselves.

Also proven over GraphQL on the running product, in doc_pipeline_tests/stack.
"""

from __future__ import annotations

import dagster as dg
import pytest

from doc_pipeline.defs.jobs import keys_config
from doc_pipeline_tests.defs.conftest import ASSETS, Rig, failure_of, materializations


def _planned(rig: Rig, result: dg.ExecuteInProcessResult) -> set[tuple[str, str]]:
    """Asset and partition of the planned events that name one partition."""
    records = rig.instance.get_records_for_run(
        result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    ).records
    found: set[tuple[str, str]] = set()
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is not None and event.partition is not None and event.asset_key is not None:
            found.add((event.asset_key.to_user_string(), event.partition))
    return found


@pytest.mark.heavy
def test_scattered_keys_that_fail_turn_red_though_green_before(rig: Rig) -> None:
    ids = rig.write_many(4)
    rig.bring_through()
    for n in (0, 2):
        rig.write_empty(f"{n:04}.txt")
    (request,) = rig.tick()
    failed = rig.launch(request)
    failure_of(failed)
    assert _planned(rig, failed) == {(asset, ids[n]) for asset in ASSETS for n in (0, 2)}
    for asset in ASSETS:
        status = rig.partition_status(asset)
        assert [status[key] for key in ids] == ["FAILED", "MATERIALIZED"] * 2

    for n in (0, 2):
        rig.write(f"{n:04}.txt", "Mended words.")
    (request,) = rig.tick()
    assert rig.launch(request).success
    for asset in ASSETS:
        assert set(rig.partition_status(asset).values()) == {"MATERIALIZED"}


def test_a_range_with_one_failure_turns_that_one_red(rig: Rig) -> None:
    """A range has one planned event for all its partitions, which does not count."""
    ids = rig.write_many(3)
    rig.bring_through()
    rig.write_empty("0001.txt")
    rig.tick()
    result = rig.process_range(ids[0], ids[2])
    failure_of(result)
    assert _planned(rig, result) == {(asset, ids[1]) for asset in ASSETS}
    for asset in ASSETS:
        status = rig.partition_status(asset)
        assert [status[key] for key in ids] == ["MATERIALIZED", "FAILED", "MATERIALIZED"]


def test_only_stages_from_the_failed_one_on_are_red(rig: Rig) -> None:
    document_id = rig.write("a.pdf", b"%PDF-1.7\nnot a pdf")
    rig.tick()
    result = rig.process([document_id])
    assert set(materializations(result, "raw_document")) == {document_id}
    assert _planned(rig, result) == {(asset, document_id) for asset in ASSETS[1:]}
    status = {asset: rig.partition_status(asset)[document_id] for asset in ASSETS}
    assert status == {"raw_document": "MATERIALIZED", **dict.fromkeys(ASSETS[1:], "FAILED")}


def test_assets_that_were_not_selected_keep_their_colour(rig: Rig) -> None:
    document_id = rig.write("a.txt")
    rig.bring_through()
    rig.write_empty("a.txt")
    rig.tick()
    failure_of(rig.process([document_id], assets=["raw_document"]))
    status = {asset: rig.partition_status(asset)[document_id] for asset in ASSETS}
    assert status == {"raw_document": "FAILED", **dict.fromkeys(ASSETS[1:], "MATERIALIZED")}


def test_a_retired_key_that_is_added_again_has_its_colour_back(rig: Rig) -> None:
    """The partitions of deleted documents are deleted; their events stay."""
    document_id = rig.write("a.txt")
    rig.bring_through()
    rig.instance.delete_dynamic_partition("documents", document_id)
    assert rig.partition_status("raw_document") == {}
    rig.add_keys([document_id])
    assert rig.partition_status("raw_document") == {document_id: "MATERIALIZED"}


@pytest.mark.heavy
@pytest.mark.parametrize("count", [1, 3])
def test_a_run_of_keys_without_failures_writes_none(rig: Rig, count: int) -> None:
    ids = rig.write_many(count)
    rig.tick()
    assert _planned(rig, rig.process(ids)) == set()


def test_a_run_of_keys_is_not_partitioned(rig: Rig) -> None:
    """So its list of documents stands in the run configuration, for a retry to read."""
    ids = rig.write_many(2)
    rig.tick()
    result = rig.process(ids)
    run = rig.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.run_config == keys_config(ids)
    assert not any(tag.startswith("dagster/asset_partition") for tag in run.tags)


def test_a_tail_of_the_chain_needs_a_range(rig: Rig) -> None:
    """Dagster looks for the partition of the asset before, and finds none in a run of keys.

    So runs of keys always take the whole chain. No document is harmed.
    """
    document_id = rig.write("a.txt")
    rig.tick()
    assert rig.process([document_id], assets=ASSETS[:1]).success
    assert not rig.process([document_id], assets=ASSETS[1:]).success
    assert (rig.status(document_id), rig.get(document_id).attempts) == ("pending", 0)
    assert rig.process_range(document_id, document_id, assets=ASSETS[1:]).success
