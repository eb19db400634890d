"""How a stage's result looks in the Dagster UI: metadata, tags, previews and the outcome table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from doc_pipeline.domain.stage import ASSET_OF_STAGE, CODE_VERSION, STAGES, Stage, StageResult
from doc_pipeline.stages.batch import StageFailure

OUTCOME_ROWS = 200
"""Rows of the outcome table: failed documents come first, the rest is counted."""


def materialization_of(result: StageResult, artifacts_url: str) -> dg.AssetMaterialization:
    """The event that turns one document green for one asset, with figures that plot over time."""
    metadata: dict[str, dg.MetadataValue] = {
        name: _value(value) for name, value in result.figures.items()
    }
    metadata["reused"] = dg.MetadataValue.bool(result.is_reused)
    metadata["document_version"] = dg.MetadataValue.int(result.version)
    if result.artifact_key is not None:
        metadata["artifact"] = _link(f"{artifacts_url.rstrip('/')}/{result.artifact_key}")
    if result.preview:
        metadata["preview"] = dg.MetadataValue.md(_quoted(result.preview))
    return dg.AssetMaterialization(
        ASSET_OF_STAGE[result.stage],
        partition=result.document_id,
        metadata=metadata,
        tags=_version_tags(result),
    )


def _version_tags(result: StageResult) -> dict[str, str]:
    """What an explicit materialization does not carry by itself.

    Without the version of its input Dagster shows every document as out of sync.
    """
    tags = {
        "dagster/code_version": CODE_VERSION[result.stage],
        "dagster/data_version": result.data_version,
    }
    if result.input_data_version is not None:
        before = ASSET_OF_STAGE[STAGES[STAGES.index(result.stage) - 1]]
        tags[f"dagster/input_data_version/{before}"] = result.input_data_version
        # Which event brought the input does not matter, only its version; both tags must be there.
        tags[f"dagster/input_event_pointer/{before}"] = "NULL"
    return tags


def outcome_table(
    done: Mapping[str, Mapping[Stage, StageResult]], failures: Sequence[StageFailure]
) -> dg.TableMetadataValue:
    """One row per document of the run: what became of it, where and why it stopped."""
    failed = {failure.document_id for failure in failures}
    rows = [
        dg.TableRecord(
            {
                "document": failure.document_id,
                "outcome": failure.error.verdict.value,
                "stage": failure.stage.value,
                "code": failure.error.code,
                "what to do": f"{failure.error.sentence} {failure.error.remedy}",
                "seconds": _seconds(done.get(failure.document_id, {})),
            }
        )
        for failure in failures
    ]
    rows += [
        dg.TableRecord(
            {
                "document": document_id,
                "outcome": "done",
                "stage": next(s.value for s in reversed(STAGES) if s in results),
                "code": "",
                "what to do": "",
                "seconds": _seconds(results),
            }
        )
        for document_id, results in done.items()
        if document_id not in failed
    ]
    columns = [
        dg.TableColumn(name, "float" if name == "seconds" else "string")
        for name in ("document", "outcome", "stage", "code", "what to do", "seconds")
    ]
    return dg.MetadataValue.table(rows[:OUTCOME_ROWS], dg.TableSchema(columns=columns))


def _seconds(results: Mapping[Stage, StageResult]) -> float:
    return round(sum(result.seconds for result in results.values()), 3)


def _value(value: float | str) -> dg.MetadataValue:
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    return (
        dg.MetadataValue.float(value) if isinstance(value, float) else dg.MetadataValue.text(value)
    )


def _link(url: str) -> dg.MetadataValue:
    if url.startswith("file://"):
        return dg.MetadataValue.path(url.removeprefix("file://"))
    return dg.MetadataValue.url(url)


def _quoted(text: str) -> str:
    """A Markdown block that shows the text as it is, whatever marks it contains."""
    return "\n".join(f"    {line}" for line in text.splitlines())
