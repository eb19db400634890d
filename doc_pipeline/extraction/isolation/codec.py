"""Requests, results and errors as messages, and back. What a child says is checked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path, PurePosixPath
from typing import Any

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import ExtractionFailed, PipelineError, all_error_types
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.request import ExtractRequest, OcrSettings

_PLAIN = ("kind", "name", "language", "password", "depth")


def request_to_message(path: Path, request: ExtractRequest) -> dict[str, Any]:
    """A request for the child; what it reports comes back as messages."""
    return {
        **{name: getattr(request, name) for name in _PLAIN},
        "path": str(path),
        "folder": str(request.folder) if request.folder else None,
        "limits": asdict(request.limits),
        "ocr": asdict(request.ocr),
    }


def request_from_message(message: Mapping[str, Any], **calls: Any) -> tuple[Path, ExtractRequest]:
    """Path and request, as the child works with them; `calls` are its `on_…` functions."""
    ocr: dict[str, Any] = {**message["ocr"], "languages": tuple(message["ocr"]["languages"])}
    return Path(message["path"]), ExtractRequest(
        **{name: message[name] for name in _PLAIN},
        folder=Path(message["folder"]) if message["folder"] else None,
        limits=Limits(**message["limits"]),
        ocr=OcrSettings(**ocr),
        **calls,
    )


def error_to_message(error: PipelineError) -> dict[str, Any]:
    """An error by its code and fields; fields that are no JSON become text."""
    plain = {
        name: value if isinstance(value, str | int | float | bool | None) else str(value)
        for name, value in error.fields.items()
    }
    return {"code": error.code, "fields": plain}


def error_from_message(message: Mapping[str, Any], kind: str) -> PipelineError:
    """The error that the child named."""
    types = {error_type.code: error_type for error_type in all_error_types()}
    error_type = types.get(str(message.get("code")))
    if error_type is None:
        return ExtractionFailed(kind=kind, reason="UnknownError")
    return error_type(**dict(message.get("fields") or {}))


def result_from_message(message: Mapping[str, Any], folder: Path | None) -> ExtractedText:
    """The result that the child sent. Raises ValueError when it is none, or names foreign files."""
    known = {field.name for field in fields(ExtractedText)} | {"elements"}
    if not set(message) <= known:
        raise ValueError("no result")
    try:
        extracted = ExtractedText.from_dict(message)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no result") from error
    for attachment in extracted.attachments:
        if folder is not None:
            inside(folder, attachment.file)
    return extracted


def inside(folder: Path, name: str) -> Path:
    """The file of that name in the folder. Raises ValueError when it is not a file inside it."""
    pure = PurePosixPath(name)
    path = folder / pure
    if pure.is_absolute() or ".." in pure.parts or path.is_symlink() or not path.is_file():
        raise ValueError("no file of the folder")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError("no file of the folder")
    return path
