"""PDFs for the tests: `RawPdf` writes objects as they are, `PROSE` fills pages; and `extract`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

PROSE = (
    "The old bridge was built in nineteen hundred and four and carries about two thousand "
    "vehicles every day. Its northern pier was repaired after the flood of last winter, and the "
    "council wants to decide in spring whether the southern one is to be replaced. "
)


def extract(path: Path, **options: object) -> ExtractedText:
    request = ExtractRequest(kind="pdf", name="a.pdf", **options)  # pyright: ignore[reportArgumentType]
    return extract_file(path, request)


def texts(elements: Sequence[Element], kind: str) -> list[str]:
    return [element.text for element in elements if element.type == kind]


def sheet() -> FPDF:
    """An A4 document measured in points, with no margins of its own."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.set_font("Helvetica", size=10)
    return pdf


def save(pdf: FPDF, folder: Path) -> Path:
    path = folder / "raw"
    pdf.output(str(path))
    return path


def text_picture(text: str = PROSE) -> Image.Image:
    """A white A4 page at 200 dpi with the text on it, as a scanner gives it."""
    image = Image.new("L", (1654, 2339), 255)
    words, lines = text.split(), [""]
    for word in words:
        lines[-1] += f"{word} "
        if len(lines[-1]) > 60:
            lines.append("")
    font = ImageFont.load_default(34)
    ImageDraw.Draw(image).multiline_text((150, 300), "\n".join(lines), 0, font, spacing=24)
    return image


class RawPdf:
    """A PDF of objects given as bytes; `root` and `pages` are numbers 1 and 2."""

    def __init__(self) -> None:
        self.objects: list[bytes] = [b"", b""]
        self.kids: list[int] = []
        self.catalog = b""

    def add(self, body: bytes) -> int:
        self.objects.append(body)
        return len(self.objects)

    def add_stream(self, data: bytes, head: bytes = b"") -> int:
        return self.add(b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), head, data))

    def add_page(
        self,
        content: bytes,
        fonts: Mapping[str, int],
        *,
        more: bytes = b"",
        box: bytes = b"0 0 595 842",
    ) -> int:
        stream = self.add_stream(content)
        named = b" ".join(b"/%s %d 0 R" % (n.encode(), number) for n, number in fonts.items())
        number = self.add(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Resources << /Font << %s >> >> "
            b"/Contents %d 0 R %s >>" % (box, named, stream, more)
        )
        self.kids.append(number)
        return number

    def add_helvetica(self) -> int:
        return self.add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")

    def add_composite_font(self, meanings: Mapping[int, str], *, has_map: bool = True) -> int:
        """A font of two-byte codes; without `has_map` nobody knows what they mean."""
        pairs = "\n".join(
            f"<{code:04X}> <{text.encode('utf-16-be').hex()}>" for code, text in meanings.items()
        )
        cmap = (
            "/CIDInit /ProcSet findresource begin begincmap /CMapName /X def "
            "1 begincodespacerange <0000> <FFFF> endcodespacerange "
            f"{len(meanings)} beginbfchar\n{pairs}\nendbfchar endcmap end"
        )
        to_unicode = b"/ToUnicode %d 0 R" % self.add_stream(cmap.encode()) if has_map else b""
        descriptor = self.add(
            b"<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 -200 1000 900] "
            b"/Ascent 900 /Descent -200 /ItalicAngle 0 /CapHeight 700 /StemV 80 >>"
        )
        descendant = self.add(
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /FontDescriptor %d 0 R /DW 500 "
            b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
            % descriptor
        )
        return self.add(
            b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H "
            b"/DescendantFonts [%d 0 R] %s >>" % (descendant, to_unicode)
        )

    def save(self, path: Path, trailer: bytes = b"") -> Path:
        self.objects[0] = b"<< /Type /Catalog /Pages 2 0 R %s >>" % self.catalog
        kids = b" ".join(b"%d 0 R" % number for number in self.kids)
        self.objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(self.kids))
        out = io.BytesIO()
        out.write(b"%PDF-1.7\n")
        offsets: list[int] = []
        for number, body in enumerate(self.objects, 1):
            offsets.append(out.tell())
            out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        start = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
        out.write(b"trailer << /Size %d /Root 1 0 R %s >>\n" % (len(offsets) + 1, trailer))
        out.write(b"startxref\n%d\n%%%%EOF\n" % start)
        path.write_bytes(out.getvalue())
        return path


def hex_text(codes: Sequence[int]) -> bytes:
    return b"<" + b"".join(b"%04X" % code for code in codes) + b">"
