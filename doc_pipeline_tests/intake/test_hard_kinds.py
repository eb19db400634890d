"""Files whose type is easily got wrong, as they come from real programs."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest

from doc_pipeline.intake.sniffing import sniff_file

_WORD = "wordprocessingml.document.main+xml"
_XLSM = "ms-excel.sheet.macroEnabled.main+xml"
_POTX = "presentationml.template.main+xml"


def package(members: dict[str, str], *, stored: bool = False) -> bytes:
    buffer = io.BytesIO()
    way = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w", way) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def types(main: str) -> dict[str, str]:
    family = "openxmlformats-officedocument." if "ml." in main else ""
    override = f'<Override ContentType="application/vnd.{family}{main}"/>'
    return {"[Content_Types].xml": f"<Types>{override}</Types>"}


def ole(*streams: str, embedded: tuple[str, ...] = ()) -> bytes:
    """An OLE file of empty streams at its root, and one storage that holds more."""
    names = ["Root Entry", *streams, *(["ObjectPool", *embedded] if embedded else [])]
    entries: list[bytes] = []
    for at, name in enumerate(names):
        raw = (name + "\0").encode("utf-16-le")
        is_last_at_root = at == len(streams) + bool(embedded)
        right = 0xFFFFFFFF if at == 0 or is_last_at_root or at == len(names) - 1 else at + 1
        child = 0xFFFFFFFF
        if at == 0:
            child = 1
        elif embedded and name == "ObjectPool":
            child, right = at + 1, 0xFFFFFFFF
        kind = 5 if at == 0 else 1 if name == "ObjectPool" else 2
        entries.append(
            raw.ljust(64, b"\0")
            + struct.pack("<HBBLLL", len(raw), kind, 1, 0xFFFFFFFF, right, child)
            + bytes(48)
        )
    while len(entries) % 4:
        entries.append(bytes(64) + struct.pack("<HBBLLL", 0, 0, 0, *[0xFFFFFFFF] * 3) + bytes(48))
    sectors = len(entries) // 4
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<LLLLLLLLL", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109L", 0, *[0xFFFFFFFF] * 108)
    chain = [0xFFFFFFFD, *(n + 2 for n in range(sectors - 1)), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}L", *chain).ljust(512, b"\xff")
    return header + table + b"".join(entries)


PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"
MAIL = b"X-Odd: one\r\nReceived: from a\r\n\tby b\r\nFrom: a@b.c\r\nSubject: Hi\r\n\r\nHello\r\n"
LONG_HEAD = b"Return-Path: <a@b.c>\r\n" + b"Received: from a by b\r\n\tfor c\r\n" * 60 + MAIL
BOX = b"From a@b.c Mon Jan  1 10:00:00 2024\n" + MAIL.replace(b"\r", b"")
RTF = b"{\\rtf1\\ansi Hello}"
HTML_COMMENT = b"<!-- made by <svg> tools -->\n<HTML><BODY>Hi</BODY></HTML>"
BARE_MD = b"Install it:\n\n```\npip install it\n```\n\nSee [the docs](https://docs.example/a)."
MIMETYPE = "application/vnd.oasis.opendocument."
FLAT = b'<?xml version="1.0"?><office:document office:mimetype="a"><office:body/></office:document>'

CASES: list[tuple[str, bytes, str, str]] = [
    (
        "docx: last member first",
        package({"docProps/app.xml": "x", **types(_WORD), "word/document.xml": "x"}),
        "a.docx",
        "docx",
    ),
    ("docx: main part elsewhere", package({**types(_WORD), "document.xml": "x"}), "a", "docx"),
    ("docx: backslashes", package({**types(_WORD), "word\\document.xml": "x"}), "a", "docx"),
    (
        "docx: a sheet embedded at the root",
        package({**types(_WORD), "xl/a.xml": "x", "word/document.xml": "x"}),
        "a",
        "docx",
    ),
    ("docx without its list of types", package({"word/document.xml": "x"}), "a", "docx"),
    (
        "docm",
        package({**types("ms-word.document.macroEnabled.main+xml"), "word/vbaProject.bin": "x"}),
        "a.docm",
        "docx",
    ),
    (
        "dotx",
        package({**types("wordprocessingml.template.main+xml"), "word/document.xml": "x"}),
        "a.dotx",
        "docx",
    ),
    ("xlsm", package({**types(_XLSM), "xl/workbook.xml": "x"}), "a.xlsm", "xlsx"),
    (
        "xltx",
        package({**types("spreadsheetml.template.main+xml"), "xl/workbook.xml": "x"}),
        "a.xltx",
        "xlsx",
    ),
    (
        "xlsb",
        package({**types("ms-excel.sheet.binary.macroEnabled.main"), "xl/workbook.bin": "x"}),
        "a",
        "xlsb",
    ),
    (
        "pptm",
        package(
            {
                **types("ms-powerpoint.presentation.macroEnabled.main+xml"),
                "ppt/presentation.xml": "x",
            }
        ),
        "a",
        "pptx",
    ),
    ("potx", package({**types(_POTX), "ppt/presentation.xml": "x"}), "a.potx", "pptx"),
    ("zip with a folder called word", package({"word/notes.txt": "x"}), "a.zip", "zip"),
    (
        "zip that begins with a stored pdf",
        package({"a.pdf": PDF.decode()}, stored=True),
        "a.zip",
        "zip",
    ),
    ("zip of an empty list", package({}), "a.zip", "zip"),
    (
        "zip behind some bytes",
        b"\x01\x02\x03\x00\x00\x00\x04" + package({"a.txt": "x" * 2000}),
        "a",
        "zip",
    ),
    ("jar", package({"META-INF/MANIFEST.MF": "x"}), "a.jar", "jar"),
    (
        "visio",
        package({**types("ms-visio.drawing.main+xml"), "visio/document.xml": "x"}),
        "a",
        "vsdx",
    ),
    ("odt", package({"mimetype": MIMETYPE + "text", "content.xml": "x"}, stored=True), "a", "odt"),
    (
        "odt template",
        package({"mimetype": MIMETYPE + "text-template"}, stored=True),
        "a.ott",
        "odt",
    ),
    (
        "odt with a packed mimetype",
        package({"content.xml": "x", "mimetype": MIMETYPE + "text"}),
        "a",
        "odt",
    ),
    (
        "ods told by its manifest",
        package({"content.xml": "x", "META-INF/manifest.xml": f'<m t="{MIMETYPE}spreadsheet"/>'}),
        "a",
        "ods",
    ),
    ("odp", package({"mimetype": MIMETYPE + "presentation"}, stored=True), "a", "odp"),
    ("odg", package({"mimetype": MIMETYPE + "graphics"}, stored=True), "a", "odg"),
    ("epub", package({"mimetype": "application/epub+zip"}, stored=True), "a", "epub"),
    (
        "epub without mimetype",
        package({"META-INF/container.xml": "x", "OEBPS/book.opf": "x"}),
        "a",
        "epub",
    ),
    ("flat odt", FLAT, "a.fodt", "xml"),
    ("doc", ole("1Table", "WordDocument"), "a", "doc"),
    ("doc with a sheet inside", ole("WordDocument", embedded=("Workbook",)), "a", "doc"),
    ("xls with a letter inside", ole("Workbook", embedded=("WordDocument",)), "a", "xls"),
    ("xls of Excel 5", ole("Book"), "a", "xls"),
    ("xls in capitals", ole("WORKBOOK"), "a", "xls"),
    ("ppt", ole("Current User", "PowerPoint Document"), "a", "ppt"),
    ("msg", ole("__nameid_version1.0", "__properties_version1.0"), "a", "msg"),
    (
        "msg with a letter inside",
        ole("__properties_version1.0", embedded=("WordDocument",)),
        "a",
        "msg",
    ),
    ("encrypted xlsx", ole("EncryptionInfo", "EncryptedPackage"), "a.xlsx", "xlsx"),
    ("visio, old", ole("VisioDocument"), "a.vsd", "vsd"),
    ("doc of Word 2", b"\xdb\xa5-\0" + bytes(600), "a.doc", "doc"),
    ("xls of Excel 3", b"\x09\x02\x06\0" + bytes(600), "a.xls", "xls"),
    ("rtf named doc", RTF, "a.doc", "rtf"),
    ("rtf with a mark", b"\xef\xbb\xbf" + RTF, "a.rtf", "rtf"),
    ("rtf behind blank lines", b"\r\n\r\n" + RTF, "a", "rtf"),
    ("pdf behind a page of headers", b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + PDF, "a.pdf", "pdf"),
    ("pdf with PostScript's mark", b"%!PS-Adobe-3.0 PDF-1.4\n" + PDF, "a", "pdf"),
    ("text about pdf", b"A PDF file begins with %PDF-1.4 and goes on.", "a.txt", "txt"),
    ("mail about pdf", MAIL + b"%PDF-1.4 is how they begin", "a.eml", "eml"),
    ("eml with an odd first line", MAIL, "a", "eml"),
    ("eml with a long head", LONG_HEAD, "a", "eml"),
    ("eml with a mark", b"\xef\xbb\xbf\r\n" + MAIL, "a", "eml"),
    ("table with a zero", b"a,b,c\n1,\x002,3", "a.csv", "csv"),
    ("a letter called eml", b"Send your letters to\n\tthe harbour.\n", "a.eml", "txt"),
    ("eml with one known line", b"Subject: Hi\n\nHello", "a.eml", "eml"),
    ("eml out of a box", BOX, "a.eml", "eml"),
    ("mbox", BOX + b"\n" + BOX, "a.mbox", "mbox"),
    ("html fragment", b"<p>One</p><ul><li>Two</li></ul>", "a", "html"),
    ("html fragment that begins with words", b"Hello <b>you</b> and <i>me</i>", "a.html", "html"),
    ("html behind a comment", HTML_COMMENT, "a", "html"),
    ("html named doc", b"<html><head></head></html>", "a.doc", "html"),
    ("html with commas", b"a, b, <b>c</b>\nd, e, f\ng, h, i\n", "a.html", "html"),
    ("xhtml", b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C">\n<html/>', "a", "html"),
    ("html in UTF-16", "<html><body>x</body></html>".encode("utf-16"), "a", "html"),
    ("xml without declaration", b"<root><a>1</a></root>", "a", "xml"),
    ("rss", b'<rss version="2.0"><channel></channel></rss>', "a", "xml"),
    ("svg behind a comment", b"<!-- <html> --><svg xmlns='x'><text>Hi</text></svg>", "a", "svg"),
    (
        "WordML",
        b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument/>',
        "a.doc",
        "xml",
    ),
    ("md without headings", BARE_MD, "a", "md"),
    (
        "md that begins with a tag",
        b'<div align="center"><img src="a.png"></div>\n\n# It',
        "a.md",
        "md",
    ),
    ("csv with ragged rows", b"a,b,c,d\n1,2,3,4\n1,2,3,4,5\n1,2,3,4,5,6\n1,2,3,4\n", "a", "csv"),
    ("csv with quoted lines", b'a,b\n"one\ntwo",3\n"four\nfive",6\n7,8\n', "a", "csv"),
    ("csv with semicolons", b"a;b\n1;2\n", "a", "csv"),
    ("txt with commas", b"Well, then.\nSo, no.\nOh, dear.\n", "a", "txt"),
    ("txt with a column", b"a,b\n", "a.txt", "txt"),
    ("json", b'\xef\xbb\xbf\n{"a": [1, 2]}', "a", "json"),
    ("json of several lines", b'[\n{"a": 1},\n{"a": 2}\n]', "a", "json"),
    ("json that is one number", b"42", "a.json", "json"),
    ("json that is broken", b'{"a": ', "a.json", "json"),
    ("ndjson named json", b'{"a": 1}\n{"a": 2}\n', "a.json", "ndjson"),
    ("ndjson of lists", b"[1, 2]\n[3, 4]\n", "a", "ndjson"),
    ("rst", b"Title\n=====\n\n.. note::\n\n   Take care.\n", "a", "rst"),
    ("org", b"#+TITLE: Plan\n* One\n** Two\n", "a", "org"),
    ("blank text", b" \n \n", "a.txt", "txt"),
    ("one letter", b"x", "a", "txt"),
    ("text with a stray zero", b"Words and more words. " * 40 + b"\0" + b"Words.", "a.txt", "txt"),
    (
        "bmp of an odd writer",
        b"BM" + bytes([9] * 12) + struct.pack("<L", 40) + bytes(60),
        "a",
        "bmp",
    ),
    ("BM in words", b"BMW is a car maker.", "a.txt", "txt"),
    ("heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a", "heic"),
    ("avif", b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "a", "avif"),
    ("webp", b"RIFF\0\0\0\0WEBPVP8 ", "a.png", "webp"),
    ("tiff, big", b"II+\0\x08\0\0\0", "a", "tiff"),
]


@pytest.mark.parametrize(
    ("data", "name", "kind"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_kind(tmp_path: Path, data: bytes, name: str, kind: str) -> None:
    path = tmp_path / "raw"
    path.write_bytes(data)
    assert sniff_file(path, name).kind == kind


@pytest.mark.parametrize("size", [1, 8, 60, 300, 511, 700, 1100])
def test_cut_files_never_raise(tmp_path: Path, size: int) -> None:
    path = tmp_path / "raw"
    for _, data, name, _ in CASES:
        path.write_bytes(data[:size])
        sniff_file(path, name)


@pytest.mark.parametrize(
    "part",
    [
        *("[", "[[", "[a](", "**a", "__a ", "`", "``a", "|", "| ---", "-", "- a", "=\n", "\n", " "),
        *("From ", "From a 10:00", "a: ", "<", "<b ", "</b ", "<!--", "<?", "<!ENTITY ", "&a", "{"),
        *(
            '"',
            ",",
            "\t",
            ";",
            "1 ",
            "#+TITLE:",
            "* ",
            ".. a",
            ":ref:`",
            "a\n==\n",
            "\\",
            "{[",
            "1\n",
        ),
    ],
)
def test_no_text_makes_sniffing_slow(tmp_path: Path, part: str) -> None:
    """A pattern that tries everything twice takes minutes for a file of one letter repeated."""
    path = tmp_path / "raw"
    for start in ("", "From ", "a,b\n", "<a>", "[x](", "**"):
        path.write_text(start + part * (70_000 // len(part)))
        started = time.process_time()
        sniff_file(path, "file")
        assert time.process_time() - started < 0.5, start
