"""Admission: empty, oversized, encrypted and exploding files never reach a parser."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import (
    FileEmpty,
    FileEncrypted,
    FileTooLarge,
    MimeMismatch,
    MimeNotAllowed,
    OverLimit,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline.intake.gate import AdmissionRules, admit_file, check_size

LIMITS = Limits()
_OPEN_TEXT = "application/vnd.oasis.opendocument.text"


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            package.writestr(name, data)
    return path


def test_good_file_is_admitted(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_text("Hello there.")
    assert admit_file(path, "note.txt", LIMITS).mime == "text/plain"


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.touch()
    with pytest.raises(FileEmpty):
        admit_file(path, "a.pdf", LIMITS)


def test_too_large_file_names_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"x" * 101)
    with pytest.raises(FileTooLarge) as refused:
        admit_file(path, "a.txt", Limits(file_bytes=100))
    assert refused.value.fields == {"allowed": 100, "found": 101}
    with pytest.raises(FileTooLarge):
        check_size(101, Limits(file_bytes=100))


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (Limits(zip_ratio=200.0), "zip_ratio"),
        (Limits(zip_expanded_bytes=1024 * 1024), "zip_expanded_bytes"),
        (Limits(zip_members=1), "zip_members"),
    ],
)
def test_bombs_are_refused(tmp_path: Path, limits: Limits, limit: str) -> None:
    path = _zip(tmp_path / "raw", {"word/document.xml": bytes(20 * 1024 * 1024), "b": b"x"})
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.docx", limits)
    assert refused.value.fields["limit"] == limit


def test_small_blank_picture_is_no_bomb(tmp_path: Path) -> None:
    """Blank bitmaps in letters compress 1:1000; below 16 MiB the ratio is nobody's business."""
    path = _zip(tmp_path / "raw", {"word/document.xml": b"x", "word/blank.bmp": bytes(4_000_000)})
    assert admit_file(path, "a.docx", LIMITS).kind == "docx"


def test_huge_member_list_is_refused_unread(tmp_path: Path) -> None:
    """A list of millions of names would fill the memory before anyone could count it."""
    path = tmp_path / "raw"
    listed = 40_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 7, 7, listed, 0, 0)
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(listed)
        file.seek(0, 2)
        file.write(end)
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.zip", LIMITS)
    assert refused.value.fields["limit"] == "zip_members"


def test_a_list_that_claims_the_impossible_is_damage_not_a_bomb(tmp_path: Path) -> None:
    """Sixty packed bytes never give four gigabytes; the extractor calls such a file damaged."""
    path = _zip(tmp_path / "raw", {"word/document.xml": b"x" * 9000})
    data = bytearray(path.read_bytes())
    listed, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    data[listed + 24 : listed + 28] = b"\xff\xff\xff\xfe"
    data[end + 8 : end + 12] = b"\xff\xfe\xff\xfe"
    path.write_bytes(data)
    assert admit_file(path, "a.docx", LIMITS).kind == "docx"


def test_damaged_zip_passes_so_that_it_becomes_a_version(tmp_path: Path) -> None:
    """The extractor calls it corrupt; a mended upload is then version 2 of the document."""
    path = _zip(tmp_path / "raw", {"word/document.xml": b"x" * 9000})
    path.write_bytes(path.read_bytes()[:60])
    assert admit_file(path, "a.docx", LIMITS).kind == "docx"


def test_billion_laughs_is_refused(corpus: Path) -> None:
    with pytest.raises(OverLimit) as refused:
        admit_file(corpus / "gen_billion_laughs.xml", "laughs.xml", LIMITS)
    assert refused.value.fields["limit"] == "xml_nested_entities"


def test_plain_entities_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_text('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY who "A &amp; B">]><a>&who;</a>')
    assert admit_file(path, "a.xml", LIMITS).kind == "xml"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("testWORD_protected_passtika.docx", "docx"),
        ("password_protected.xlsx", "xlsx"),
        ("testZipEncrypted.zip", "zip"),
    ],
)
def test_encrypted_files_need_a_password(corpus: Path, name: str, kind: str) -> None:
    with pytest.raises(FileEncrypted) as refused:
        admit_file(corpus / name, name, LIMITS)
    assert refused.value.fields == {"kind": kind}
    assert admit_file(corpus / name, name, LIMITS, password="any").kind == kind


def test_refusals_name_the_setting_and_the_figure(tmp_path: Path) -> None:
    path = _zip(tmp_path / "raw", {"a": b"x", "b": b"y"})
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.zip", Limits(zip_members=1))
    sentence = "The file has 2 files inside; DOC_PIPELINE_MAX_ZIP_MEMBERS allows 1."
    assert refused.value.sentence == sentence
    with pytest.raises(FileTooLarge, match="5,000 bytes; DOC_PIPELINE_MAX_FILE_MB allows 4,000"):
        check_size(5000, Limits(file_bytes=4000))


@pytest.mark.parametrize(
    ("rules", "setting"),
    [
        (AdmissionRules(allowed_mime=("image/*", "application/pdf")), "DOC_PIPELINE_ALLOWED_MIME"),
        (AdmissionRules(denied_mime=("TEXT/*",)), "DOC_PIPELINE_DENIED_MIME"),
        (AdmissionRules(("text/*",), ("text/plain",)), "DOC_PIPELINE_DENIED_MIME"),
    ],
)
def test_types_that_the_settings_refuse(
    tmp_path: Path, rules: AdmissionRules, setting: str
) -> None:
    path = tmp_path / "raw"
    path.write_text("Hello there.")
    with pytest.raises(MimeNotAllowed, match=f"text/plain .*{setting}"):
        admit_file(path, "a.txt", LIMITS, rules=rules)


def test_types_that_the_settings_take(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_text("Hello there.")
    for rules in (AdmissionRules(("text/plain",)), AdmissionRules((), ("image/*",))):
        assert admit_file(path, "a.txt", LIMITS, rules=rules).kind == "txt"


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [("a.pdf", True), ("a.txt", False), ("a", False), ("a.cfg", False), ("a.csv", False)],
)
def test_a_name_that_lies(tmp_path: Path, name: str, is_refused: bool) -> None:
    """Without an ending, or with one that nobody knows, a name claims nothing."""
    path = tmp_path / "raw"
    path.write_text("Hello there.")
    assert admit_file(path, name, LIMITS).is_mismatch is is_refused
    strict = AdmissionRules(mismatch="reject")
    if not is_refused:
        admit_file(path, name, LIMITS, rules=strict)
        return
    with pytest.raises(MimeMismatch, match="named as pdf but its bytes are txt"):
        admit_file(path, name, LIMITS, rules=strict)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """One packed member, listed a thousand times, unpacks to a thousand times its size."""
    path = _zip(tmp_path / "raw", {"a": bytes(9_000_000), "b": bytes(9_000_000)})
    data = path.read_bytes()
    listed = data.rindex(b"PK\x01\x02")
    path.write_bytes(data[: listed + 42] + bytes(4) + data[listed + 46 :])
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.zip", Limits(zip_ratio=5000))
    assert refused.value.fields["limit"] == "zip_overlaps"


def test_an_archive_that_holds_itself_is_refused(tmp_path: Path) -> None:
    """Its list says so: a member of the size and checksum of the whole file."""
    path = _zip(tmp_path / "raw", {"r.zip": b"r" * 400})
    data = bytearray(path.read_bytes())
    listed = data.rindex(b"PK\x01\x02")
    data[listed + 24 : listed + 28] = struct.pack("<L", len(data))
    # The checksum of the file is written into the file: four bytes at the end make it come true.
    path.write_bytes(_with_checksum(data, at=listed + 16))
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.zip", LIMITS)
    assert refused.value.fields["limit"] == "zip_in_itself"


def _with_checksum(data: bytearray, at: int) -> bytes:
    """The archive with a checksum at this place that is its own; four free bytes are adjusted."""
    data[at : at + 4] = b"self"
    free = data.index(b"r.zip") + len(b"r.zip") + 1
    wanted = int.from_bytes(b"self", "little")
    data[free : free + 4] = bytes(4)
    base = zlib.crc32(data)
    columns: list[tuple[int, int]] = []
    for bit in range(32):
        data[free : free + 4] = struct.pack("<L", 1 << bit)
        columns.append((zlib.crc32(data) ^ base, 1 << bit))
    solved: dict[int, tuple[int, int]] = {}
    for effect, mask in columns:
        while effect and (effect.bit_length() in solved):
            other, also = solved[effect.bit_length()]
            effect, mask = effect ^ other, mask ^ also
        if effect:
            solved[effect.bit_length()] = (effect, mask)
    left, answer = base ^ wanted, 0
    while left:
        effect, mask = solved[left.bit_length()]
        left, answer = left ^ effect, answer ^ mask
    data[free : free + 4] = struct.pack("<L", answer)
    assert zlib.crc32(data) == wanted
    return bytes(data)


@pytest.mark.parametrize("mark", ["META-INF/rights.xml", "META-INF/manifest.xml"])
def test_protected_books_and_open_documents(tmp_path: Path, mark: str) -> None:
    mime = "application/epub+zip" if "rights" in mark else _OPEN_TEXT
    members = {"mimetype": mime.encode(), "content.xml": b"", mark: b"<manifest:encryption-data/>"}
    path = _zip(tmp_path / "raw", members)
    with pytest.raises(FileEncrypted):
        admit_file(path, "a", LIMITS)


def test_nested_entities_in_wide_letters_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    laughs = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    path.write_bytes(laughs.encode("utf-16"))
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.xml", LIMITS)
    assert refused.value.fields["limit"] == "xml_nested_entities"


@pytest.mark.parametrize(("password", "passes"), [("VelvetSweatshop", True), ("other", False)])
def test_a_password_that_is_built_into_excel_is_none(
    tmp_path: Path, password: str, passes: bool
) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    example = Path(__file__).parents[2] / "examples" / "documents" / "price-list-2026.xlsx"
    locked = tmp_path / "locked.xlsx"
    with example.open("rb") as plain, locked.open("wb") as out:
        OOXMLFile(plain).encrypt(password, out)  # pyright: ignore[reportUnknownMemberType]
    if passes:
        assert admit_file(locked, "locked.xlsx", Limits()).kind == "xlsx"
    else:
        with pytest.raises(FileEncrypted):
            admit_file(locked, "locked.xlsx", Limits())
