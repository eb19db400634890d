"""Extractors that misbehave on purpose: fakes for the tests of isolation, named by request.kind."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.element import Element, ExtractedText, place_elements
from doc_pipeline.domain.errors import FileCorrupt
from doc_pipeline.extraction.request import ExtractRequest

MIB = 1024 * 1024


def extract(path: Path, request: ExtractRequest) -> ExtractedText:
    """Do what the kind says; `text` behaves."""
    return FAULTS[request.kind](path, request)


def text_of(text: str, **facts: object) -> ExtractedText:
    joined, elements = place_elements([Element("NarrativeText", text)])
    return ExtractedText(text=joined, elements=elements, kind="text", extractor="fake@1", **facts)  # type: ignore[arg-type]


def _behave(path: Path, request: ExtractRequest) -> ExtractedText:
    return text_of(f"{os.getpid()} {path.name}")


def _error(path: Path, request: ExtractRequest) -> ExtractedText:
    raise FileCorrupt(kind="text")


def _bug(path: Path, request: ExtractRequest) -> ExtractedText:
    raise ZeroDivisionError("secret content of the document")


def _loop(path: Path, request: ExtractRequest) -> ExtractedText:
    while True:
        pass


def _sleep(path: Path, request: ExtractRequest) -> ExtractedText:
    time.sleep(600)
    raise AssertionError


def _segfault(path: Path, request: ExtractRequest) -> ExtractedText:
    ctypes.string_at(0)
    raise AssertionError


def _abort(path: Path, request: ExtractRequest) -> ExtractedText:
    os.abort()


def _abort_for_memory(path: Path, request: ExtractRequest) -> ExtractedText:
    """As pdfium does: no word, when a piece that it needs is not to be had."""
    taken = b"\1" * (300 * MIB)
    time.sleep(0.5)
    os.abort()
    raise AssertionError(len(taken))


def _exit(path: Path, request: ExtractRequest) -> ExtractedText:
    os._exit(3)


def _killed(path: Path, request: ExtractRequest) -> ExtractedText:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _killed_once(path: Path, request: ExtractRequest) -> ExtractedText:
    assert request.folder is not None
    marker = request.folder / "was-here"
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return text_of("second try")


def _orphaned(path: Path, request: ExtractRequest) -> ExtractedText:
    """The zygote dies under it, as often as the file says."""
    assert request.folder is not None
    tries = len(list(request.folder.iterdir()))
    (request.folder / str(tries)).touch()
    if tries < int(path.read_text()):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    return text_of("at last")


def _allocate(path: Path, request: ExtractRequest) -> ExtractedText:
    return text_of(str(len(bytearray(10 * 1024 * MIB))))


def _grow(path: Path, request: ExtractRequest) -> ExtractedText:
    """Two children of the child, each within the limit of one process."""
    code = "import time; b = b'1' * (350 << 20); time.sleep(60)"
    grown = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    raise AssertionError([process.wait() for process in grown])


def _peak(path: Path, request: ExtractRequest) -> ExtractedText:
    return text_of(str(len(b"\1" * (int(path.read_text()) * MIB))))


def _threads(path: Path, request: ExtractRequest) -> ExtractedText:
    threading.stack_size(64 * 1024)  # else the limit on memory comes first
    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def _forks(path: Path, request: ExtractRequest) -> ExtractedText:
    """Processes that fork on, each in a session of its own."""
    for _ in range(200):
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
            os._exit(0)
    time.sleep(600)
    raise AssertionError


def _grandchild(path: Path, request: ExtractRequest) -> ExtractedText:
    """Leaves a daemon of its own session behind, tells its number, and hangs."""
    assert request.folder is not None
    code = (
        "import os, sys, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(request.folder / "pid")], check=True)
    time.sleep(600)
    raise AssertionError


def _garbage(path: Path, request: ExtractRequest) -> ExtractedText:
    os.write(3, b"HTTP/1.1 200 OK\r\n\r\nthis is no message" * 10)
    time.sleep(600)
    raise AssertionError


def _chatter(path: Path, request: ExtractRequest) -> ExtractedText:
    for fd in (1, 2):
        os.write(fd, b"warning: something\n" * 10_000)
    print("more")  # noqa: T201
    return text_of("said much")


def _long(path: Path, request: ExtractRequest) -> ExtractedText:
    return text_of("x" * (8 * MIB))


def _huge_frame(path: Path, request: ExtractRequest) -> ExtractedText:
    os.write(3, b"DPX1" + (1 << 40).to_bytes(8, "big"))
    time.sleep(600)
    raise AssertionError


def say(body: bytes) -> None:
    """Send a message past the child's own code, as a file that took it over would."""
    os.write(3, b"DPX1" + len(body).to_bytes(8, "big") + body)


def _says(path: Path, request: ExtractRequest) -> ExtractedText:
    say(path.read_bytes())
    os._exit(0)


def _drip(path: Path, request: ExtractRequest) -> ExtractedText:
    """A message that never ends, never silent for long."""
    os.write(3, b"DPX1" + (1 << 20).to_bytes(8, "big"))
    while True:
        os.write(3, b" ")
        time.sleep(0.002)


def _liar(path: Path, request: ExtractRequest) -> ExtractedText:
    outside = Attachment(1, "passwd", "../../../../etc/passwd", 1, "0" * 64)
    return text_of("take this", attachments=(outside,))


def _pages(path: Path, request: ExtractRequest) -> ExtractedText:
    assert request.folder is not None
    (request.folder / "pages").mkdir()
    for done in range(1, 4):
        request.extend(1.0)
        time.sleep(0.5)
        (request.folder / f"pages/{done}.json").write_text("{}")
        request.keep(f"pages/{done}.json")
        request.report(done, 3)
    return text_of("three pages")


def _environment(path: Path, request: ExtractRequest) -> ExtractedText:
    return text_of("\n".join(f"{name}={value}" for name, value in sorted(os.environ.items())))


def _network(path: Path, request: ExtractRequest) -> ExtractedText:
    port = int(path.read_text())
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        return text_of(f"refused {error.errno}")
    return text_of("connected")


def _big_file(path: Path, request: ExtractRequest) -> ExtractedText:
    assert request.folder is not None
    with (request.folder / "big").open("wb") as file:
        for _ in range(64):
            file.write(b"\0" * MIB)
    raise AssertionError


FAULTS: dict[str, Callable[[Path, ExtractRequest], ExtractedText]] = {
    "abort": _abort,
    "abort_for_memory": _abort_for_memory,
    "allocate": _allocate,
    "big_file": _big_file,
    "bug": _bug,
    "chatter": _chatter,
    "drip": _drip,
    "environment": _environment,
    "error": _error,
    "exit": _exit,
    "forks": _forks,
    "garbage": _garbage,
    "grandchild": _grandchild,
    "grow": _grow,
    "huge_frame": _huge_frame,
    "killed": _killed,
    "killed_once": _killed_once,
    "liar": _liar,
    "long": _long,
    "loop": _loop,
    "network": _network,
    "orphaned": _orphaned,
    "pages": _pages,
    "peak": _peak,
    "says": _says,
    "segfault": _segfault,
    "sleep": _sleep,
    "text": _behave,
    "threads": _threads,
}
