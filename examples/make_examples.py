"""Make the binary example documents from the plain texts in `sources/`.

Run: python examples/make_examples.py [folder]. The same libraries give the same bytes. What is
plain text in `documents/` was written by hand and is not touched.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import docx
import pptx
import xlsxwriter
from docx.document import Document as Docx
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont
from pptx.util import Cm, Pt

HERE = Path(__file__).parent
MADE_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AUTHOR = "Fjordlys AS"
FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass
class Block:
    """One block of a source: heading, paragraph, bullet, note, table or break."""

    kind: str
    text: str = ""
    level: int = 0
    rows: list[list[str]] = field(default_factory=list)


def read_blocks(name: str) -> list[Block]:
    """Read a source: Markdown with headings, '- ' bullets, '| ' tables, '> ' notes and '---'."""
    blocks: list[Block] = []
    for line in (HERE / "sources" / f"{name}.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            if blocks[-1].kind != "table":
                blocks.append(Block("table"))
            blocks[-1].rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif line.startswith("#"):
            marks, _, text = line.partition(" ")
            blocks.append(Block("heading", text, len(marks)))
        elif line == "---":
            blocks.append(Block("break"))
        elif line.startswith(("- ", "> ")):
            blocks.append(Block("bullet" if line[0] == "-" else "note", line[2:]))
        elif line:
            blocks.append(Block("paragraph", line))
    return blocks


class _Pages(FPDF):
    """A4 pages with a running footer; its texts are Latin-1, as core fonts want."""

    def footer(self) -> None:
        """Title and page number at the foot of each page."""
        self.set_y(-15)
        self.set_font("Helvetica", size=8)
        self.cell(text=f"{self.title} | Page {self.page_no()} of {{nb}}", center=True)


def write_pdf(name: str, folder: Path) -> None:
    """Write a PDF with outline, tables and page numbers."""
    blocks = read_blocks(name)
    pdf = _Pages()
    pdf.set_title(blocks[0].text)
    pdf.set_author(AUTHOR)
    pdf.set_producer("make_examples.py")
    pdf.set_creation_date(MADE_AT)
    pdf.set_margin(20)
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.add_page()
    for block in blocks:
        _draw_block(pdf, block)
    pages = sum(block.kind == "break" for block in blocks) + 1
    if pdf.page_no() != pages:
        raise SystemExit(f"{name}: {pdf.page_no()} pages, {pages} wanted: shorten a page")
    pdf.output(str(folder / f"{name}.pdf"))


def _draw_block(pdf: FPDF, block: Block) -> None:
    if block.kind == "break":
        pdf.add_page()
    elif block.kind == "heading":
        pdf.set_font("Helvetica", "B", {1: 20, 2: 14}.get(block.level, 12))
        pdf.ln(2)
        pdf.start_section(block.text, level=block.level - 1)
        pdf.multi_cell(0, text=block.text, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(2)
    elif block.kind == "table":
        pdf.set_font("Helvetica", size=10)
        with pdf.table(block.rows, line_height=6, padding=0.6, text_align="LEFT"):
            pass
        pdf.ln(3)
    else:
        pdf.set_font("Helvetica", size=11)
        text = f"\xb7 {block.text}" if block.kind == "bullet" else block.text
        pdf.multi_cell(0, h=5.6, text=text, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(2)


def write_docx(name: str, folder: Path) -> None:
    """Write a Word document with real heading styles, a table and a footer."""
    blocks = read_blocks(name)
    document = docx.Document()
    _set_properties(document.core_properties, blocks[0].text)
    document.sections[0].footer.paragraphs[0].text = f"{AUTHOR} | {blocks[0].text}"
    for block in blocks:
        _add_block(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    write_zip(buffer, folder / f"{name}.docx")


def _add_block(document: Docx, block: Block) -> None:
    if block.kind == "heading":
        document.add_heading(block.text, level=block.level - 1)
    elif block.kind == "table":
        table = document.add_table(len(block.rows), len(block.rows[0]), style="Table Grid")
        for row, cells in zip(table.rows, block.rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    else:
        document.add_paragraph(block.text, "List Bullet" if block.kind == "bullet" else None)


def write_pptx(name: str, folder: Path) -> None:
    """Write slides: a heading starts one, notes become speaker notes."""
    deck = pptx.Presentation()
    blocks = read_blocks(name)
    _set_properties(deck.core_properties, blocks[0].text)
    slide: Any = None
    for block in blocks:
        if block.kind == "heading":
            # layouts 0 and 1 of python-pptx's own template: 'Title Slide', 'Title and Content'
            slide = deck.slides.add_slide(deck.slide_layouts[0 if block.level == 1 else 1])
            slide.shapes.title.text = block.text
        elif block.kind == "note":
            slide.notes_slide.notes_text_frame.text = block.text
        elif block.kind == "table":
            _add_slide_table(slide, block.rows)
        else:
            frame = slide.placeholders[1].text_frame
            frame.text = f"{frame.text}\n{block.text}" if frame.text else block.text
    buffer = io.BytesIO()
    deck.save(buffer)
    write_zip(buffer, folder / f"{name}.pptx")


def _add_slide_table(slide: Any, rows: list[list[str]]) -> None:
    body = slide.placeholders[1]
    body._element.getparent().remove(body._element)  # no public call removes a placeholder
    shape = slide.shapes.add_table(len(rows), len(rows[0]), Cm(1.5), Cm(5), Cm(22), Cm(10))
    for row, cells in zip(shape.table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
            cell.text_frame.paragraphs[0].runs[0].font.size = Pt(16)


def _set_properties(properties: Any, title: str) -> None:
    properties.title, properties.author, properties.last_modified_by = title, AUTHOR, AUTHOR
    properties.comments, properties.keywords, properties.revision = "", "", 1
    # office files keep a time without zone and mean UTC
    properties.created = properties.modified = MADE_AT.replace(tzinfo=None)


def write_xlsx(name: str, sheets: dict[str, str], folder: Path) -> None:
    """Write a workbook: one sheet from each CSV source, numbers as numbers."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": True})
    book.set_properties(
        {"title": "Price list 2026", "author": AUTHOR, "created": MADE_AT.replace(tzinfo=None)}
    )
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "0.00"})
    for title, source in sheets.items():
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        with (HERE / "sources" / f"{source}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                style = bold if number == 0 else money if "EUR" in rows[0][column] else None
                sheet.write(number, column, value, style)
        sheet.set_column(1, 1, 34)
    book.close()
    write_zip(buffer, folder / f"{name}.xlsx")


def write_scan(name: str, folder: Path) -> None:
    """Write a picture of a typed page, as a scanner gives it: A4 at 150 dots an inch, grey."""
    width, margin = 1240, 130
    page = Image.new("L", (width, 1754), 250)
    pen = ImageDraw.Draw(page)
    top = 140
    for block in read_blocks(name):
        font = ImageFont.load_default(44 if block.kind == "heading" else 28)
        for line in _wrapped(block.text, font, width - 2 * margin):
            pen.text((margin, top), line, fill=30, font=font)
            top += font.size * 1.4
        top += 26
    # A sheet never lies quite straight.
    tilted = page.rotate(0.6, resample=Image.Resampling.BILINEAR, fillcolor=250)
    tilted.quantize(16).save(folder / f"{name}.png", dpi=(150, 150), optimize=True)


def _wrapped(text: str, font: Any, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def write_mail(name: str, attachment: str, folder: Path) -> None:
    """Write a mail that carries a PDF."""
    blocks = read_blocks(name)
    mail = EmailMessage()
    mail["From"] = "Kaija Tamm <kaija.tamm@balticcell.example>"
    mail["To"] = "Jonas Eide <jonas.eide@fjordlys.example>"
    mail["Subject"] = blocks[0].text
    mail["Date"] = "Fri, 21 Nov 2025 09:20:00 +0200"
    mail["Message-ID"] = "<20251121092000.733@balticcell.example>"
    mail.set_content("\n\n".join(block.text for block in blocks[1:]), cte="quoted-printable")
    with TemporaryDirectory() as made:
        write_pdf(attachment, Path(made))
        data = (Path(made) / f"{attachment}.pdf").read_bytes()
    mail.add_attachment(data, "application", "pdf", filename=f"{attachment}.pdf")
    mail.set_boundary("fjordlys-example")
    (folder / f"{name}.eml").write_bytes(mail.as_bytes())


def write_zip(made: io.BytesIO, path: Path) -> None:
    """Pack an office file again, with one fixed time for every member."""
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, FIRST_ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            target.writestr(member, source.read(name))


def make_examples(folder: Path) -> None:
    """Write the documents that are not plain text into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("annual-report-2025", "lykt-duo-manual"):
        write_pdf(name, folder)
    for name in ("supply-contract-baltic-cell", "staff-handbook"):
        write_docx(name, folder)
    write_pptx("nordlys-roadmap", folder)
    sheets = {"Lanterns": "price-list-lanterns", "Spare parts": "price-list-spare-parts"}
    write_xlsx("price-list-2026", sheets, folder)
    write_scan("goods-receipt-bc-2547", folder)
    write_mail("replacement-lot", "delivery-note-bc-2547", folder)


if __name__ == "__main__":
    make_examples(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "documents")
