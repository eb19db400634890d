"""What a child says, believed only after it was checked: it may be in the hands of its file.

Every function raises ValueError for what a sound child never says. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any, cast

from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.element import Element, ExtractedText, Usage
from doc_pipeline.domain.errors import (
    DiskFull,
    ExtractionFailed,
    PipelineError,
    TransientError,
    all_error_types,
)
from doc_pipeline.extraction.request import CHECKPOINTS, ExtractRequest

_MOST = 2**53
"""Above every figure that a document has, and still one that every database takes."""
_KNOWN = {field.name for field in fields(ExtractedText)}
_TEXTS = ("text", "kind", "extractor")
_TEXTS_OR_NONE = ("language", "title", "author", "created_at", "modified_at", "fallback")


def progress_of(said: object) -> tuple[int, int]:
    """Pages done and pages in all."""
    if not isinstance(said, list) or len(cast("list[object]", said)) != 2:
        raise ValueError("no progress")
    done, pages = (_whole(number) for number in cast("list[object]", said))
    return done, pages


def seconds_of(said: object) -> float:
    """Seconds that a page may take longer."""
    return _number(said)


def checkpoint_of(said: object, folder: Path | None) -> str:
    """The name of a file of finished pages in the request's folder."""
    name = _text(said)
    if folder is not None:
        if PurePosixPath(name).parts[:1] != (CHECKPOINTS,):
            raise ValueError("no finished pages")
        _inside(folder, name)
    return name


def usage_of(said: object, wall_s: float, peak_seen_bytes: int) -> Usage:
    """What the document took: CPU as the child tells, the peak as it or the watch saw it."""
    if not isinstance(said, dict):
        raise ValueError("no usage")
    told = cast("dict[str, object]", said)
    peak = max(_whole(told.get("peak_memory_bytes")), peak_seen_bytes)
    return Usage(cpu_s=_number(told.get("cpu_s")), wall_s=wall_s, peak_memory_bytes=peak)


def error_of(said: object, kind: str) -> PipelineError:
    """The error that the child named.

    None that concerns more than its file, or one document could stop all others; but for a full
    disk, which the stage looks after itself.
    """
    if not isinstance(said, dict):
        raise ValueError("no error")
    told = cast("dict[str, object]", said)
    of_a_file = {
        error_type.code: error_type
        for error_type in all_error_types()
        if not error_type.is_batch_wide and not issubclass(error_type, TransientError)
    }
    code = _text(told.get("code"))
    if code == DiskFull.code:
        return DiskFull(store="temporary")
    error_type = of_a_file.get(code)
    if error_type is None:
        return ExtractionFailed(kind=kind, reason="UnknownError")
    given = told.get("fields")
    if not isinstance(given, dict):
        raise ValueError("no fields")
    values = cast("dict[str, object]", given)
    if not all(isinstance(value, str | int | float | None) for value in values.values()):
        raise ValueError("no field")
    try:
        return error_type(**values)
    except TypeError as error:
        raise ValueError("no fields") from error


def result_of(said: object, request: ExtractRequest) -> ExtractedText:
    """The text, its elements, and what was found in the file."""
    if not isinstance(said, dict) or not set(cast("dict[str, object]", said)) <= _KNOWN:
        raise ValueError("no result")
    try:
        extracted = ExtractedText.from_dict(cast("dict[str, Any]", said))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("no result") from error
    for name in _TEXTS:
        _text(getattr(extracted, name))
    for name in _TEXTS_OR_NONE:
        if getattr(extracted, name) is not None:
            _text(getattr(extracted, name))
    _whole(extracted.ocr_pages)
    if extracted.pages is not None:
        _whole(extracted.pages)
    if extracted.ocr_confidence is not None:
        _number(extracted.ocr_confidence)
    for warning in extracted.warnings:
        _text(warning)
    _check_elements(extracted.elements, extracted.text)
    _check_attachments(extracted.attachments, request)
    return extracted


def _check_elements(elements: Sequence[Element], text: str) -> None:
    for element in elements:
        start, end = _whole(element.start), _whole(element.end)
        if text[start:end] != element.text:
            raise ValueError("no element of the text")
        for number in (element.page, element.depth):
            if number is not None:
                _whole(number)
        for words in (element.language, element.text_as_html):
            if words is not None:
                _text(words)


def _check_attachments(attachments: Sequence[Attachment], request: ExtractRequest) -> None:
    if len(attachments) > request.limits.attachments:
        raise ValueError("too many attachments")
    for values in ("number", "name"):
        if len({getattr(attachment, values) for attachment in attachments}) < len(attachments):
            raise ValueError("two attachments in one")
    for attachment in attachments:
        _whole(attachment.number)
        parts = PurePosixPath(_text(attachment.name)).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise ValueError("no name of an attachment")
        size_bytes = _whole(attachment.size_bytes)
        if len(_text(attachment.sha256)) != 64:
            raise ValueError("no checksum")
        if (
            request.folder is not None
            and _inside(request.folder, _text(attachment.file)).stat().st_size != size_bytes
        ):
            raise ValueError("another size")


def _inside(folder: Path, name: str) -> Path:
    """The file of that name in the folder; no link, and no path that leads out of it."""
    pure = PurePosixPath(name)
    path = folder / pure
    try:
        if pure.is_absolute() or ".." in pure.parts or path.is_symlink() or not path.is_file():
            raise ValueError("no file of the folder")
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError("no file of the folder")
    except OSError as error:  # such as a name that is too long
        raise ValueError("no file of the folder") from error
    return path


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise ValueError("no text")
    return said


def _whole(said: object) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said <= _MOST:
        raise ValueError("no whole number")
    return said


def _number(said: object) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise ValueError("no number")
    if not 0 <= said <= _MOST:  # nor is NaN between them
        raise ValueError("no number")
    return float(said)
