"""Outlook messages: head, every form of body, files and messages inside, damage."""

from __future__ import annotations

import random
import struct
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, OverLimit, PipelineError
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.outlook import extract_msg
from doc_pipeline.extraction.outlook_body import rtf_text, unpack_rtf
from doc_pipeline.extraction.registry import extract_file
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline_tests.extraction.outlook_files import Tree, message, part, write_ole

SENT = datetime(2024, 5, 3, 8, 12, tzinfo=UTC)
HEAD = {0x001A: "IPM.Note", 0x0037: "Brücke – closed", 0x0C1A: "Ann", 0x0C1F: "ann@example.org"}
RECIPIENT = "__recip_version1.0_#{:08X}"
FILE = "__attach_version1.0_#{:08X}"
OBJECT = "__substg1.0_3701000D"


def _extract(folder: Path, tree: Tree, depth: int = 0, limits: Limits | None = None) -> Draft:
    path = folder / "raw"
    path.write_bytes(write_ole(tree))
    limits = limits or Limits()
    return extract_msg(
        path, ExtractRequest("msg", "a.msg", folder=folder, depth=depth, limits=limits)
    )


def _texts(draft: Draft) -> list[str]:
    return [element.text for element in draft.elements]


def _parts() -> Tree:
    inner = message(
        {**HEAD, 0x0037: "Inner", 0x1000: "inner words"},
        header_bytes=24,
        parts={FILE.format(0): part({0x3707: "deep.txt"}, data={0x3701: b"deep words"})},
    )
    return {
        RECIPIENT.format(0): part({0x3001: "Bob", 0x39FE: "bob@example.org"}, numbers={0x0C15: 1}),
        RECIPIENT.format(1): part({0x3001: "Carol", 0x3003: "/O=EX/CN=CAROL"}, numbers={0x0C15: 2}),
        FILE.format(0): part(
            {0x3707: "Plan ä.pdf", 0x370E: "application/pdf"}, data={0x3701: b"%PDF" * 2000}
        ),
        FILE.format(1): {**part({0x3001: "Inner"}), OBJECT: inner},
        FILE.format(2): part(
            {0x3707: "logo.png", 0x370E: "image/png", 0x3712: "logo"}, data={0x3701: b"png"}
        ),
        FILE.format(3): {**part({0x3001: "Sheet"}), OBJECT: {"CONTENTS": b"ole"}},
    }


def test_head_body_and_files(tmp_path: Path) -> None:
    draft = _extract(
        tmp_path, message({**HEAD, 0x1000: "It is closed."}, sent=SENT, parts=_parts())
    )
    assert (draft.title, draft.author) == ("Brücke – closed", "Ann <ann@example.org>")
    assert draft.created_at == "2024-05-03T08:12:00+00:00"
    assert _texts(draft)[1].split("\n") == [
        "From: Ann <ann@example.org>",
        "To: Bob <bob@example.org>",
        "Cc: Carol",
        "Date: Fri, 03 May 2024 08:12:00 +0000",
        "Attachments: Plan ä.pdf, Inner.eml",
    ]
    assert _texts(draft)[2:] == ["It is closed."]
    assert [(a.name, a.size_bytes) for a in draft.attachments[:1]] == [("Plan ä.pdf", 8000)]
    assert draft.warnings == ("1 file was left out (an embedded object without a file): Sheet",)


def test_a_message_inside_is_a_mail_with_its_own_files(tmp_path: Path) -> None:
    draft = _extract(tmp_path, message(HEAD, parts=_parts()))
    inner = message_from_bytes(
        (tmp_path / draft.attachments[1].file).read_bytes(), policy=policy.default
    )
    assert inner["Subject"] == "Inner"
    assert inner.get_body().get_content().strip() == "inner words"  # pyright: ignore
    assert [each.get_filename() for each in inner.iter_attachments()] == ["deep.txt"]  # pyright: ignore


def test_too_deep_is_said(tmp_path: Path) -> None:
    draft = _extract(tmp_path, message(HEAD, parts=_parts()), depth=2)
    assert draft.attachments == ()
    assert "DOC_PIPELINE_ATTACHMENT_DEPTH" in draft.warnings[0]


def test_html_body_in_its_charset(tmp_path: Path) -> None:
    html = "<h1>Мост</h1><p>Он закрыт до понедельника.</p>".encode("cp1251")
    draft = _extract(tmp_path, message(HEAD, data={0x1013: html}, numbers={0x3FDE: 1251}))
    assert _texts(draft)[2:] == ["Мост", "Он закрыт до понедельника."]


def test_old_messages_in_one_byte_charsets(tmp_path: Path) -> None:
    narrow = {0x0037: "Мост закрыт".encode("cp1251"), 0x1000: "Объезд".encode("koi8-r")}
    tree = message({}, narrow=narrow, numbers={0x3FFD: 1251, 0x3FDE: 20866})
    assert _texts(_extract(tmp_path, tree)) == ["Мост закрыт", "", "Объезд"]


def _packed(rtf: bytes) -> bytes:
    """RTF in the packed form, without any reference back."""
    groups = [rtf[at : at + 8] for at in range(0, len(rtf), 8)]
    body = b"".join(b"\0" + group for group in groups)
    return struct.pack("<II4sI", len(body) + 12, len(rtf), b"LZFu", 0) + body


def test_rtf_body(tmp_path: Path) -> None:
    rtf = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Die Br\'fccke\par ist \u8211-zu.\par}"
    draft = _extract(tmp_path, message(HEAD, data={0x1009: _packed(rtf)}))
    assert "\n".join(_texts(draft)[2:]) == "Die Brücke\nist –zu."


def test_html_wrapped_in_rtf(tmp_path: Path) -> None:
    rtf = (
        rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <h1>}\htmlrtf {\htmlrtf0 Bridge\htmlrtf }\htmlrtf0 "
        rb"{\*\htmltag72 </h1>}{\*\mhtmltag1 <x>}{\*\htmltag64 <p>}Closed \{now\}."
        rb"{\*\htmltag72 </p>}}"
    )
    draft = _extract(tmp_path, message(HEAD, data={0x1009: _packed(rtf)}))
    assert [(e.type, e.text) for e in draft.elements[2:]] == [
        ("Title", "Bridge"),
        ("UncategorizedText", "Closed {now}."),
    ]


def test_packed_rtf_of_the_specification() -> None:
    """The example of MS-OXRTFCP 4.1.1: references back, also into the window's first content."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
        "0af32068656c0900206277"
        "05b06c647d0a800fa0"
    )
    assert unpack_rtf(packed, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert unpack_rtf(packed, 5) == b"{\\rtf"
    assert unpack_rtf(b"short", 100) == b""


def test_rtf_of_garbage_ends() -> None:
    source = random.Random(1)
    for _ in range(40):
        data = source.randbytes(300)
        rtf_text(data + b"{" * 5000)
        unpack_rtf(struct.pack("<II4sI", 999, 10**9, b"LZFu", 0) + data, 10_000)


@pytest.mark.parametrize("kind", ["IPM.Note.SMIME", "IPM.Note.rpmsg.Microsoft.IRM"])
def test_encrypted(tmp_path: Path, kind: str) -> None:
    with pytest.raises(FileEncrypted):
        _extract(tmp_path, message({0x001A: kind}))


def test_body_over_the_limit(tmp_path: Path) -> None:
    with pytest.raises(OverLimit):
        _extract(tmp_path, message({0x1000: "word " * 100}), limits=Limits(text_bytes=100))


def test_no_message_is_corrupt(tmp_path: Path) -> None:
    for tree in ({"WordDocument": b"x" * 5000}, {}):
        with pytest.raises(FileCorrupt):
            _extract(tmp_path, tree)  # pyright: ignore
    (tmp_path / "raw").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off")
    with pytest.raises(FileCorrupt):
        extract_msg(tmp_path / "raw", ExtractRequest("msg", "a.msg"))


def test_damaged_messages_give_text_or_a_typed_error(tmp_path: Path) -> None:
    whole = write_ole(message({**HEAD, 0x1000: "words"}, sent=SENT, parts=_parts()))
    source = random.Random(4)
    path = tmp_path / "raw"
    for number in range(150):
        data = bytearray(whole)
        for _ in range(source.randint(1, 40)):
            data[source.randrange(8, len(data))] = source.randrange(256)
        path.write_bytes(bytes(data[: source.randint(600, len(data))]))
        try:
            extract_file(path, ExtractRequest("msg", "a.msg", folder=tmp_path))
        except PipelineError as error:
            assert error.code != "EXTRACTION_FAILED", (number, error.fields)


def test_the_message_of_the_corpus(corpus: Path, tmp_path: Path) -> None:
    path = corpus / "fake-email-attachment.msg"
    draft = extract_msg(path, ExtractRequest("msg", path.name, folder=tmp_path))
    assert draft.title == "Fake email with attachment"
    assert draft.created_at == "2022-12-23T12:08:48-06:00"
    assert [a.name for a in draft.attachments] == ["fake-attachment.txt"]
