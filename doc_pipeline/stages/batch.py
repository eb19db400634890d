"""A batch: many documents through the selected stages, each with its own outcome.

Documents are received, extracted and chunked a few side by side, and indexed and described in
waves. One bad file never hurts another; a fault that concerns all stops the batch and charges
nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.catalog.work import FinishedStage
from doc_pipeline.domain.document import Lifecycle
from doc_pipeline.domain.errors import (
    DocumentBusy,
    DocumentNotFound,
    EmbeddingRefused,
    PipelineError,
    StoreAway,
    StoreRefused,
    StoreUnavailable,
    as_pipeline_error,
)
from doc_pipeline.domain.stage import STAGES, Report, Stage, StageResult
from doc_pipeline.stages import results
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.attachments import register_attachments
from doc_pipeline.stages.chunk import ChunkedDocument, chunk_text, chunked_before
from doc_pipeline.stages.describe import describe_documents
from doc_pipeline.stages.embed import EmbeddedDocument, ReadyDocument, embed_documents
from doc_pipeline.stages.extract import (
    ExtractedDocument,
    extract_document,
    extract_fingerprint,
    extracted_before,
)
from doc_pipeline.stages.folders import sweep_folders, temporary_folder
from doc_pipeline.stages.fronts import Fronts
from doc_pipeline.stages.receive import (
    ReceivedFile,
    UploadGone,
    receive_document,
    received_before,
)

PROBE_KEY = "health/probe"
BACK = (Stage.EMBED, Stage.DESCRIBE)


@dataclass(frozen=True, slots=True)
class StageFailure:
    """Why a document stops at a stage. `cause` is for the log only, never stored."""

    document_id: str
    stage: Stage
    error: PipelineError
    cause: BaseException | None = None


@dataclass(frozen=True, slots=True)
class DocumentGone:
    """The upload was deleted before this run came to it: no result and no failure."""

    document_id: str


class BatchStopped(Exception):
    """The batch ends while this document is under way: it is given back, not failed."""


Outcome = StageResult | StageFailure | DocumentGone


@dataclass(slots=True)
class Batch:
    """One run's work on its documents. `stages` may be a part of the chain (a retry's tail)."""

    adapters: Adapters
    run_id: str
    stages: Collection[Stage]
    report: Report
    is_live: Callable[[str], bool]
    clock: Callable[[], float] = time.monotonic
    _unsettled: dict[str, ClaimedDocument] = field(default_factory=dict[str, ClaimedDocument])
    _is_stopped: bool = False

    def process(self, document_ids: Sequence[str]) -> Iterator[Outcome]:
        """Claim the documents and bring each through; yield what each stage did as it is done.

        Raises a batch-wide `PipelineError` after giving unsettled documents back to the queue.
        """
        sweep_folders()
        work = self.adapters.catalog.work
        claim = work.claim(document_ids, self.run_id, self.is_live)
        self._unsettled = {document.document_id: document for document in claim.documents}
        first = next(stage for stage in STAGES if stage in self.stages)
        try:
            for document_id, run_id in claim.busy.items():
                yield StageFailure(document_id, first, DocumentBusy(run_id=run_id))
            for document_id in claim.unknown:
                yield StageFailure(document_id, first, DocumentNotFound(document_id=document_id))
            yield from self._process_claimed(claim.documents)
        finally:
            # Also when the run is cancelled or a batch-wide fault stops it: whoever comes next
            # finds these documents waiting, with no attempt charged.
            if self._unsettled:
                work.give_back(list(self._unsettled), self.run_id)

    # -- the chain ------------------------------------------------------------------------------

    def _process_claimed(self, documents: Sequence[ClaimedDocument]) -> Iterator[Outcome]:
        ids = [document.document_id for document in documents]
        received = self.adapters.catalog.work.finished(ids, Stage.RECEIVE)
        wave: list[ReadyDocument] = []
        opened_at = self.clock()

        def front(document: ClaimedDocument) -> tuple[list[Outcome], ReadyDocument | None]:
            return self._front(document, received.get(document.document_id))

        fronts = Fronts(
            front,
            at_once=self.adapters.settings.at_once,
            patience_s=self.adapters.settings.commit_seconds,
        )
        try:
            for done in fronts.run(documents):
                if done is not None:
                    outcomes, ready = done
                    yield from outcomes
                    if ready is not None:
                        wave.append(ready)
                if wave and self._is_full(wave, opened_at):
                    yield from self._back(wave)
                    wave = []
                if not wave:
                    opened_at = self.clock()
        finally:
            self._is_stopped = True
            fronts.stop(self.adapters.stop_extracting)
        if wave:
            yield from self._back(wave)

    def _is_full(self, wave: Sequence[ReadyDocument], opened_at: float) -> bool:
        settings = self.adapters.settings
        is_old = self.clock() - opened_at >= settings.commit_seconds
        return len(wave) >= settings.commit_documents or is_old

    def _front(
        self, document: ClaimedDocument, before: FinishedStage | None
    ) -> tuple[list[Outcome], ReadyDocument | None]:
        """Receive, extract and chunk one document; None when it stops here."""
        outcomes: list[Outcome] = []
        if document.lifecycle is not Lifecycle.ACTIVE:
            return [self._gone(document)], None
        steps = _FrontSteps(self, document, before, outcomes)
        try:
            with temporary_folder() as folder:
                ready = steps.run(folder)
        except UploadGone:
            # Not deleted here: only a whole look can tell a deleted file from a share that
            # is not mounted. Given back at the end of the batch.
            return [*outcomes, self._gone(document)], None
        except Exception as error:  # noqa: BLE001 - one bad file never hurts another
            if self._is_stopped:
                return outcomes, None  # cut short with the batch: given back, not failed
            return [*outcomes, self._failed(document, steps.stage, error)], None
        return outcomes, ready

    def _back(self, wave: Sequence[ReadyDocument]) -> Iterator[Outcome]:
        """Index and describe a wave; when one document spoils it, go on one by one."""
        if not any(stage in self.stages for stage in BACK):
            return
        started = time.perf_counter()
        try:
            self.note_started([ready.document for ready in wave], Stage.EMBED)
            embedded = embed_documents(wave, self.adapters)
        except Exception as error:
            if _concerns_all(as_pipeline_error(error)):
                raise
            if len(wave) > 1:
                for ready in wave:
                    yield from self._back([ready])
            else:
                yield self._failed(wave[0].document, Stage.EMBED, error)
            return
        if Stage.EMBED in self.stages:
            seconds = (time.perf_counter() - started) / len(wave)
            yield from self.note_finished(
                [results.embed_result(item, seconds, self.adapters) for item in embedded]
            )
        if Stage.DESCRIBE in self.stages:
            yield from self._describe(embedded)

    def _describe(self, embedded: Sequence[EmbeddedDocument]) -> Iterator[Outcome]:
        started = time.perf_counter()
        try:
            self.note_started([item.ready.document for item in embedded], Stage.DESCRIBE)
            describe_documents(embedded, self.run_id, self.adapters)
        except Exception as error:
            if _concerns_all(as_pipeline_error(error)):
                raise
            if len(embedded) > 1:
                for item in embedded:
                    yield from self._describe([item])
            else:
                yield self._failed(embedded[0].ready.document, Stage.DESCRIBE, error)
            return
        seconds = (time.perf_counter() - started) / len(embedded)
        yield from self.note_finished([results.describe_result(item, seconds) for item in embedded])
        for item in embedded:
            self._unsettled.pop(item.ready.document.document_id, None)

    # -- telling --------------------------------------------------------------------------------

    def note_started(
        self, documents: Sequence[ClaimedDocument], stage: Stage, **figures: object
    ) -> None:
        """Tell catalog and log that a stage begins."""
        ids = [document.document_id for document in documents]
        self.adapters.catalog.work.stage_started(ids, stage, self.run_id)
        for document_id in ids:
            self.report(document_id, stage, "started", **figures)

    def note_finished(self, done: Sequence[StageResult]) -> list[Outcome]:
        """Tell catalog and log what a stage did."""
        self.adapters.catalog.work.stage_finished(done, self.run_id)
        for result in done:
            self.report(result.document_id, result.stage, "finished", **result.figures)
        return list(done)

    def check_goes_on(self) -> None:
        """Begin no further stage while the batch ends. Raises `BatchStopped`."""
        if self._is_stopped:
            raise BatchStopped

    def _failed(self, document: ClaimedDocument, stage: Stage, cause: BaseException) -> Outcome:
        error = as_pipeline_error(cause)
        if isinstance(error, StoreUnavailable | StoreRefused):
            self._check_stores()
        if _concerns_all(error):
            raise error from cause
        work = self.adapters.catalog.work
        work.fail(document.document_id, stage, error, self.run_id, document.version)
        self._unsettled.pop(document.document_id, None)
        self.report(document.document_id, stage, "failed", code=error.code)
        return StageFailure(document.document_id, stage, error, cause)

    def _check_stores(self) -> None:
        """Tell one refused key from a store that is away: the latter is no document's fault."""
        for store, try_it in (
            ("upload", self.adapters.uploads.root_identity),
            ("artifact", lambda: self.adapters.artifacts.put(PROBE_KEY, b"")),
        ):
            try:
                try_it()
            except (StoreUnavailable, StoreRefused) as away:
                raise StoreAway(store=store) from away

    def _gone(self, document: ClaimedDocument) -> Outcome:
        self.report(document.document_id, Stage.RECEIVE, "skipped: the upload was deleted")
        return DocumentGone(document.document_id)


@dataclass(slots=True)
class _FrontSteps:
    """The first three stages of one document; `stage` says where it stands."""

    batch: Batch
    document: ClaimedDocument
    before: FinishedStage | None
    outcomes: list[Outcome]
    stage: Stage = Stage.RECEIVE

    def run(self, folder: Path) -> ReadyDocument | None:
        last = [stage for stage in STAGES if stage in self.batch.stages][-1]
        received = self._receive(folder)
        if last is Stage.RECEIVE:
            return None
        if Stage.EXTRACT in self.batch.stages:
            extracted = self._extract(received)
            if last is Stage.EXTRACT:
                return None
            chunked = self._chunk(received, extracted)
        else:
            chunked = self._chunk_from_before(received)
        return ReadyDocument(self.document, received.version, chunked)

    def _receive(self, folder: Path) -> ReceivedFile:
        adapters = self.batch.adapters
        if Stage.RECEIVE not in self.batch.stages:
            return received_before(self.document, self.before, adapters)
        started = self._start(Stage.RECEIVE, key=self.document.source_key)
        received = receive_document(self.document, self.before, adapters, folder)
        self._finish(results.receive_result(self.document, received, _since(started)))
        return received

    def _extract(self, received: ReceivedFile) -> ExtractedDocument:
        started = self._start(Stage.EXTRACT, type=received.kind, mime=received.mime)
        extracted = extract_document(self.document, received, self.batch.adapters, self._progress)
        seconds = _since(started)
        adapters, run_id = self.batch.adapters, self.batch.run_id
        register_attachments(self.document, received, extracted, run_id, adapters)
        self._finish(results.extract_result(self.document, received, extracted, seconds))
        return extracted

    def _chunk(self, received: ReceivedFile, extracted: ExtractedDocument) -> ChunkedDocument:
        adapters = self.batch.adapters
        if Stage.CHUNK not in self.batch.stages:
            fingerprint = extracted.fingerprint
            return chunked_before(self.document, received.version, fingerprint, adapters)
        started = self._start(Stage.CHUNK)
        chunked = chunk_text(self.document, received.version, extracted, adapters)
        seconds, fingerprint = _since(started), extracted.fingerprint
        self._finish(
            results.chunk_result(self.document, received.version, fingerprint, chunked, seconds)
        )
        return chunked

    def _chunk_from_before(self, received: ReceivedFile) -> ChunkedDocument:
        adapters = self.batch.adapters
        if Stage.CHUNK in self.batch.stages:
            self.stage = Stage.CHUNK
            return self._chunk(received, extracted_before(self.document, received, adapters))
        self.stage = next(stage for stage in STAGES if stage in self.batch.stages)
        fingerprint = extract_fingerprint(self.document, received, self.batch.adapters)
        return chunked_before(self.document, received.version, fingerprint, adapters)

    def _progress(self, done: int, of: int) -> None:
        """Move the document's progress from 10 to 30 as pages are extracted."""
        if done == of or done % max(1, of // 20) == 0:
            progress = 10 + (20 * done) // max(1, of)
            work = self.batch.adapters.catalog.work
            work.set_progress(self.document.document_id, progress, self.batch.run_id)

    def _start(self, stage: Stage, **figures: object) -> float:
        self.batch.check_goes_on()
        self.stage = stage
        self.batch.note_started([self.document], stage, **figures)
        return time.perf_counter()

    def _finish(self, result: StageResult) -> None:
        self.outcomes.extend(self.batch.note_finished([result]))


def _concerns_all(error: PipelineError) -> bool:
    """Whether going on with other documents is useless."""
    is_about_one_text = isinstance(error, EmbeddingRefused) and error.fields.get("status") in {
        400,
        422,
    }
    return error.is_batch_wide and not is_about_one_text


def _since(started: float) -> float:
    return time.perf_counter() - started
