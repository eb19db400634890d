"""User metadata of an object, apart from the headers that every object has."""

from __future__ import annotations

from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header

_HEADERS = {
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "storage-class",
}


def user_metadata(attributes: Mapping[str, str]) -> dict[str, str]:
    """What the user said of the object; names are lower case, values readable text."""
    return {
        name.lower(): _readable(value)
        for name, value in attributes.items()
        if name.lower() not in _HEADERS
    }


def _readable(value: str) -> str:
    # S3 carries what is not ASCII as a mail header does: =?UTF-8?Q?...?=
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return value
