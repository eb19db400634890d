"""A file inside a file: what a mail or an archive carries, and becomes a document of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ATTACHMENT_MARK = "!/"
"""Stands between the name of the parent and that of the attachment: `mail.eml!/report.pdf`."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file found inside another.

    `number` counts from 1 in the order of the file. `name` is for people and may hold folders
    (`2024/report.pdf`), no `..` and no leading slash; two of one parent never share it. `file` is
    where the bytes are: while extracting, a name in the request's folder; afterwards a key in the
    artifact store.
    """

    number: int
    name: str
    file: str
    size_bytes: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Attachment:
        """Read what `to_dict` wrote."""
        return cls(**data)
