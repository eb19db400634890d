"""One file with one child: the request, its reports, its answer, and the limits on all of it.

CPU and address space are limited inside the child; time, memory and processes of all it started
are watched from here.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import (
    ExtractionTimedOut,
    MemoryExceeded,
    OverLimit,
    PipelineError,
)
from doc_pipeline.domain.limits import MIB
from doc_pipeline.extraction.isolation import answers, codec, session
from doc_pipeline.extraction.isolation.nursery import Worker
from doc_pipeline.extraction.isolation.wire import MessageTooLong, WireGarbage, send
from doc_pipeline.extraction.request import ExtractRequest

CLOSED = "it ended"
_LOOK_EVERY_S = 0.1
_SLACK_BYTES = MIB
"""Room for the frame around an answer whose size the child has checked already."""
_STARTING_S = 120.0
"""For importing libraries, once in a child; seconds on a machine that is not overloaded."""
_MOST_EXTENSION_S = 24 * 3600.0
"""What OCR may add in all; pages that are done by then are found again at the next try."""


class Crash(Exception):
    """The child died, or spoke nonsense. `how` is for people."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Conversation:
    """Asks a child to extract one file and listens until it answers or breaks a limit.

    `peak_bytes` is the most memory that it and all it started were seen to take.
    """

    def __init__(self, worker: Worker, path: Path, request: ExtractRequest) -> None:
        self._worker = worker
        self._path = path
        self._request = request
        self._started_at = time.monotonic()
        self._looked_at = self._started_at
        self._allowed_s = request.limits.wall_s + _STARTING_S
        self._is_ready = False
        self._memory_before = session.load_of(worker.pid).memory_bytes
        self.peak_bytes = 0

    def hold(self) -> ExtractedText | PipelineError:
        """The child's answer: the text, with what it took to the end, or the file's error.

        Raises `Crash`, `ExtractionTimedOut`, `MemoryExceeded`, `OverLimit`, and what the
        request's own functions raise.
        """
        try:
            send(self._worker.channel, codec.request_to_message(self._path, self._request))
        except OSError:
            raise Crash(CLOSED) from None
        while True:
            message = self._listen()
            if message is not None and not self._is_report(message):
                return self._outcome(message)
            if time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
                self._look()
                self._looked_at = time.monotonic()

    def _listen(self) -> dict[str, Any] | None:
        """The next message, or None after a short silence."""
        most = self._request.limits.output_bytes + _SLACK_BYTES
        try:
            message = self._worker.reader.read(most, _LOOK_EVERY_S)
        except TimeoutError:
            return None
        except WireGarbage:
            raise Crash("it wrote garbage") from None
        except MessageTooLong as too_long:
            allowed = self._request.limits.output_bytes
            raise OverLimit(limit="output_bytes", allowed=allowed, found=too_long.args[0]) from None
        if message is None:
            raise Crash(CLOSED)
        return message

    def _look(self) -> None:
        """End the conversation when the child and all it started take too much."""
        limits = self._request.limits
        if time.monotonic() - self._started_at > self._allowed_s:
            raise ExtractionTimedOut(limit="wall", seconds=round(self._allowed_s))
        if not self._is_ready:
            return  # it imports libraries; the file has not been opened
        load = session.load_of(self._worker.pid)
        grown = load.memory_bytes - self._memory_before
        self.peak_bytes = max(self.peak_bytes, grown)
        if load.tasks > limits.processes:
            raise OverLimit(limit="processes", allowed=limits.processes, found=load.tasks)
        if grown > limits.memory_bytes:
            raise MemoryExceeded(allowed_mb=limits.memory_bytes // MIB)

    def _is_report(self, message: dict[str, Any]) -> bool:
        """Pass on what the child tells while it works. Raises `Crash` for nonsense."""
        request = self._request
        if "ready" in message and not self._is_ready:
            self._begin()
            return True
        try:
            if "progress" in message:
                tell = partial(request.report, *answers.progress_of(message["progress"]))
            elif "keep" in message:
                name = answers.checkpoint_of(message["keep"], request.folder)
                tell = partial(request.keep, name)
            elif "extend" in message:
                tell = partial(self._extend, answers.seconds_of(message["extend"]))
            else:
                return False
        except ValueError:
            raise Crash("it reported nonsense") from None
        tell()
        return True

    def _begin(self) -> None:
        """The libraries are there: what comes now is charged to the document."""
        self._is_ready = True
        self._started_at = time.monotonic()
        self._allowed_s = self._request.limits.wall_s
        self._memory_before = session.load_of(self._worker.pid).memory_bytes

    def _extend(self, seconds: float) -> None:
        most_s = self._request.limits.wall_s + _MOST_EXTENSION_S
        self._allowed_s = min(self._allowed_s + seconds, most_s)

    def _outcome(self, answer: dict[str, Any]) -> ExtractedText | PipelineError:
        request, wall_s = self._request, time.monotonic() - self._started_at
        try:
            if "error" in answer:
                return answers.error_of(answer["error"], request.kind)
            usage = answers.usage_of(answer.get("usage"), wall_s, self.peak_bytes)
            return replace(answers.result_of(answer.get("result"), request), usage=usage)
        except ValueError:
            raise Crash("it answered nonsense") from None
