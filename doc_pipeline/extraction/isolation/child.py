"""A child: extracts one file after another and says how that went. Killed at any moment.

Everything it knows comes through its socket; nothing it leaves behind is trusted.
"""

from __future__ import annotations

import errno
import faulthandler
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import (
    ExtractionFailed,
    MemoryExceeded,
    OverLimit,
    PipelineError,
)
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.isolation import codec, kernel, wire
from doc_pipeline.extraction.registry import extractor_for
from doc_pipeline.extraction.request import ExtractRequest

_CHANNEL = 3
_MOST_REQUEST = 16 * MIB
_REPORT_EVERY_S = 0.2

Extract = Callable[[Path, ExtractRequest], ExtractedText]


def run(channel: int, errors: int, entry: str) -> NoReturn:
    """Become a child right after the fork: serve the socket `channel` until it closes.

    `errors` takes what libraries print, `entry` is the function "module:name" that extracts.
    """
    try:
        _settle_in(channel, errors)
        _serve(socket.socket(fileno=_CHANNEL), entry)
    except BaseException:  # noqa: BLE001 - nothing may fall through into the zygote's own code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _settle_in(channel: int, errors: int) -> None:
    os.setsid()
    kernel.die_with_parent()
    channel, errors = os.dup(channel), os.dup(errors)  # away from the numbers they are to get
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (nothing, 1), (errors, 2), (channel, _CHANNEL)):
        os.dup2(source, target)
    os.closerange(_CHANNEL + 1, 1 << 16)
    sys.stderr = open(2, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    faulthandler.enable(2)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.umask(0o077)


def _serve(channel: socket.socket, entry: str) -> None:
    module, _, name = entry.partition(":")
    reader = wire.Reader(channel)
    while True:
        message = reader.read(_MOST_REQUEST)
        if message is None:
            return
        extract: Extract = getattr(import_module(module), name)
        must_end = _extract_one(channel, message, extract)
        if must_end:
            return


def _extract_one(channel: socket.socket, message: dict[str, Any], extract: Extract) -> bool:
    """Answer one request; True when this process should not take another."""
    limits = Limits(**message["limits"])
    reports = _Reports(channel, limits.cpu_s)
    path, request = codec.request_from_message(
        message, on_progress=reports.progress, on_checkpoint=reports.keep, on_extend=reports.extend
    )
    _warm_up(request.kind)
    wire.send(channel, {"ready": True})
    kernel.limit_address_space(limits.memory_bytes)
    kernel.limit_cpu(limits.cpu_s)
    kernel.limit_files(max(limits.file_bytes, limits.zip_expanded_bytes, limits.output_bytes))
    kernel.reset_peak_memory()
    memory_before = kernel.memory_bytes()
    cpu_before = kernel.cpu_seconds()
    answer: dict[str, Any]
    must_end = False
    try:
        answer = {"result": extract(path, request).to_dict()}
    except PipelineError as error:
        answer = {"error": codec.error_to_message(error)}
    except MemoryError:
        error = MemoryExceeded(allowed_mb=limits.memory_bytes // MIB)
        answer, must_end = {"error": codec.error_to_message(error)}, True
    except Exception as error:  # noqa: BLE001 - whatever a library raises is this file's failure
        answer = {"error": codec.error_to_message(_named(error, request))}
    usage = {
        "cpu_s": kernel.cpu_seconds() - cpu_before,
        "peak_memory_bytes": max(0, kernel.peak_memory_bytes() - memory_before),
    }
    wire.send_bytes(channel, _encoded({**answer, "usage": usage}, usage, request))
    return must_end


def _warm_up(kind: str) -> None:
    """Import the libraries of the kind; what that takes is not charged to the document."""
    with suppress(PipelineError):
        module = extractor_for(kind).module
        warm_up = import_module("doc_pipeline.extraction.warm").warm_up
        warm_up(module)


def _encoded(answer: dict[str, Any], usage: dict[str, Any], request: ExtractRequest) -> bytes:
    """The answer as bytes, or an error in its place when it is too long or too large."""
    most = request.limits.output_bytes
    try:
        body = wire.encode(answer)
    except MemoryError:
        error: PipelineError = MemoryExceeded(allowed_mb=request.limits.memory_bytes // MIB)
    except RecursionError:
        error = ExtractionFailed(kind=request.kind, reason="RecursionError")
    else:
        if len(body) <= most:
            return body
        error = OverLimit(limit="output_bytes", allowed=most, found=len(body))
    return wire.encode({"error": codec.error_to_message(error), "usage": usage})


def _named(error: Exception, request: ExtractRequest) -> PipelineError:
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return OverLimit(
            limit="zip_expanded_bytes", allowed=request.limits.zip_expanded_bytes, found="more"
        )
    return ExtractionFailed(kind=request.kind, reason=type(error).__name__)


class _Reports:
    """What an extraction tells while it goes on."""

    def __init__(self, channel: socket.socket, cpu_s: float) -> None:
        self._channel = channel
        self._cpu_s = cpu_s
        self._told_at = 0.0

    def progress(self, done: int, pages: int) -> None:
        now = time.monotonic()
        if done == pages or now - self._told_at >= _REPORT_EVERY_S:
            self._told_at = now
            wire.send(self._channel, {"progress": [done, pages]})

    def keep(self, name: str) -> None:
        wire.send(self._channel, {"keep": name})

    def extend(self, seconds: float) -> None:
        kernel.limit_cpu(self._cpu_s)  # drawing hundreds of pages takes CPU of this process too
        wire.send(self._channel, {"extend": seconds})
