"""Extraction in child processes that can be killed: the one door for all others.

A file that hangs, crashes or devours gets a typed error; its neighbours do not notice. Knows no
format.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import (
    ExtractionTimedOut,
    ExtractionUnavailable,
    ExtractorCrashed,
    MemoryExceeded,
    PipelineError,
)
from doc_pipeline.domain.limits import MIB
from doc_pipeline.extraction.isolation import session
from doc_pipeline.extraction.isolation.conversation import CLOSED, Conversation, Crash
from doc_pipeline.extraction.isolation.nursery import Nursery, NurseryGone, Worker
from doc_pipeline.extraction.registry import ExtractRequest, extractor_for

EXTRACT = "doc_pipeline.extraction.registry:extract_file"
_OUT_OF_MEMORY = ("bad_alloc", "memory allocation of", "out of memory", "Cannot allocate memory")
_ATTEMPTS = 2
_MOST_LOST = 3
"""How often a file is begun again when its zygote died under it: not the file's doing."""
_ABORTS = {signal.SIGABRT, signal.SIGILL, signal.SIGTRAP}
"""How C++ libraries (pdfium) end when they get no memory; they say nothing."""
_MUCH = 4
"""Who had taken a quarter of its memory by then ended for the next piece, mostly as much again."""
_BREATH_S = 0.5
"""Before no process is asked for again: a neighbour that took them all is being ended."""


class ExtractionInterrupted(Exception):
    """The extraction was cut short because its run ends; nothing is wrong with the file."""


class _Lost(Exception):
    """The child died with its zygote; what it did by then is gone."""


class ExtractionPool:
    """Warm child processes; one file at a time in each.

    Children start with the first file. Safe to use from several threads.
    """

    def __init__(self, workers: int, recycle_after: int, entry: str = EXTRACT) -> None:
        self._recycle_after = recycle_after
        self._nursery = Nursery(entry)
        self._free = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: set[int] = set()
        self._interrupts = 0
        self._seen: dict[str, None] = {}

    def extract(self, path: Path, request: ExtractRequest) -> ExtractedText:
        """Text and elements of a file, with what that took.

        Raises what `extract_file` raises, and `ExtractionTimedOut`, `MemoryExceeded`,
        `OverLimit`, `ExtractorCrashed`; `ExtractionUnavailable` when no child can be started;
        `ExtractionInterrupted` after `interrupt`; and whatever the request's own functions raise.
        """
        interrupts = self._interrupts
        with self._free:
            crashed = lost = 0
            while True:
                if interrupts != self._interrupts:
                    raise ExtractionInterrupted
                try:
                    return self._extract_once(path, request, interrupts)
                except (_Lost, Crash) as ended:
                    if interrupts != self._interrupts:
                        raise ExtractionInterrupted from None
                    lost += isinstance(ended, _Lost)
                    crashed += isinstance(ended, Crash)
                    if crashed == _ATTEMPTS or lost > _MOST_LOST:
                        raise ExtractorCrashed(kind=request.kind, how=str(ended)) from None

    @property
    def is_offline(self) -> bool:
        """Whether the children have no network; known when one has started."""
        return self._nursery.is_offline

    def interrupt(self) -> None:
        """Make extractions that are under way in other threads raise; later ones work again."""
        with self._lock:
            self._interrupts += 1
            for pid in self._busy:  # under the lock: afterwards a number may be another's
                session.kill_quietly(pid)

    def close(self) -> None:
        """Interrupt what is under way and end all children. Used again, the pool starts anew."""
        self.interrupt()
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.channel.close()
            worker.errors.close()
        self._nursery.close()

    def _extract_once(self, path: Path, request: ExtractRequest, interrupts: int) -> ExtractedText:
        worker = self._take(interrupts)
        conversation = Conversation(worker, path, request)
        try:
            outcome = conversation.hold()
        except Crash as crash:
            raise self._named(worker, crash, request, conversation.peak_bytes) from None
        except BaseException:
            self._end(worker)
            raise
        self._give_back(worker, request.kind)
        if isinstance(outcome, PipelineError):
            raise outcome
        return outcome

    def _named(
        self, worker: Worker, crash: Crash, request: ExtractRequest, peak_bytes: int
    ) -> Exception:
        """What a child died of, as its wait status, its memory and its last words tell."""
        printed = worker.printed()
        status = self._end(worker)
        limits = request.limits
        how = crash.how
        is_out_of_memory = any(words in printed for words in _OUT_OF_MEMORY)
        if status is None and how == CLOSED:
            return _Lost("with all the others")
        if status is not None and os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGXCPU:
                return ExtractionTimedOut(limit="cpu", seconds=round(limits.cpu_s))
            is_out_of_memory |= number in _ABORTS and peak_bytes > limits.memory_bytes // _MUCH
            if number != signal.SIGKILL or how == CLOSED:
                names = {known.value: known.name for known in signal.Signals}
                how = f"signal {names.get(number, number)}"
        elif status is not None and how == CLOSED:
            how = f"exit {os.WEXITSTATUS(status)}"
        if is_out_of_memory:
            return MemoryExceeded(allowed_mb=limits.memory_bytes // MIB)
        return Crash(how)

    def _take(self, interrupts: int) -> Worker:
        """A child for one file; none when the work was interrupted while it started."""
        worker = self._idle_worker()
        for attempt in range(_ATTEMPTS):
            if worker is not None:
                break
            try:
                worker = self._nursery.spawn(list(self._seen))
            except NurseryGone:
                if attempt + 1 == _ATTEMPTS:
                    raise ExtractionUnavailable from None
                time.sleep(_BREATH_S)
        assert worker is not None
        with self._lock:
            self._busy.add(worker.pid)
            is_interrupted = interrupts != self._interrupts
        if is_interrupted:
            self._end(worker)
            raise ExtractionInterrupted
        worker.documents += 1
        worker.forget_printed()
        return worker

    def _idle_worker(self) -> Worker | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                worker = self._idle.pop()
            if worker.is_silent():
                return worker
            self._end(worker)  # it died, or spoke, while nobody had asked it anything

    def _give_back(self, worker: Worker, kind: str) -> None:
        with suppress(PipelineError):
            self._seen.setdefault(extractor_for(kind).module)
        if worker.documents >= self._recycle_after:
            self._end(worker)
            return
        with self._lock:
            self._busy.discard(worker.pid)
            self._idle.append(worker)

    def _end(self, worker: Worker) -> int | None:
        with self._lock:
            self._busy.discard(worker.pid)
        return self._nursery.end(worker)


def open_pool(workers: int, recycle_after: int, entry: str = EXTRACT) -> ExtractionPool:
    """A pool of `workers` children, each replaced after `recycle_after` documents.

    `entry` is the function "module:name" that extracts, for tests.
    """
    return ExtractionPool(workers, recycle_after, entry)
