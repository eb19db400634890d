"""Writes the files of old formats beside it: the same small harbour text in every format.

odt, odp and epub are written here; doc and ppt are made of the first two by LibreOffice
(`soffice` has to be there: Debian's libreoffice-writer and libreoffice-impress). Run it again only
to change the text: `.venv/bin/python -m doc_pipeline_tests.extraction.files.make_files`.
"""

from __future__ import annotations

import gzip
import subprocess
import tempfile
import zipfile
from pathlib import Path

from doc_pipeline_tests.extraction.packages import (
    MAIN_TYPE,
    SPACES,
    paragraph,
    relation,
    rewrite,
    write_docx,
)

HERE = Path(__file__).parent
_TIME = (2026, 1, 1, 0, 0, 0)
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
_SPACES = " ".join(
    f'xmlns:{prefix}="{_OFFICE}{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "presentation": "presentation",
        "meta": "meta",
        "svg": "svg-compatible",
        "manifest": "manifest",
    }.items()
)
_META = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-meta {_SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2">
<office:meta><dc:title>Harbour rules</dc:title>
<meta:initial-creator>Ines Vogt</meta:initial-creator>
<dc:creator>Ines Vogt</dc:creator><meta:creation-date>2026-03-01T08:30:00</meta:creation-date>
<dc:date>2026-04-02T09:00:00</dc:date></office:meta></office:document-meta>"""
_TEXT = """<office:text>
<text:h text:outline-level="1">Rules of the harbour</text:h>
<text:p>Boats wait at the outer buoy until the signal is green.</text:p>
<text:h text:outline-level="2">Fees</text:h>
<text:list><text:list-item><text:p>crane by the hour</text:p></text:list-item>
<text:list-item><text:p>water by the ton</text:p></text:list-item></text:list>
<table:table table:name="Fees"><table:table-column table:number-columns-repeated="2"/>
<table:table-row><table:table-cell><text:p>Year</text:p></table:table-cell>
<table:table-cell><text:p>Fee</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>2026</text:p></table:table-cell>
<table:table-cell><text:p>1,200</text:p></table:table-cell></table:table-row></table:table>
<text:p>Größe, Ærø, Žižkov, Δοκιμή, Проверка.</text:p></office:text>"""
_FRAME = (
    '<draw:frame presentation:class="{kind}" svg:x="2cm" svg:y="{y}cm" svg:width="20cm"'
    ' svg:height="3cm"><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>'
)


def main() -> None:
    """Write all files."""
    slides = "".join(map(_slide, (1, 2)))
    _open_document("harbour.odt", "text", _TEXT)
    _open_document(
        "harbour.odp", "presentation", f"<office:presentation>{slides}</office:presentation>"
    )
    _epub()
    with tempfile.TemporaryDirectory() as home:
        write_notes(Path(home) / "notes.docx")
        for source, ending in (
            (HERE / "harbour.odt", "doc"),
            (HERE / "harbour.odp", "ppt"),
            (Path(home) / "notes.docx", "doc"),
        ):
            subprocess.run(
                ["soffice", f"-env:UserInstallation=file://{home}", "--headless", "--convert-to",
                 ending, "--outdir", str(HERE), str(source)],
                check=True,
            )  # fmt: skip
    # LibreOffice puts a picture of 440 KB into it, nearly all of it one colour.
    presentation = HERE / "harbour.ppt"
    (HERE / "harbour.ppt.gz").write_bytes(gzip.compress(presentation.read_bytes(), 9, mtime=0))
    presentation.unlink()


def write_notes(path: Path) -> None:
    """A Word document with all that stands beside the body of a text."""
    box = "<w:txbxContent>" + paragraph("Words in a box.") + "</w:txbxContent>"
    shape = (
        '<w:pict><v:shape style="width:99pt;height:99pt"><v:textbox>'
        f"{box}</v:textbox></v:shape></w:pict>"
    )
    link = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK'
        ' "http://harbour.example/"</w:instrText></w:r><w:r><w:fldChar'
        ' w:fldCharType="separate"/></w:r><w:r><w:t>the harbour page</w:t></w:r><w:r>'
        '<w:fldChar w:fldCharType="end"/></w:r>'
    )
    rows = "".join(
        f"<w:tr><w:tc>{paragraph(a)}{paragraph('by the hour')}</w:tc>"
        f"<w:tc>{paragraph(b)}</w:tc></w:tr>"
        for a, b in (("Crane", "12"), ("Pilot", ""))
    )
    body = (
        f"{paragraph('Smile 😀 here, then 東京 is written.')}"
        f"<w:p><w:r><w:t>The box hangs on this.</w:t>{shape}</w:r></w:p>"
        f"<w:p><w:r><w:t xml:space='preserve'>The fees are on </w:t></w:r>{link}"
        '<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        f"<w:tbl><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>{rows}</w:tbl>"
        f"{paragraph('Проверка стоит в конце, и она длинная.')}"
        '<w:sectPr><w:headerReference w:type="default" r:id="rId8"/>'
        '<w:footerReference w:type="default" r:id="rId9"/></w:sectPr>'
    )
    parts = {
        "word/footnotes.xml": (
            f'<w:footnotes {SPACES}><w:footnote w:id="2">{paragraph("The note says so.")}'
            "</w:footnote></w:footnotes>"
        ),
        "word/header1.xml": f"<w:hdr {SPACES}>{paragraph('Harbour office')}</w:hdr>",
        "word/footer1.xml": f"<w:ftr {SPACES}>{paragraph('Kept for ten years')}</w:ftr>",
    }
    relations = (
        relation(7, "footnotes", "footnotes.xml")
        + relation(8, "header", "header1.xml")
        + relation(9, "footer", "footer1.xml")
    )
    write_docx(path, body, parts, relations=relations)
    kinds = "".join(
        f'<Override PartName="/word/{name}.xml"'
        f' ContentType="{MAIN_TYPE.replace("document.main", kind)}"/>'
        for name, kind in (("footnotes", "footnotes"), ("header1", "header"), ("footer1", "footer"))
    )
    rewrite(path, {"[Content_Types].xml": {b"</Types>": f"{kinds}</Types>".encode()}})


def _slide(number: int) -> str:
    parts = [
        ("title", 1, f"Topic {number}"),
        ("outline", 5, f"The harbour grows in part {number}."),
    ]
    frames = "".join(_FRAME.format(kind=kind, y=y, text=text) for kind, y, text in parts)
    note = _FRAME.format(kind="notes", y=14, text=f"Speak slowly about {number}.")
    return (
        f'<draw:page draw:name="page{number}">{frames}'
        f"<presentation:notes>{note}</presentation:notes></draw:page>"
    )


def _open_document(name: str, kind: str, body: str) -> None:
    mime = f"application/vnd.oasis.opendocument.{kind}"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES}'
        f' office:version="1.2"><office:body>{body}</office:body></office:document-content>'
    )
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{media}"/>'
        for path, media in (("/", mime), ("content.xml", "text/xml"), ("meta.xml", "text/xml"))
    )
    manifest = f'<manifest:manifest {_SPACES} manifest:version="1.2">{entries}</manifest:manifest>'
    parts = {"content.xml": content, "meta.xml": _META, "META-INF/manifest.xml": manifest}
    _zip(name, mime, parts)


def _epub() -> None:
    chapter = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{0}</title></head><body>{1}</body>'
        "</html>"
    )
    first = (
        "<h1>Rules of the harbour</h1>"
        "<p>Boats wait at the outer buoy until the signal is green.</p>"
    )
    second = (
        "<h2>Fees</h2><ul><li>crane by the hour</li><li>water by the ton</li></ul><table>"
        "<tr><th>Year</th><th>Fee</th></tr><tr><td>2026</td><td>1,200</td></tr></table>"
        "<p>Größe, Ærø, Žižkov, Δοκιμή, Проверка.</p>"
    )
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="OPS/book.opf"'
        ' media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Harbour rules</dc:title>'
        '<dc:creator>Ines Vogt</dc:creator><dc:language>en</dc:language><dc:identifier id="id">'
        "harbour</dc:identifier><dc:date>2026-03-01</dc:date></metadata><manifest>"
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="b" href="b.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    parts = {
        "META-INF/container.xml": container,
        "OPS/book.opf": book,
        "OPS/a.xhtml": chapter.format("Rules", first),
        "OPS/b.xhtml": chapter.format("Fees", second),
    }
    _zip("harbour.epub", "application/epub+zip", parts)


def _zip(name: str, mime: str, parts: dict[str, str]) -> None:
    with zipfile.ZipFile(HERE / name, "w") as package:
        package.writestr(zipfile.ZipInfo("mimetype", _TIME), mime)
        for path, text in parts.items():
            package.writestr(zipfile.ZipInfo(path, _TIME), text, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
