"""Mails with files inside, and mails that no standard allows: no text lost, no error untyped."""

from __future__ import annotations

import base64
import random
from email.message import EmailMessage
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileEncrypted, OverLimit, PipelineError
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.mail import extract_mail
from doc_pipeline.extraction.mail_signed import signed_content
from doc_pipeline.extraction.registry import extract_file
from doc_pipeline.extraction.request import Draft, ExtractRequest

PNG = b"\x89PNG\r\n\x1a\n"


def _extract(folder: Path, data: bytes, depth: int = 0, limits: Limits | None = None) -> Draft:
    path = folder / "raw"
    path.write_bytes(data)
    request = ExtractRequest("eml", "a.eml", folder=folder, depth=depth, limits=limits or Limits())
    return extract_mail(path, request)


def _mail(subject: str = "Bridge") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ann <ann@example.org>"
    mail["To"] = "bob@example.org, carol@example.org"
    mail["Date"] = "Fri, 03 May 2024 10:12:00 +0200"
    mail["Subject"] = subject
    return mail


def _texts(draft: Draft) -> list[str]:
    return [element.text for element in draft.elements]


def test_facts_of_the_head(tmp_path: Path) -> None:
    mail = _mail()
    mail.set_content("The bridge is closed.")
    draft = _extract(tmp_path, bytes(mail))
    assert (draft.title, draft.author) == ("Bridge", "Ann <ann@example.org>")
    assert draft.created_at == "2024-05-03T10:12:00+02:00"
    assert _texts(draft)[1].split("\n") == [
        "From: Ann <ann@example.org>",
        "To: bob@example.org, carol@example.org",
        "Date: Fri, 03 May 2024 10:12:00 +0200",
    ]
    assert draft.elements[0].extra["sent_from"] == ["Ann <ann@example.org>"]


def test_every_kind_of_file_inside(tmp_path: Path) -> None:
    inner = _mail("Inner news")
    inner.set_content("inner text")
    mail = _mail()
    mail.set_content("See what is attached.")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Plan ä.pdf")
    mail.add_attachment(inner)
    mail.add_attachment(b"TNEF", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail.add_attachment("a;b", subtype="csv")
    draft = _extract(tmp_path, bytes(mail))
    assert [(a.name, a.size_bytes > 0) for a in draft.attachments] == [
        ("Plan ä.pdf", True),
        ("Inner news.eml", True),
        ("winmail.dat", True),
        ("attachment-4.csv", True),
    ]
    again = (tmp_path / draft.attachments[1].file).read_bytes()
    assert b"Subject: Inner news" in again
    assert b"inner text" in again
    assert _texts(draft)[1].endswith(
        "Attachments: Plan ä.pdf, Inner news.eml, winmail.dat, attachment-4.csv"
    )
    assert "inner text" not in "".join(_texts(draft))
    assert draft.warnings == ()


def test_too_deep_is_said(tmp_path: Path) -> None:
    mail = _mail()
    mail.set_content("text")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    draft = _extract(tmp_path, bytes(mail), depth=2)
    assert draft.attachments == ()
    assert "DOC_PIPELINE_ATTACHMENT_DEPTH" in draft.warnings[0]


def test_pictures_of_the_layout_are_no_documents(tmp_path: Path) -> None:
    mail = _mail()
    mail.set_content("plain")
    mail.add_alternative("<p>Rich <img src='cid:logo'> text.</p>", subtype="html")
    html = mail.get_payload()[1]  # pyright: ignore
    for cid, size in (("<logo>", 1_000), ("<photo>", 60_000)):
        html.add_related(PNG + b"x" * size, "image", "png", cid=cid, disposition="inline")  # pyright: ignore
    mail.make_mixed()
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="small.png")
    draft = _extract(tmp_path, bytes(mail))
    assert _texts(draft)[2:] == ["Rich text."]
    assert [a.name for a in draft.attachments] == ["attachment-1.png", "small.png"]


def test_text_around_a_file_and_the_footer_of_a_list(tmp_path: Path) -> None:
    parts = [
        "Content-Type: text/plain\n\nBefore the file.\n",
        'Content-Type: application/pdf; name="a.pdf"\n\nx\n',
        "Content-Type: text/plain\n\nAfter the file.\n",
        'Content-Type: text/plain; name="notes.txt"\n\nnotes\n',
    ]
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    draft = _extract(
        tmp_path, f"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n{body}".encode()
    )
    assert _texts(draft)[2:] == ["Before the file.", "After the file."]
    assert [a.name for a in draft.attachments] == ["a.pdf", "notes.txt"]


def _parts(kind: str, *parts: str) -> bytes:
    body = "".join(f"--b\nContent-Type: {part}\n" for part in parts)
    return f"Subject: x\nContent-Type: multipart/{kind}; boundary=b\n\n{body}--b--\n".encode()


def test_a_returned_mail_tells_why(tmp_path: Path) -> None:
    data = _parts(
        "report",
        "text/plain\n\nIt could not be sent.",
        "message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1",
        "message/rfc822\n\nSubject: The original\n\nwords",
    )
    draft = _extract(tmp_path, data)
    assert draft.elements[-1].type == "UncategorizedText"
    assert "Status: 5.1.1" in draft.elements[-1].text
    assert [a.name for a in draft.attachments] == ["The original.eml"]


def test_an_invitation_is_no_second_document(tmp_path: Path) -> None:
    calendar = "text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"
    draft = _extract(tmp_path, _parts("alternative", "text/plain\n\nCome at ten.", calendar))
    assert _texts(draft)[2:] == ["Come at ten."]
    assert draft.attachments == ()
    assert [a.name for a in _extract(tmp_path, _parts("mixed", calendar)).attachments] == [
        "attachment-1.ics"
    ]


def test_flowed_paragraphs_are_whole(tmp_path: Path) -> None:
    head = b"Subject: x\nContent-Type: text/plain; format=flowed\n\n"
    draft = _extract(tmp_path, head + b"The bridge is \nclosed until \nMonday.\n\n-- \nAnn\n")
    assert _texts(draft)[2] == "The bridge is closed until Monday."
    assert _texts(draft)[-1] == "Ann"


@pytest.mark.parametrize("before", ["\ufeff", "\r\n\r\n", "\n \n"])
def test_what_stands_before_the_head_is_skipped(tmp_path: Path, before: str) -> None:
    draft = _extract(tmp_path, f"{before}Subject: late\nTo: a@b.c\n\nwords".encode())
    assert (draft.title, _texts(draft)[-1]) == ("late", "words")


def test_plain_text_when_the_html_says_nothing(tmp_path: Path) -> None:
    mail = _mail()
    mail.set_content("The words are here.")
    mail.add_alternative("<html><body><img src=x></body></html>", subtype="html")
    assert _texts(_extract(tmp_path, bytes(mail)))[2:] == ["The words are here."]


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Br=C3=BCcke?= =?utf-8?b?IGdlc3BlcnJ0?=", "Brücke gesperrt"),
        (b"=?gb2312?b?1tDOxLLiytQ=?=", "中文测试"),
        ("Brücke gesperrt".encode(), "Brücke gesperrt"),
        (
            "Die Brücke ist für Wochen gesperrt".encode("cp1252"),
            "Die Brücke ist für Wochen gesperrt",
        ),
        (b"=?no-such?q?Br=C3=BCcke?=", "Brücke"),
        (b"=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        (b"=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語"),
        (b"folded\n line", "folded line"),
    ],
)
def test_subjects(tmp_path: Path, raw: bytes, subject: str) -> None:
    assert _extract(tmp_path, b"Subject: " + raw + b"\nTo: a@b.c\n\ntext").title == subject


def test_japanese_body_in_seven_bits(tmp_path: Path) -> None:
    text = "橋は月曜日まで閉鎖されています。"
    head = b"Subject: x\nContent-Type: text/plain; charset=iso-2022-jp\n\n"
    assert _texts(_extract(tmp_path, head + text.encode("iso2022_jp")))[-1] == text


def test_boundary_that_the_head_lost(tmp_path: Path) -> None:
    data = (
        b"Subject: x\nContent-Type: multipart/mixed\n\n--=_b 1\nContent-Type: text/plain\n\n"
        b"The words.\n--=_b 1\nContent-Type: application/pdf; name=a.pdf\n\nx\n--=_b 1--\n"
    )
    draft = _extract(tmp_path, data)
    assert _texts(draft)[-1] == "The words."
    assert [a.name for a in draft.attachments] == ["a.pdf"]
    bare = _extract(tmp_path, b"Subject: x\nContent-Type: multipart/mixed\n\nOnly words.\n")
    assert _texts(bare)[-1] == "Only words."


def test_garbage_in_base64_and_mail_in_base64(tmp_path: Path) -> None:
    inner = base64.encodebytes(b"Subject: wrapped\n\ninner words " + b"x" * 200)
    data = (
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n@@not base64@@\n"
        b"--b\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
        b"JVBERi0xLjc*!!=\n"
        b"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + inner
        + b"--b--"
    )
    draft = _extract(tmp_path, data)
    assert [a.name for a in draft.attachments] == ["a.pdf", "mail.eml"]
    assert (tmp_path / draft.attachments[1].file).read_bytes().startswith(b"Subject: wrapped")


def test_pgp_in_the_text_is_encrypted(tmp_path: Path) -> None:
    with pytest.raises(FileEncrypted):
        _extract(tmp_path, b"Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n")


def _tlv(kind: int, content: bytes, *, is_endless: bool = False) -> bytes:
    """An item of ASN.1, with its length or up to two zeros."""
    if is_endless:
        return bytes([kind, 0x80]) + content + b"\0\0"
    return bytes([kind, 0x82]) + len(content).to_bytes(2, "big") + content


@pytest.mark.parametrize("is_endless", [False, True])
def test_mail_in_a_signature_envelope(tmp_path: Path, *, is_endless: bool) -> None:
    inner = b"Content-Type: text/plain; charset=utf-8\n\n" + "Die Brücke ist zu.\n".encode()
    oid = bytes.fromhex("06092a864886f70d0107")
    octets = _tlv(0x24, _tlv(4, inner[:20]) + _tlv(4, inner[20:]), is_endless=is_endless)
    content = _tlv(0x30, oid + b"\x01" + _tlv(0xA0, octets, is_endless=is_endless))
    signed = _tlv(0x30, b"\x02\x01\x01" + _tlv(0x31, b"") + content, is_endless=is_endless)
    head = b"Subject: Signed\nContent-Transfer-Encoding: base64\nContent-Type: "
    head += b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\n"
    for kind, opens in ((b"\x02", True), (b"\x03", False)):
        envelope = _tlv(0x30, oid + kind + _tlv(0xA0, signed, is_endless=is_endless))
        data = head + base64.encodebytes(envelope)
        if opens:
            assert _texts(_extract(tmp_path, data))[::2] == ["Signed", "Die Brücke ist zu."]
        else:
            with pytest.raises(FileEncrypted):
                _extract(tmp_path, data)


def test_envelopes_of_garbage_end() -> None:
    source = random.Random(4)
    for _ in range(500):
        signed_content(b"0\x80" + source.randbytes(60))
    assert signed_content(b"0\x80" * 5000) is None


@pytest.mark.heavy
def test_parts_nested_without_end(tmp_path: Path) -> None:
    heads = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000)
    )
    draft = _extract(tmp_path, f"Subject: deep\n{heads}\nThe words.".encode())
    assert draft.title == "deep"
    assert draft.fallback is None or "parts of the mail" in draft.fallback
    assert "The words." in "".join(_texts(draft))


def test_body_over_the_limit(tmp_path: Path) -> None:
    limits = Limits(text_bytes=1000)
    with pytest.raises(OverLimit):
        _extract(tmp_path, b"Subject: x\n\n" + b"word " * 300, limits=limits)
    mail = _mail()
    mail.set_content("short")
    mail.add_attachment(b"x" * 5000, maintype="application", subtype="pdf", filename="a.pdf")
    assert len(_extract(tmp_path, bytes(mail), limits=limits).attachments) == 1


def test_html_body_nested_without_end(tmp_path: Path) -> None:
    data = b"Subject: x\nContent-Type: text/html\n\n" + b"<div>" * 5000 + b"The words."
    draft = _extract(tmp_path, data)
    assert _texts(draft)[-1] == "The words."
    assert draft.fallback is not None


def test_damaged_mails_give_text_or_a_typed_error(tmp_path: Path) -> None:
    mail = _mail()
    mail.set_content("plain words")
    mail.add_alternative("<h1>Rich</h1><table><tr><td>1</td></tr></table>", subtype="html")
    mail.add_attachment(b"x" * 300, maintype="application", subtype="pdf", filename="ä.pdf")
    mail.add_attachment(_mail("inner"))
    whole = bytes(mail)
    source = random.Random(4)
    for number in range(60):
        data = bytearray(whole)
        for _ in range(source.randint(1, 30)):
            data[source.randrange(len(data))] = source.randrange(256)
        path = tmp_path / "raw"
        path.write_bytes(bytes(data[: source.randint(20, len(data))]))
        try:
            extract_file(path, ExtractRequest("eml", "a.eml", folder=tmp_path))
        except PipelineError as error:
            assert error.code != "EXTRACTION_FAILED", (number, error.fields)
