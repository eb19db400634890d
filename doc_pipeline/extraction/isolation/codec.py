"""Requests and errors as messages. What a child says is read in answers.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from doc_pipeline.domain.errors import PipelineError
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
