"""The tesseract program: is it there, what can it read, and one run of it.

Pictures go in and results come out through pipes. Every run has a time limit, and none outlives
the process that started it. What the results mean is not known here.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache

_ASK_S = 20.0
_PR_SET_PDEATHSIG = 1
_PASSED_ON = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH", "HOME", "SYSTEMROOT")


class TesseractFailed(Exception):
    """A run ended without a result."""


class TesseractTimedOut(TesseractFailed):
    """A run took longer than it may."""


class _Killed(TesseractFailed):
    """A run was ended by somebody's SIGKILL, not for anything in its picture."""


def tesseract_version() -> str | None:
    """Version of the tesseract program on the PATH, such as '5.3.0'; None when there is none."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    try:
        return _version(program)
    except TesseractFailed:
        return None


def installed_languages() -> tuple[str, ...]:
    """Tesseract's codes of the languages it has data for, sorted; none without tesseract."""
    program = shutil.which("tesseract")
    if program is None:
        return ()
    try:
        return _languages(program, os.environ.get("TESSDATA_PREFIX"))
    except TesseractFailed:
        return ()


@lru_cache(maxsize=8)
def _version(program: str) -> str:
    found = re.match(r"tesseract v?(\S+)", _ask(program, "--version"))
    if found is None:
        raise TesseractFailed
    return found[1]


@lru_cache(maxsize=8)
def _languages(program: str, data_folder: str | None) -> tuple[str, ...]:
    del data_folder  # part of the key: tesseract reads it from the environment
    lines = _ask(program, "--list-langs").splitlines()[1:]
    return tuple(sorted(line.strip() for line in lines if line.strip()))


def _ask(program: str, question: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed argument, no shell
            [program, question],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_ASK_S,
            env=_environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TesseractFailed from error
    if answer.returncode != 0:
        raise TesseractFailed
    return answer.stdout.decode(errors="replace")


def _environment() -> dict[str, str]:
    """No secrets, and one thread a run: tesseract's own threads cost more than they give."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}


class Tesseract:
    """Runs of the program, from any thread; `stop` ends those that are under way."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    @classmethod
    def find(cls) -> Tesseract | None:
        """The program on the PATH; None when it is not there or does not run."""
        program = shutil.which("tesseract")
        return cls(program) if program and tesseract_version() else None

    def read(
        self,
        image: bytes,
        *,
        languages: Sequence[str],
        dpi: int | None,
        timeout_s: float,
        is_sparse: bool = False,
    ) -> str:
        """Words with their boxes as TSV, of a picture in a format that leptonica knows.

        `is_sparse` looks for single words anywhere. Raises `TesseractFailed`, `TesseractTimedOut`.
        """
        resolution = ("--dpi", str(dpi)) if dpi else ()
        layout = "11" if is_sparse else "3"
        options = ("-l", "+".join(languages), "--psm", layout, *resolution, "tsv")
        return self._run(image, options, timeout_s)

    def look(self, image: bytes, *, dpi: int | None, timeout_s: float) -> str:
        """What tesseract says of the picture's orientation and script, as lines 'name: value'.

        Raises `TesseractFailed` also for a picture with too little text to tell.
        """
        options = ("-l", "osd", "--psm", "0", "--dpi", str(dpi or 200))
        return self._run(image, options, timeout_s)

    def stop(self) -> None:
        """Kill what runs; runs that are asked for later fail at once."""
        with self._lock:
            self._is_stopped = True
            running = tuple(self._running)
        for process in running:
            _kill(process)

    def _run(self, image: bytes, options: Sequence[str], timeout_s: float) -> str:
        """One run; a second one when the first was killed from outside, as by a short memory."""
        deadline = time.monotonic() + timeout_s
        try:
            return self._run_once(image, options, timeout_s)
        except _Killed:
            return self._run_once(image, options, deadline - time.monotonic())

    def _run_once(self, image: bytes, options: Sequence[str], timeout_s: float) -> str:
        if timeout_s <= 0:
            raise TesseractTimedOut
        process = self._start(options)
        try:
            output, _ = process.communicate(image, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise TesseractTimedOut from None
        finally:
            _kill(process)
            with self._lock:
                self._running.discard(process)
        if process.returncode == -signal.SIGKILL:
            raise _Killed
        if process.returncode != 0:
            raise TesseractFailed
        return output.decode(errors="replace")

    def _start(self, options: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_stopped:
                raise TesseractFailed
            try:
                process = subprocess.Popen(  # noqa: S603 - a list of our own options, no shell
                    [self._program, "-", "-", *options],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=_environment(),
                    process_group=0,
                    preexec_fn=_die_with_parent(),
                )
            except OSError as error:
                raise TesseractFailed from error
            self._running.add(process)
            return process


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a run with all it may have started, and take leave of it."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _die_with_parent() -> Callable[[], None] | None:
    """For a new process before it runs its program: end with the thread that waits for it.

    Everything is looked up before the fork, as other threads may hold locks at that moment.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent, getppid, leave = ctypes.CDLL(None).prctl, os.getpid(), os.getppid, os._exit

    def settle() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if getppid() != parent:
            leave(1)

    return settle
