"""Files found inside a file: written to the request's folder under safe names, inside limits.

Knows no format: mails and archives hand over a name and the bytes.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.errors import LIMIT_SETTINGS, OverLimit
from doc_pipeline.extraction.request import ExtractRequest

FOLDER = "attachments"
_LONGEST_PART = 150
_LONGEST_NAME = 400
_LONGEST_ENDING = 20
_NAMES_SHOWN = 5
_LONGEST_SHOWN = 80
_DRIVE = re.compile(r"^[A-Za-z]:")
_ENDINGS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.ms-outlook": ".msg",
    "application/rtf": ".rtf",
    "application/x-zip-compressed": ".zip",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/markdown": ".md",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
}
"""What the standard library's own table, which is the same on every system, does not know."""
_TYPES = mimetypes.MimeTypes()
_SETTINGS = {
    "attachments": LIMIT_SETTINGS["attachments"][1],
    "attachment_depth": "DOC_PIPELINE_ATTACHMENT_DEPTH",
    "file_bytes": "DOC_PIPELINE_MAX_FILE_MB",
}


class FoundFiles:
    """The files of one mail or archive, in their order.

    `add` each; `names` are all that were added, `attachments` those that were written, `warnings`
    say which were not and why.
    """

    def __init__(self, request: ExtractRequest) -> None:
        self.attachments: list[Attachment] = []
        self.names: list[str] = []
        self._limits = request.limits
        self._folder = request.folder
        self._is_too_deep = request.depth >= request.limits.attachment_depth
        self._names: set[str] = set()
        self._bytes = 0
        self._left_out: dict[str, list[str]] = {}

    @property
    def writes(self) -> bool:
        """Whether files are written at all; where not, their bytes need not be decoded."""
        return self._folder is not None and not self._is_too_deep

    @property
    def is_full(self) -> bool:
        """Whether the limit of attachments is reached."""
        return len(self.attachments) >= self._limits.attachments

    def add(self, name: str, pieces: Iterable[bytes], media_type: str = "") -> bool:
        """Write one file; False when it was left out. `name` may be anything, or empty.

        Raises `OverLimit` (zip_expanded_bytes) when all together are too large, `OSError`.
        """
        number = len(self.attachments) + 1
        shown = safe_name(name) or f"attachment-{number}{ending_of(media_type)}"
        self.names.append(shown)
        if self._folder is None or self._is_too_deep:
            return self.leave_out(shown, self._reason_not_written())
        if self.is_full:
            return self.leave_out(shown, _by_limit("attachments", self._limits.attachments))
        file = f"{FOLDER}/{number:05d}"
        path = self._folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        is_written = False
        try:
            size_bytes, sha256 = self._write(path, pieces)
            is_written = 0 < size_bytes <= self._limits.file_bytes
        finally:
            if not is_written:
                path.unlink(missing_ok=True)
        if not is_written:
            over = _by_limit("file_bytes", self._limits.file_bytes)
            return self.leave_out(shown, over if size_bytes else "empty")
        name = self._unique(shown)
        self.attachments.append(Attachment(number, name, file, size_bytes, sha256))
        return True

    def leave_out(self, name: str, reason: str) -> bool:
        """Remember a file that is not written, to be told in a warning. Returns False.

        `name` may be anything; `reason` stands in brackets in the warning, such as "damaged".
        """
        self._left_out.setdefault(reason, []).append(safe_name(name) or "a file without a name")
        return False

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each reason, with the number of files and the first names."""
        return tuple(_sentence(names, reason) for reason, names in self._left_out.items())

    def _reason_not_written(self) -> str:
        if self._is_too_deep:
            return _by_limit("attachment_depth", self._limits.attachment_depth)
        return "only the document itself was asked for"

    def _write(self, path: Path, pieces: Iterable[bytes]) -> tuple[int, str]:
        """Size and hash of what was written; stops one piece after the limit of one file."""
        digest = hashlib.sha256()
        size_bytes = 0
        with path.open("wb") as file:
            for piece in pieces:
                size_bytes += len(piece)
                self._bytes += len(piece)
                if self._bytes > self._limits.zip_expanded_bytes:
                    allowed = self._limits.zip_expanded_bytes
                    raise OverLimit(
                        limit="zip_expanded_bytes", allowed=allowed, found=f"more than {allowed}"
                    )
                if size_bytes > self._limits.file_bytes:
                    break
                digest.update(piece)
                file.write(piece)
        return size_bytes, digest.hexdigest()

    def _unique(self, name: str) -> str:
        """The name, or `name~2.ext` where another file of the same parent has it."""
        stem, ending = _split_ending(name)
        count = 1
        while name.casefold() in self._names:
            count += 1
            name = f"{stem}~{count}{ending}"
        self._names.add(name.casefold())
        return name


def safe_name(name: str) -> str:
    """A name for people and catalogs: folders kept, nothing that climbs, no control characters.

    '' where nothing is left.
    """
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C")
    name = _DRIVE.sub("", name.replace("\\", "/"))
    parts = (" ".join(part.split()) for part in name.split("/"))
    kept = [_shortened(part, _LONGEST_PART) for part in parts if part.strip(". ")]
    while len(kept) > 1 and len("/".join(kept).encode()) > _LONGEST_NAME:
        kept.pop(0)
    return "/".join(kept)


def ending_of(media_type: str) -> str:
    """The usual ending of a media type, with its dot; '.bin' when nobody knows."""
    media_type = media_type.lower()
    return _ENDINGS.get(media_type) or _TYPES.guess_extension(media_type) or ".bin"


def size_text(size_bytes: int) -> str:
    """A size for people, such as '12.3 KB'."""
    size = float(size_bytes)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _split_ending(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    if dot and stem and not stem.endswith("/") and 0 < len(ending) <= _LONGEST_ENDING:
        return (stem, dot + ending) if "/" not in ending else (name, "")
    return name, ""


def _shortened(part: str, allowed_bytes: int) -> str:
    if len(part.encode()) <= allowed_bytes:
        return part
    stem, ending = _split_ending(part)
    room = allowed_bytes - len(ending.encode()) - len("…".encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + "…" + ending


def _by_limit(limit: str, allowed: int) -> str:
    unit = " bytes" if limit == "file_bytes" else ""
    return f"{_SETTINGS[limit]} allows {allowed:,}{unit}"


def _sentence(names: list[str], reason: str) -> str:
    shown = ", ".join(name[:_LONGEST_SHOWN] for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    shown += f" and {more} more" if more > 0 else ""
    files = "1 file was" if len(names) == 1 else f"{len(names):,} files were"
    return f"{files} left out ({reason}): {shown}"
