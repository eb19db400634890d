"""The pause after a fault that concerns all documents, such as a spent quota.

Kept in the catalog, so that all processes see it; it doubles from one minute to half an hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.domain.errors import CatalogUnavailable, PipelineError

STATE = "pause"
FIRST_S = 60.0
LONGEST_S = 1800.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Why no new batch starts, and until when (seconds since the epoch)."""

    until: float
    times: int
    code: str
    sentence: str
    remedy: str


def current_pause(catalog: Catalog, clock: Callable[[], float] = time.time) -> Pause | None:
    """The pause in force, if any."""
    state = catalog.discovery.get_state(STATE)
    pause = Pause(**state) if state else None
    return pause if pause is not None and pause.until > clock() else None


def pause_after(
    catalog: Catalog, error: PipelineError, clock: Callable[[], float] = time.time
) -> None:
    """Start or lengthen the pause. A catalog that is away cannot remember one: batches fail."""
    try:
        state = catalog.discovery.get_state(STATE) or {}
        times = int(state.get("times", 0)) + 1
        until = clock() + min(LONGEST_S, FIRST_S * 2 ** (times - 1))
        catalog.discovery.set_state(
            STATE,
            {
                "until": until,
                "times": times,
                "code": error.code,
                "sentence": error.sentence,
                "remedy": error.remedy,
            },
        )
    except CatalogUnavailable:
        return


def end_pause(catalog: Catalog) -> None:
    """A batch came through: go on without a pause."""
    if catalog.discovery.get_state(STATE):
        catalog.discovery.set_state(STATE, None)
