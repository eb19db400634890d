"""The parts of a parsed mail (MIME): which are its text, which are files, which only layout.

A text part without a file name, or the first one, is body; of alternatives only the richest is.
A picture under 50,000 bytes that is shown inside the text, and not attached, is layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, TypeAlias

from doc_pipeline.extraction.mail_head import decode_line

LAYOUT_PICTURE_BYTES = 50_000
_PIECE = 1 << 20
_TEXTS = frozenset({"text/plain", "text/html"})
_SIGNATURES = frozenset({
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
    "application/applefile", "application/pgp-encrypted",
})  # fmt: skip
REPORTS = frozenset({
    "message/delivery-status", "message/disposition-notification", "message/feedback-report",
    "text/rfc822-headers",
})  # fmt: skip
_LOOKS_BASE64 = re.compile(r"\s*(?:[A-Za-z0-9+/]{40,80}\s+){2,}")

Part: TypeAlias = "Message[Any, Any]"


@dataclass(slots=True)
class MailParts:
    """`texts` are bodies in their order; `spare` the alternatives that were not chosen."""

    texts: list[Part] = field(default_factory=list[Part])
    spare: list[Part] = field(default_factory=list[Part])
    files: list[Part] = field(default_factory=list[Part])


def sort_parts(message: Part) -> MailParts:
    """Every part of the mail in its place. Mails inside are files."""
    found = MailParts()
    _sort(message, found, is_chosen=True)
    return found


def file_name(part: Part) -> str:
    """The name a part gives itself; a mail inside is named by its subject; '' for none."""
    try:
        name = decode_line(part.get_filename() or "")
    except (LookupError, TypeError, ValueError):
        name = ""
    if name or part.get_content_type() != "message/rfc822":
        return name
    inner = _inner_mail(part)
    subject = decode_line(str(inner.get("Subject", ""))) if inner is not None else ""
    return (subject.replace("/", "-").replace("\\", "-")[:80] or "mail") + ".eml"


def payload(part: Part) -> bytes:
    """Decoded bytes of a part; what cannot be decoded comes as it stands."""
    if part.get_content_maintype() == "message" and part.is_multipart():
        return _mail_bytes(part)
    data = part.get_payload(decode=True)
    if isinstance(data, bytes):
        return data
    return str(part.get_payload() or "").encode("utf-8", "surrogateescape")


def pieces(data: bytes) -> Iterator[bytes]:
    """The bytes by megabytes."""
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))


def _sort(part: Part, found: MailParts, *, is_chosen: bool) -> None:
    kind = part.get_content_type()
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        children = _children(part)
        best = _richest(children) if kind == "multipart/alternative" else None
        for child in children:
            _sort(child, found, is_chosen=is_chosen and (best is None or child is best))
    elif _is_text(part, kind, has_text=bool(found.texts)):
        (found.texts if is_chosen else found.spare).append(part)
    elif not is_chosen and kind.startswith("text/") and not part.get_filename():
        pass  # the same again for other programs: an invitation as calendar entry
    elif not _is_layout(part, kind):
        found.files.append(part)


def _children(part: Part) -> list[Part]:
    children = part.get_payload()
    return [child for child in children if isinstance(child, Message)] if children else []


def _is_text(part: Part, kind: str, *, has_text: bool) -> bool:
    if part.get_content_disposition() == "attachment":
        return False
    if kind in REPORTS:
        return True
    if part.get_content_maintype() == "multipart":  # its boundary is missing
        return True
    if kind not in _TEXTS:
        return False
    return not has_text or not part.get_filename()


def _is_layout(part: Part, kind: str) -> bool:
    if kind in _SIGNATURES:
        return True
    disposition = part.get_content_disposition()
    is_shown_inside = part.get("Content-ID") is not None or disposition == "inline"
    if disposition == "attachment" or not is_shown_inside:
        return False
    if kind.startswith("image/"):
        return len(payload(part)) < LAYOUT_PICTURE_BYTES
    return kind in {"text/css"} or kind.startswith("font/")


def _richest(children: list[Part]) -> Part | None:
    """The alternative with html, else the last with plain text, else the last."""
    for wanted in ("text/html", "text/plain"):
        for child in reversed(children):
            if any(inner.get_content_type() == wanted for inner in child.walk()):
                return child
    return children[-1] if children else None


def _inner_mail(part: Part) -> Part | None:
    children = _children(part)
    return children[0] if children else None


def _mail_bytes(part: Part) -> bytes:
    """A mail or a report inside, as it was. Some programs wrap it in base64, against the rules."""
    written = b"\n".join(_as_bytes(child) for child in _children(part))
    inner = _inner_mail(part)
    if inner is None or inner.keys() or not isinstance(inner.get_payload(), str):
        return written
    text = str(inner.get_payload())
    if not _LOOKS_BASE64.match(text):
        return written
    wrapped: Part = Message()
    wrapped["Content-Transfer-Encoding"] = "base64"
    wrapped.set_payload(text)
    return wrapped.get_payload(decode=True) or written  # pyright: ignore[reportReturnType]


def _as_bytes(part: Part) -> bytes:
    try:
        return part.as_bytes()
    except (LookupError, TypeError, UnicodeError, ValueError):
        head = "".join(f"{name}: {value}\n" for name, value in part.raw_items())
        body = part.get_payload()
        text = body if isinstance(body, str) else ""
        return f"{head}\n{text}".encode("utf-8", "surrogateescape")
