"""Extraction of files that are tried out: the gate, the extractor, and what was found inside.

No catalog, no stores, nothing printed: `extracting` does that.
"""

from __future__ import annotations

import glob
import json
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

from doc_pipeline.domain.attachment import ATTACHMENT_MARK
from doc_pipeline.domain.document import SIDECAR_SUFFIX, parse_options
from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import (
    FileEncrypted,
    FileUnreadable,
    MemoryExceeded,
    MimeMismatch,
    MimeNotAllowed,
    OptionsInvalid,
    OverLimit,
    PipelineError,
    as_pipeline_error,
)
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.isolation.pool import ExtractionInterrupted
from doc_pipeline.extraction.registry import ExtractRequest, OcrSettings
from doc_pipeline.intake.gate import AdmissionRules, admit_file
from doc_pipeline.intake.sniffing import FileType, sniff_file
from doc_pipeline.stages.folders import temporary_folder

Extract = Callable[[Path, ExtractRequest], ExtractedText]
AHEAD = 16
"""Files that wait, extracted, for one before them; their texts are in memory."""


@dataclass(frozen=True, slots=True)
class TrialFile:
    """A file to try: where it is, and what people call it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """What holds for all files of one command."""

    limits: Limits
    rules: AdmissionRules
    ocr: OcrSettings
    language: str | None = None
    password: str | None = field(default=None, repr=False)
    with_attachments: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one file: a text or an error, and of the files inside it."""

    name: str
    depth: int
    size_bytes: int
    seconds: float
    file_type: FileType | None = None
    extracted: ExtractedText | None = None
    error: PipelineError | None = None
    inside: tuple[Trial, ...] = ()

    @property
    def outcome(self) -> str:
        """'ok' or the code of the error."""
        return self.error.code if self.error else "ok"

    def all(self) -> Generator[Trial]:
        """The file and, behind it, what is inside."""
        yield self
        for trial in self.inside:
            yield from trial.all()

    def to_dict(self) -> dict[str, Any]:
        """For programs: all but text and elements."""
        shown: dict[str, Any] = {
            "file": self.name,
            "depth": self.depth,
            "outcome": self.outcome,
            "size_bytes": self.size_bytes,
            "seconds": round(self.seconds, 3),
        }
        if self.file_type is not None:
            shown |= {
                "type": self.file_type.kind,
                "mime": self.file_type.mime,
                "claimed_type": self.file_type.claimed_kind or None,
                "is_mismatch": self.file_type.is_mismatch,
            }
        if self.extracted is not None:
            facts = self.extracted.facts()
            facts.pop("kind")
            shown |= {
                **facts,
                "words": self.extracted.words,
                "characters": len(self.extracted.text),
                "elements": len(self.extracted.elements),
            }
        if self.error is not None:
            shown |= {
                "code": self.error.code,
                "sentence": self.error.sentence,
                "remedy": self.error.remedy,
                "verdict": self.error.verdict.value,
            }
        return shown


class NoSuchFile(Exception):
    """Nothing is there under this name."""


def find_files(names: Sequence[str]) -> list[TrialFile]:
    """Files for what a person typed: files, folders (hidden files left out) and patterns.

    Raises `NoSuchFile`.
    """
    found: dict[Path, TrialFile] = {}
    for name in names:
        for path in _paths_of(name):
            found.setdefault(path.absolute(), TrialFile(path, path.as_posix()))
    return list(found.values())


def _paths_of(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return _files_in(path)
    if path.exists():
        return [path]
    is_pattern = glob.has_magic(name)
    # Path.glob takes no absolute patterns.
    matches = sorted(glob.glob(name, recursive=True)) if is_pattern else []  # noqa: PTH207
    if not matches:
        raise NoSuchFile(name)
    paths: list[Path] = []
    for match in map(Path, matches):
        paths += _files_in(match) if match.is_dir() and "**" not in name else []
        paths += [match] if match.is_file() else []
    return paths


def _files_in(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(parent, name) for name in sorted(names) if _is_wanted(name))
        found += [path for path in paths if path.is_file() and not path.is_symlink()]
    return found


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(SIDECAR_SUFFIX)


def try_files(
    files: Iterable[TrialFile],
    extract: Extract,
    options: TrialOptions,
    *,
    at_once: int,
    interrupt: Callable[[], None],
    on_progress: Callable[[TrialFile, int, int], None],
) -> Generator[Trial]:
    """Try files side by side; results in the order of the files.

    `on_progress` hears of pages, from several threads. After Ctrl-C what is done still comes,
    then KeyboardInterrupt.
    """
    running: deque[Future[Trial]] = deque()
    is_stopped = Event()

    def begin(file: TrialFile) -> Future[Trial]:
        def report(done: int, pages: int) -> None:
            on_progress(file, done, pages)

        return threads.submit(_try_file, file, guarded, options, 0, report)

    def guarded(path: Path, request: ExtractRequest) -> ExtractedText:
        if is_stopped.is_set():
            raise ExtractionInterrupted
        return extract(path, request)

    def stop() -> None:
        is_stopped.set()
        threads.shutdown(wait=False, cancel_futures=True)
        interrupt()

    with ThreadPoolExecutor(at_once, thread_name_prefix="trial") as threads:
        try:
            yield from _in_order(files, begin, running, at_once + AHEAD)
        except KeyboardInterrupt:
            stop()
            yield from _done(running)
            raise
        except GeneratorExit:
            stop()
            raise


def _in_order(
    files: Iterable[TrialFile],
    begin: Callable[[TrialFile], Future[Trial]],
    running: deque[Future[Trial]],
    most: int,
) -> Generator[Trial]:
    for file in files:
        running.append(begin(file))
        if len(running) >= most:
            yield running[0].result()
            running.popleft()
    while running:
        yield running[0].result()
        running.popleft()


def _done(running: Iterable[Future[Trial]]) -> Generator[Trial]:
    for future in running:
        if future.done() and not future.cancelled() and future.exception() is None:
            yield future.result()


def _try_file(
    file: TrialFile,
    extract: Extract,
    options: TrialOptions,
    depth: int,
    report: Callable[[int, int], None] | None,
) -> Trial:
    started = time.monotonic()
    file_type: FileType | None = None
    extracted: ExtractedText | None = None
    error: PipelineError | None = None
    inside: tuple[Trial, ...] = ()
    size_bytes = 0
    with temporary_folder() as folder:
        try:
            size_bytes = file.path.stat().st_size
            options = _with_sidecar(file, options) if depth == 0 else options
            file_type = admit_file(
                file.path,
                file.name,
                options.limits,
                password=options.password,
                rules=options.rules,
            )
            request = _request(file, file_type, options, depth, folder, report)
            extracted = extract(file.path, request)
        except ExtractionInterrupted:
            raise
        except (OverLimit, FileEncrypted, MimeMismatch, MimeNotAllowed) as refused:
            error = refused
            file_type = file_type or _type_of(file, refused)
        except MemoryError:
            error = MemoryExceeded(allowed_mb=options.limits.memory_bytes // MIB)
        except OSError:
            error = FileUnreadable(key=file.name)
        except Exception as raised:  # noqa: BLE001 - each file of a command gets its own outcome
            error = as_pipeline_error(raised)
        seconds = time.monotonic() - started
        if extracted is not None and options.with_attachments:
            inside = _try_inside(file, extracted, folder, extract, options, depth + 1)
    return Trial(file.name, depth, size_bytes, seconds, file_type, extracted, error, inside)


def _with_sidecar(file: TrialFile, options: TrialOptions) -> TrialOptions:
    """Language and password that stand beside the file, as uploads have them; those typed win.

    Raises `OptionsInvalid`.
    """
    sidecar = file.path.with_name(file.path.name + SIDECAR_SUFFIX)
    if not sidecar.is_file():
        return options
    try:
        data = json.loads(sidecar.read_bytes()[:MIB])
    except (ValueError, RecursionError):
        raise OptionsInvalid(source=sidecar.name, problem="it is not valid JSON") from None
    told = parse_options(data, sidecar.name)
    return replace(
        options,
        language=options.language or told.language,
        password=options.password or told.password,
    )


def _type_of(file: TrialFile, refused: PipelineError) -> FileType | None:
    """What the gate refused; a list of members that is a bomb is not read."""
    if refused.fields.get("limit") == "zip_members":
        return None
    return sniff_file(file.path, file.name)


def _request(
    file: TrialFile,
    file_type: FileType,
    options: TrialOptions,
    depth: int,
    folder: Path,
    report: Callable[[int, int], None] | None,
) -> ExtractRequest:
    return ExtractRequest(
        kind=file_type.kind,
        name=file.name,
        language=options.language,
        password=options.password,
        limits=options.limits,
        ocr=options.ocr,
        folder=folder,
        depth=depth,
        on_progress=report,
    )


def _try_inside(
    file: TrialFile,
    extracted: ExtractedText,
    folder: Path,
    extract: Extract,
    options: TrialOptions,
    depth: int,
) -> tuple[Trial, ...]:
    return tuple(
        _try_file(
            TrialFile(folder / attachment.file, f"{file.name}{ATTACHMENT_MARK}{attachment.name}"),
            extract,
            options,
            depth,
            None,
        )
        for attachment in extracted.attachments
    )
