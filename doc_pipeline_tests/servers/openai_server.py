"""A server that speaks OpenAI's embedding protocol, with latency, rate limits and faults.

Standard library only. Vectors come from the text, so that equal texts get equal vectors.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

TEST_KEY = "sk-test-a-key-that-must-not-be-seen"


@dataclass
class Refusal:
    """An answer that is no answer, given once. Status 0 drops the connection."""

    status: int
    code: str | None = None
    message: str = "refused"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class OpenAIServer:
    """What the server shall do, and what it saw. Change it while it runs."""

    url: str = ""
    dimensions: int = 1536
    latency_s: float = 0.0
    sends_floats: bool = False
    # refusals of the next requests, then of all requests
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    always: Refusal | None = None
    # 429 above these
    most_at_once: int | None = None
    most_per_second: float | None = None
    # 400 'maximum context length' for an input with more bytes
    most_bytes: int | None = None
    # 'short', 'wrong_size', 'nan', 'zero', 'garbage', 'duplicate', 'shuffled'
    fault: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    batches: list[list[str]] = field(default_factory=list[list[str]])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    keys: set[str] = field(default_factory=set[str])
    refused: int = 0
    peak: int = 0
    _in_flight: int = 0
    _allowance: float = 1.0
    _seen_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def texts(self) -> list[str]:
        """All texts that were embedded, in the order of the answers."""
        return [text for batch in self.batches for text in batch]

    def vector_of(self, text: str) -> list[float]:
        """The vector this server gives for a text."""
        seed = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        values = [(seed[i % 32] - 127.5) / 128 + i / 1e4 for i in range(self.dimensions)]
        length = sum(value * value for value in values) ** 0.5
        return [value / length for value in values]

    def answer(self, body: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers for a request."""
        with self._lock:
            self._in_flight += 1
            self.peak = max(self.peak, self._in_flight)
            refusal = self._refusal_of(body)
            if refusal is not None:
                self.refused += 1
        try:
            time.sleep(self.latency_s)
            if refusal is not None:
                return self._refuse(refusal, body)
            return 200, self._embed(body), dict(self.headers)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _refusal_of(self, body: dict[str, Any]) -> Refusal | None:
        if self.refusals:
            return self.refusals.pop(0)
        if self.always:
            return self.always
        if self.most_bytes and any(len(t.encode()) > self.most_bytes for t in body["input"]):
            message = "This model's maximum context length is 8192 tokens"
            return Refusal(400, "invalid_request_error", message)
        if self.most_at_once and self._in_flight > self.most_at_once:
            return Refusal(429, "rate_limit_exceeded", headers={"retry-after-ms": "20"})
        if self.most_per_second and not self._is_allowed():
            return Refusal(429, "rate_limit_exceeded")
        return None

    def _is_allowed(self) -> bool:
        now = time.monotonic()
        rate = self.most_per_second or 1.0
        self._allowance = min(rate, self._allowance + (now - self._seen_at) * rate)
        self._seen_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _refuse(self, refusal: Refusal, body: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        # a real server quotes the key and the input in its message
        message = f"{refusal.message}; you sent {sorted(self.keys)} {body['input']}"
        error = {"message": message, "type": refusal.code, "code": refusal.code}
        return refusal.status, json.dumps({"error": error}).encode(), dict(refusal.headers)

    def _embed(self, body: dict[str, Any]) -> bytes:
        texts: list[str] = body["input"]
        with self._lock:
            self.batches.append(texts)
            self.bodies.append(body)
        if self.fault == "garbage":
            return b"<html>gateway page</html>"
        items = [{"index": i, "embedding": self._encoded(t, body)} for i, t in enumerate(texts)]
        if self.fault == "short":
            items = items[:-1]
        elif self.fault == "duplicate":
            items[-1]["index"] = 0
        elif self.fault == "shuffled":
            items.reverse()
        tokens = sum(len(text) // 4 + 1 for text in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        answer = {"object": "list", "model": body["model"], "data": items, "usage": usage}
        return json.dumps(answer).encode()

    def _encoded(self, text: str, body: dict[str, Any]) -> str | list[float]:
        vector = self.vector_of(text)
        if self.fault == "wrong_size":
            vector = vector[:-1]
        elif self.fault == "nan":
            vector[0] = float("nan")
        elif self.fault == "zero":
            vector = [0.0] * len(vector)
        if self.sends_floats or body.get("encoding_format") != "base64":
            return vector
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _handler_of(state: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            state.keys.add(self.headers.get("authorization", "").removeprefix("Bearer "))
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path != "/v1/embeddings":
                status, content, headers = 404, b"{}", {}
            else:
                status, content, headers = state.answer(body)
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def run_openai_server(**settings: Any) -> Iterator[OpenAIServer]:
    """Run the server on a free port of this machine."""
    state = OpenAIServer(**settings)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), _handler_of(state))
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    """A fresh server; set its fields to make it misbehave."""
    with run_openai_server(dimensions=32) as server:
        yield server
