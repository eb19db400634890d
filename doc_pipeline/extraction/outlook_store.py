"""What an Outlook message (msg) keeps, property by property, also where some are damaged.

Reads the storages through oxmsg. Makes no elements.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from doc_pipeline.extraction.charset import decode_text

TOP_OFFSET = 32
INSIDE_OFFSET = 24
"""Where the properties of the uppermost message begin, and those of one inside another."""
_PART_OFFSET = 8
_UNICODE, _BYTES_TEXT, _BINARY = 0x001F, 0x001E, 0x0102
_TEXT_CODEPAGE, _BODY_CODEPAGE = 0x3FFD, 0x3FDE
_DATA, _LONG_NAME, _SHORT_NAME, _SHOWN_NAME = 0x3701, 0x3707, 0x3704, 0x3001
_MIME, _CONTENT_ID, _IS_HIDDEN = 0x370E, 0x3712, 0x7FFE
_OBJECT = "__substg1.0_3701000D"
_RECIPIENT_KIND, _SMTP, _ADDRESS = 0x0C15, 0x39FE, 0x3003
_BAD = (AttributeError, IndexError, KeyError, LookupError, OverflowError, TypeError, ValueError,
        struct.error)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file inside a message: bytes, or a message of its own, or an object nobody reads."""

    name: str
    media_type: str
    data: bytes | None
    message: StoredMessage | None
    is_layout: bool


class StoredMessage:
    """One message. Nothing here raises for what is in the file."""

    def __init__(self, storage: Any, offset: int) -> None:
        from oxmsg.properties import Properties

        self._storage = storage
        self._properties = Properties(storage, properties_header_offset=offset)

    def text(self, tag: int, codepage_tag: int = _TEXT_CODEPAGE) -> str:
        """A property that is text; '' where there is none."""
        return _text(self._storage, tag, self._codepage(codepage_tag))

    def body_text(self, tag: int) -> str:
        """As `text`, in the charset of the body."""
        return self.text(tag, _BODY_CODEPAGE)

    def data(self, tag: int) -> bytes:
        """A property that is bytes; b'' where there is none."""
        return _stream(self._storage, tag, _BINARY) or b""

    def codepage(self) -> str | None:
        """Charset of the body, as it says."""
        return self._codepage(_BODY_CODEPAGE)

    def moment(self, tag: int) -> datetime | None:
        """A property that is a date."""
        try:
            return self._properties.date_prop_value(tag)
        except _BAD:
            return None

    def recipients(self) -> Iterator[tuple[int, str]]:
        """Kind (1 to, 2 copy, 3 hidden copy) and 'name <address>' of each."""
        for storage in self._storage.iter_recipient_storages():
            kind = _number(storage, _RECIPIENT_KIND)
            codepage = self._codepage(_TEXT_CODEPAGE)
            name = _text(storage, _SHOWN_NAME, codepage)
            address = _text(storage, _SMTP, codepage) or _text(storage, _ADDRESS, codepage)
            yield kind or 1, named_address(name, address)

    def files(self) -> Iterator[StoredFile]:
        """Files inside, in the order of the message."""
        for storage in self._storage.iter_attachment_storages():
            codepage = self._codepage(_TEXT_CODEPAGE)
            names = (
                _text(storage, tag, codepage) for tag in (_LONG_NAME, _SHORT_NAME, _SHOWN_NAME)
            )
            inner = next((each for each in storage.storages if each.name == _OBJECT), None)
            is_message = inner is not None and any(
                each.name == "__properties_version1.0" for each in inner.streams
            )
            yield StoredFile(
                name=next(filter(None, names), ""),
                media_type=_text(storage, _MIME, codepage),
                data=_stream(storage, _DATA, _BINARY),
                message=StoredMessage(inner, INSIDE_OFFSET) if is_message else None,
                is_layout=bool(
                    _number(storage, _IS_HIDDEN) or _text(storage, _CONTENT_ID, codepage)
                ),
            )

    def _codepage(self, tag: int) -> str | None:
        try:
            number = self._properties.int_prop_value(tag)
        except _BAD:
            return None
        return {65001: "utf-8", 20127: None, 50220: "iso2022_jp", 20866: "koi8-r", 21866: "koi8-u",
                936: "gb18030", 54936: "gb18030", 51932: "euc_jp", 51949: "euc_kr"}.get(
                    number or 0, _windows_or_iso(number or 0))  # fmt: skip


def open_message(path: Path) -> StoredMessage:
    """The message in a file. Raises `OSError`, `ValueError` and the like where it is damaged."""
    from olefile import OleFileIO
    from oxmsg.storage import Storage

    with OleFileIO(str(path)) as ole:
        root = Storage.from_ole(ole)
    if not any(each.name.startswith("__") for each in (*root.streams, *root.storages)):
        raise ValueError
    return StoredMessage(root, TOP_OFFSET)


def named_address(name: str, address: str) -> str:
    """'Ann <ann@example.org>'; the inner addresses of Exchange say nothing to people."""
    name = name.strip().strip("'\"").strip()
    address = "" if address.startswith("/") else address.strip()
    if not address or name == address:
        return name or address
    return f"{name} <{address}>" if name else address


def _windows_or_iso(number: int) -> str | None:
    if 28591 <= number <= 28605:
        return f"iso8859-{number - 28590}"
    return f"cp{number}" if number else None


def _stream(storage: Any, tag: int, kind: int) -> bytes | None:
    try:
        return storage.property_stream_bytes(tag, kind)
    except _BAD:
        return None


def _text(storage: Any, tag: int, codepage: str | None) -> str:
    wide = _stream(storage, tag, _UNICODE)
    if wide is not None:
        return wide.decode("utf-16-le", "replace").replace("\0", "")
    narrow = _stream(storage, tag, _BYTES_TEXT) or b""
    return decode_text(narrow, codepage)[0].replace("\0", "")


def _number(storage: Any, tag: int) -> int | None:
    from oxmsg.properties import Properties

    try:
        return Properties(storage, properties_header_offset=_PART_OFFSET).int_prop_value(tag)
    except _BAD:
        return None
