"""The stages a document passes, their assets, progress scale and code versions.

Knows nothing of how a stage is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """One step of the pipeline. `REMOVE` stands outside the chain."""

    RECEIVE = "receive"
    EXTRACT = "extract"
    CHUNK = "chunk"
    EMBED = "embed"
    DESCRIBE = "describe"
    REMOVE = "remove"


STAGES = (Stage.RECEIVE, Stage.EXTRACT, Stage.CHUNK, Stage.EMBED, Stage.DESCRIBE)
"""The chain, in order."""

ASSET_OF_STAGE = {
    Stage.RECEIVE: "raw_document",
    Stage.EXTRACT: "extracted_text",
    Stage.CHUNK: "document_chunks",
    Stage.EMBED: "chunk_embeddings",
    Stage.DESCRIBE: "document_record",
}
STAGE_OF_ASSET = {asset: stage for stage, asset in ASSET_OF_STAGE.items()}

CODE_VERSION = {
    Stage.RECEIVE: "2",
    Stage.EXTRACT: "2",
    Stage.CHUNK: "1",
    Stage.EMBED: "1",
    Stage.DESCRIBE: "2",
}
"""Raise a stage's number when its output changes for the same input: its results are redone."""

PROGRESS_AFTER = {
    Stage.RECEIVE: 10,
    Stage.EXTRACT: 30,
    Stage.CHUNK: 80,
    Stage.EMBED: 90,
    Stage.DESCRIBE: 100,
}
"""Percent done when a stage has finished; 0 is 'registered'."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage did for one version of one document.

    `figures` holds numbers and short texts for people (bytes, pages, chunks, seconds …), never
    content. `data_version` changes exactly when the stage's output changes; `input_data_version`
    is that of the stage before, from which this output was made.
    """

    document_id: str
    version: int
    stage: Stage
    fingerprint: str
    artifact_key: str | None
    is_reused: bool
    seconds: float
    data_version: str
    input_data_version: str | None = None
    figures: dict[str, int | float | str] = field(default_factory=dict[str, int | float | str])
    preview: str = ""


class Report(Protocol):
    """How a stage tells what it does: one short event with plain figures."""

    def __call__(self, document_id: str, stage: Stage, event: str, **figures: object) -> None:
        """Say `event` (a few words) of a document's stage."""
        ...
