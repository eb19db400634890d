"""What is kept of an error: code, verdict and our own sentence, never a library's text."""

from __future__ import annotations

from typing import Any

from doc_pipeline.catalog.models import now
from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.domain.errors import PipelineError, RejectedError
from doc_pipeline.domain.stage import Stage

MAX_MESSAGE = 2000


def status_after(error: PipelineError) -> ProcessingStatus:
    """Where an error leaves its document."""
    is_rejected = isinstance(error, RejectedError)
    return ProcessingStatus.QUARANTINED if is_rejected else ProcessingStatus.FAILED


def error_columns(error: PipelineError, stage: Stage) -> dict[str, Any]:
    """What a document shows of its error; the message names the stage."""
    return {
        "error_code": error.code,
        "error_message": f"{stage.value}: {error.sentence}"[:MAX_MESSAGE],
        "failed_stage": stage,
    }


def error_row(
    document_id: str,
    error: PipelineError,
    *,
    stage: Stage,
    attempt: int,
    version: int | None,
    run_id: str | None,
) -> dict[str, Any]:
    """One row of document_errors."""
    return {
        "document_id": document_id,
        "version": version,
        "stage": stage,
        "code": error.code,
        "verdict": error.verdict,
        "message": error.sentence[:MAX_MESSAGE],
        "attempt": attempt,
        "run_id": run_id,
        "at": now(),
    }
