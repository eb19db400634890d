"""Embeddings of OpenAI, or of any server that speaks its protocol.

Requests run in threads behind the rate gate; the SDK's own retries are off, because they fail
7 of 50 requests where the gate fails none.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from doc_pipeline.domain.errors import (
    EmbeddingRateLimited,
    EmbeddingRefused,
    EmbeddingUnavailable,
    InputTooLong,
    PipelineError,
)
from doc_pipeline.embedding.embedder import KNOWN_MODELS, BatchListener, EmbedderSpec
from doc_pipeline.embedding.openai_answers import name_failure, read_vectors
from doc_pipeline.embedding.packing import pack_requests, tokens_at_most
from doc_pipeline.embedding.rate_gate import RateGate, pause_announced, pause_asked

if TYPE_CHECKING:
    import numpy as np

DEFAULT_URL = "https://api.openai.com/v1"
_ATTEMPTS = 6
_FIRST_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 8.0
_LONGEST_RETRY_AFTER_S = 120.0
_MOST_REFUSALS = 30


class OpenAIEmbedder:
    """One client for all documents of a process; it is made at the first request."""

    max_input_tokens = 8_191
    vector_weight = 0.5

    def __init__(
        self,
        spec: EmbedderSpec,
        model_id: str,
        dimensions: int,
        *,
        first_backoff_s: float = _FIRST_BACKOFF_S,
    ) -> None:
        self.model_id = model_id
        self.dimensions = dimensions
        self.requests_made = 0
        self.tokens_used = 0
        self._spec = spec
        self._first_backoff_s = first_backoff_s
        self._gate = RateGate(spec.max_parallel)
        self._lock = threading.Lock()
        self._opened: Any = None
        known = KNOWN_MODELS.get(spec.model)
        self.price_per_million_tokens = known.price_per_million_tokens if known else 0.0
        # servers of other models refuse the parameter
        shortened = known is not None and dimensions != known.dimensions
        self._options: dict[str, Any] = {"dimensions": dimensions} if shortened else {}

    def embed_query(self, text: str) -> np.ndarray:
        """Vector of a question, float32 [dimensions]."""
        return self.embed_documents([text])[0]

    def embed_documents(
        self, texts: Sequence[str], on_progress: BatchListener | None = None
    ) -> np.ndarray:
        """Vectors of the texts, float32 [n, dimensions].

        A text that is too long does not keep the others from being embedded; `InputTooLong` comes
        at the end and holds the texts' places in its field `positions`.
        """
        import numpy as np

        sent = [_sendable(text) for text in texts]
        vectors = np.zeros((len(sent), self.dimensions), np.float32)
        too_long: list[int] = []
        stopped = threading.Event()
        workers = max(1, self._spec.max_parallel)
        with ThreadPoolExecutor(workers, thread_name_prefix="embedding") as pool:
            waiting = {
                pool.submit(self._request, [sent[i] for i in part], stopped): part
                for part in pack_requests(sent, workers)
            }
            try:
                while waiting:
                    for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                        part = waiting.pop(done)
                        batch = _vectors_or_none(done)
                        if batch is not None:
                            vectors[part.start : part.stop] = batch
                            if on_progress:
                                on_progress(part, batch)
                        elif len(part) == 1:
                            too_long.append(part.start)
                        else:
                            for half in _halves(part):
                                request = [sent[i] for i in half]
                                waiting[pool.submit(self._request, request, stopped)] = half
            finally:
                stopped.set()
                for future in waiting:
                    future.cancel()
        if too_long:
            raise InputTooLong(model=self.model_id, positions=tuple(sorted(too_long)))
        return vectors

    def _request(self, texts: list[str], stopped: threading.Event) -> np.ndarray:
        """Vectors of one request, tried until it is answered or there is no more hope."""
        tokens = sum(tokens_at_most(text) for text in texts)
        failures = refusals = 0
        while (entered_at := self._gate.enter(stopped)) is not None:
            try:
                answer = self._send(texts)
            finally:
                self._gate.leave()
            if not isinstance(answer, Exception):
                self._gate.succeeded(pause_announced(answer.headers, tokens))
                vectors, used = read_vectors(
                    answer.content, len(texts), self.dimensions, self.model_id
                )
                with self._lock:
                    self.tokens_used += used or tokens
                return vectors
            # raised outside of `except`: the SDK's text, which may hold the key or the texts,
            # does not become this error's context
            failure = name_failure(answer, self.model_id)
            if isinstance(failure, EmbeddingRateLimited):
                refusals += 1
                self._give_way(answer, failure, entered_at, refusals)
            elif isinstance(failure, EmbeddingUnavailable):
                failures += 1
                if failures >= _ATTEMPTS:
                    raise failure
                stopped.wait(self._backoff_s(failures))
            else:
                raise failure
        raise EmbeddingUnavailable(model=self.model_id)

    def _send(self, texts: list[str]) -> Any:
        """The raw answer, or the SDK's exception as a value."""
        from openai import OpenAIError

        with self._lock:
            self.requests_made += 1
        try:
            return self._client().embeddings.with_raw_response.create(
                model=self._spec.model, input=texts, encoding_format="base64", **self._options
            )
        except OpenAIError as error:
            return error

    def _give_way(
        self, answer: Exception, failure: PipelineError, entered_at: float, refusals: int
    ) -> None:
        asked = pause_asked(getattr(getattr(answer, "response", None), "headers", {}))
        if refusals >= _MOST_REFUSALS or (asked or 0.0) > _LONGEST_RETRY_AFTER_S:
            raise failure
        self._gate.refused(entered_at, self._backoff_s(refusals) if asked is None else asked)

    def _backoff_s(self, attempt: int) -> float:
        longest = min(_LONGEST_BACKOFF_S, self._first_backoff_s * 2 ** (attempt - 1))
        return longest * random.uniform(0.75, 1.0)  # noqa: S311 - spreads requests only

    def _client(self) -> Any:
        with self._lock:
            if self._opened is None:
                self._opened = self._open_client()
            return self._opened

    def _open_client(self) -> Any:
        spec = self._spec
        if not spec.api_key and not spec.base_url:
            raise EmbeddingRefused(model=self.model_id, status="no key is set")
        key = (spec.api_key or "").strip()
        if not (key.isascii() and key.isprintable()):
            # the libraries below would fail with the key in their text
            raise EmbeddingRefused(model=self.model_id, status="the key is not a key")
        from openai import OpenAI

        return OpenAI(
            # servers of one's own often take no key, but the SDK insists on one
            api_key=key or "none",
            base_url=spec.base_url or DEFAULT_URL,
            timeout=spec.timeout_s,
            max_retries=0,
        )


def _vectors_or_none(done: Future[np.ndarray]) -> np.ndarray | None:
    """The request's vectors; None when a text of it is too long."""
    try:
        return done.result()
    except InputTooLong:
        return None


def _halves(part: range) -> tuple[range, range]:
    middle = (part.start + part.stop) // 2
    return range(part.start, middle), range(middle, part.stop)


def _sendable(text: str) -> str:
    """The text as JSON can carry it; the service refuses an empty one."""
    return text.encode("utf-8", "replace").decode("utf-8") or " "
