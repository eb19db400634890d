"""E-mail: subject and head lines are searchable, the body is read, attachments are named."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted
from doc_pipeline.extraction.mail import extract_mail
from doc_pipeline.extraction.request import Draft, ExtractRequest


def _extract(path: Path, data: bytes) -> Draft:
    path.write_bytes(data)
    return extract_mail(path, ExtractRequest("eml", "a.eml"))


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Jörg <joerg@example.org>"
    mail["To"] = "ann@example.org"
    mail["Subject"] = "Brücke – closed"
    return mail


def test_plain_mail_with_attachment(tmp_path: Path) -> None:
    mail = _mail()
    mail.set_content("The bridge is closed until Monday.\n")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    draft = _extract(tmp_path / "raw", bytes(mail))
    assert [(element.type, element.text) for element in draft.elements] == [
        ("Title", "Brücke – closed"),
        (
            "UncategorizedText",
            "From: Jörg <joerg@example.org>\nTo: ann@example.org\nAttachments: a.pdf",
        ),
        ("NarrativeText", "The bridge is closed until Monday."),
    ]
    assert draft.title == "Brücke – closed"
    assert draft.warnings == (
        "1 file was left out (only the document itself was asked for): a.pdf",
    )


def test_html_body_is_preferred(tmp_path: Path) -> None:
    mail = _mail()
    mail.set_content("plain")
    mail.add_alternative("<h2>Works</h2><p>The bridge is closed.</p>", subtype="html")
    texts = [element.text for element in _extract(tmp_path / "raw", bytes(mail)).elements]
    assert texts[2:] == ["Works", "The bridge is closed."]


@pytest.mark.parametrize("charset", ["no-such-charset", "utf-8", "us-ascii"])
def test_wrong_charset_of_the_body_is_mended(tmp_path: Path, charset: str) -> None:
    head = f"From: a@b.c\nSubject: x\nContent-Type: text/plain; charset={charset}\n\n"
    data = head.encode() + "Die Brücke ist bis Montag gesperrt, schöne Grüße.".encode("cp1252")
    assert "Brücke" in _extract(tmp_path / "raw", data).elements[-1].text


@pytest.mark.parametrize("sender", [b"<<@@>", b"(" * 20_000])
def test_head_lines_no_standard_allows(tmp_path: Path, sender: bytes) -> None:
    data = b"From: " + sender + b"\nTo: a@b, \xff\xfe, <c>\nSubject: =?x?q?=\n\nThe body is here.\n"
    assert _extract(tmp_path / "raw", data).elements[-1].text == "The body is here."


@pytest.mark.parametrize(
    "kind", ["application/pkcs7-mime; smime-type=enveloped-data", "multipart/encrypted; boundary=x"]
)
def test_encrypted_mail(tmp_path: Path, kind: str) -> None:
    with pytest.raises(FileEncrypted):
        _extract(tmp_path / "raw", f"From: a@b.c\nContent-Type: {kind}\n\nabc\n".encode())


def test_no_head_is_no_mail(tmp_path: Path) -> None:
    with pytest.raises(FileCorrupt):
        _extract(tmp_path / "raw", b"\n\njust text\n")
