"""Writes docx files whose structure is known: headings, paragraphs, lists, tables, columns."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

HERE = Path(__file__).parent
SENTENCES = {
    language: (HERE / f"sentences_{language}.txt").read_text(encoding="utf-8").splitlines()
    for language in ("en", "de")
}
HEADINGS = {
    "en": [
        "Introduction", "State of the works", "Costs and payment", "What was measured",
        "Results of the survey", "Duties of the tenant", "Storage and transport",
        "Maintenance in winter", "Open questions", "Summary", "Safety at the gate",
        "History of the harbour", "Method", "Discussion of the findings", "Next steps",
        "Liability", "How an order is handled", "Opening hours and prices",
    ],
    "de": [
        "Einleitung", "Stand der Arbeiten", "Kosten und Zahlung", "Was gemessen wurde",
        "Ergebnisse der Umfrage", "Pflichten des Mieters", "Lagerung und Transport",
        "Wartung im Winter", "Offene Fragen", "Zusammenfassung", "Sicherheit am Tor",
        "Geschichte des Hafens", "Verfahren", "Erörterung der Ergebnisse", "Nächste Schritte",
        "Haftung", "Ablauf eines Auftrags", "Öffnungszeiten und Preise",
    ],
}  # fmt: skip
ITEMS = {
    "en": [
        "inspect the cables", "paint the railing on the western side", "close the red valve",
        "send the papers to the office before noon", "two spare keys", "a torch and warm clothes",
        "check that nobody is in the room, then lock it and hang up the sign with the date",
        "list of all members", "the drawings of the second floor", "tools for the small pump",
    ],
    "de": [
        "Kabel prüfen", "Geländer auf der Westseite streichen", "das rote Ventil schließen",
        "die Papiere vor Mittag an das Büro senden", "zwei Ersatzschlüssel",
        "eine Lampe und warme Kleidung", "Verzeichnis aller Mitglieder",
        "nachsehen, ob jemand im Raum ist, dann abschließen und das Schild mit dem Datum anbringen",
        "die Zeichnungen des zweiten Stocks", "Werkzeug für die kleine Pumpe",
    ],
}  # fmt: skip
GOODS = {
    "en": ["Rope", "Anchor", "Paint", "Copper sheet", "Gravel", "Signal lamp"],
    "de": ["Seil", "Anker", "Farbe", "Kupferblech", "Kies", "Signallampe"],
}


@dataclass(frozen=True)
class Plan:
    """What a document looks like; sizes in points."""

    name: str
    language: str
    font: str = "Liberation Sans"
    size: float = 11
    heading_font: str | None = None
    heading_sizes: tuple[float, ...] = (18, 14, 12)
    is_justified: bool = False
    line_spacing: float = 1.0
    space_after: float = 8
    first_indent: float = 0
    columns: int = 1
    sections: int = 6
    paragraphs: tuple[int, int] = (2, 4)
    sentences: tuple[int, int] = (2, 6)
    lists: bool = True
    tables: bool = False
    is_numbered: bool = False
    bold_headings: bool = True
    bold_words: bool = False
    notes: bool = False
    head: str | None = None
    foot: str | None = None


PLANS = [
    Plan("en_report", "en", head="Annual report of the harbour office", foot="Page"),
    Plan("de_bericht", "de", "Liberation Serif", 12, is_justified=True, is_numbered=True,
         sections=9, foot="Seite"),
    Plan("en_paper", "en", "Liberation Serif", 10, heading_sizes=(12, 10, 10), is_justified=True,
         columns=2, space_after=4, sections=8, lists=False),
    Plan("de_rundbrief", "de", "DejaVu Sans", 8, heading_sizes=(13, 10, 9), columns=3,
         space_after=5, sections=7, sentences=(2, 4), head="Rundbrief des Hafenvereins"),
    Plan("en_contract", "en", "Liberation Serif", 11, heading_sizes=(11, 11, 11), sections=10,
         is_numbered=True, paragraphs=(1, 3), is_justified=True, foot="Page"),
    Plan("de_handbuch", "de", "DejaVu Sans", 9, heading_sizes=(16, 12, 10), tables=True,
         sections=8, head="Handbuch der Pumpen", foot="Seite"),
    Plan("en_thesis", "en", "Liberation Serif", 12, heading_font="Liberation Sans",
         line_spacing=1.5, is_justified=True, sections=14, paragraphs=(3, 6), sentences=(4, 8),
         foot="", is_numbered=True),
    Plan("de_protokoll", "de", "Liberation Sans", 10, heading_sizes=(14, 11, 10), space_after=0,
         first_indent=14, sections=8, sentences=(1, 5)),
    Plan("en_price_list", "en", "Liberation Sans Narrow", 10, tables=True, sections=8,
         paragraphs=(1, 2), head="Prices of the chandler", foot="Page"),
    Plan("en_leaflet", "en", "Liberation Sans", 11, heading_sizes=(12, 11, 11), bold_words=True,
         notes=True, sections=8, paragraphs=(1, 3), head="Leaflet for visitors"),
    Plan("de_gutachten", "de", "Liberation Serif", 11, heading_sizes=(13, 12, 11.5),
         bold_headings=False, bold_words=True, notes=True, tables=True, is_justified=True,
         sections=10, foot="Seite"),
    Plan("de_satzung", "de", "Liberation Mono", 9, heading_sizes=(12, 10, 9), sections=9,
         sentences=(1, 3), is_numbered=True),
]  # fmt: skip


@dataclass
class Truth:
    """Texts by kind, in the order of the document."""

    headings: list[str] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """All words of the document's body."""
        return " ".join([*self.headings, *self.paragraphs, *self.items, *self.cells]).split()


def write_document(plan: Plan, path: Path) -> Truth:
    """One docx; always the same for a plan."""
    writer = _Writer(plan)
    writer.write()
    writer.document.save(str(path))
    return writer.truth


class _Writer:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dice = random.Random(plan.name)
        self.document = Document()
        self.truth = Truth()
        self._set_styles()
        section = self.document.sections[0]
        if plan.head:
            section.header.paragraphs[0].text = plan.head
        if plan.foot is not None:
            paragraph = section.footer.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.add_run(f"{plan.foot} " if plan.foot else "")
            _add_page_field(paragraph)

    def write(self) -> None:
        plan, dice = self.plan, self.dice
        title = {"en": "On the state of the harbour", "de": "Zum Zustand des Hafens"}
        self._heading(title[plan.language], 0)
        self._paragraph()
        if plan.columns > 1:
            section = self.document.add_section(WD_SECTION.CONTINUOUS)
            columns = section._sectPr.xpath("./w:cols")[0]
            columns.set(qn("w:num"), str(plan.columns))
            columns.set(qn("w:space"), "360")
        for number in range(1, plan.sections + 1):
            prefix = f"{number}. " if plan.is_numbered else ""
            self._heading(prefix + dice.choice(HEADINGS[plan.language]), 1)
            self._paragraphs()
            if plan.lists and number % 2:
                self._list(numbered=number % 4 == 1)
            for part in range(1, dice.randint(1, 3)):
                prefix = f"{number}.{part} " if plan.is_numbered else ""
                self._heading(prefix + dice.choice(HEADINGS[plan.language]), 2)
                self._paragraphs()
            if plan.tables and number % 2 == 0:
                self._table()
                self._paragraph()

    def _set_styles(self) -> None:
        plan = self.plan
        body = self.document.styles["Normal"]
        body.font.name, body.font.size = plan.font, Pt(plan.size)
        body.paragraph_format.space_after = Pt(plan.space_after)
        body.paragraph_format.line_spacing = plan.line_spacing
        for name, size in zip(("Title", "Heading 1", "Heading 2"), self._sizes(), strict=True):
            style = self.document.styles[name]
            font = plan.heading_font or plan.font
            style.font.name, style.font.size = font, Pt(size)
            style.font.bold = plan.bold_headings
            fonts = style.element.rPr.rFonts
            for key in list(fonts.attrib):
                del fonts.attrib[key]
            fonts.set(qn("w:ascii"), font)
            fonts.set(qn("w:hAnsi"), font)

    def _sizes(self) -> tuple[float, ...]:
        first, *rest = self.plan.heading_sizes
        return (first + 4, first, rest[0])

    def _heading(self, text: str, level: int) -> None:
        self.document.add_heading(text, level)
        self.truth.headings.append(text)

    def _paragraphs(self) -> None:
        for _ in range(self.dice.randint(*self.plan.paragraphs)):
            self._paragraph()

    def _paragraph(self) -> None:
        pool = SENTENCES[self.plan.language]
        text = " ".join(self.dice.sample(pool, self.dice.randint(*self.plan.sentences)))
        paragraph = self.document.add_paragraph()
        self._add_runs(paragraph, text)
        if self.plan.is_justified:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        if self.plan.first_indent:
            paragraph.paragraph_format.first_line_indent = Pt(self.plan.first_indent)
        self.truth.paragraphs.append(text)
        if self.plan.notes and self.dice.random() < 0.2:
            self._note()

    def _add_runs(self, paragraph: Any, text: str) -> None:
        """Now and then the first words in bold, as a run-in heading, or a word in Courier."""
        words = text.split(" ")
        kind = self.dice.choice(("bold", "mono", "plain")) if self.plan.bold_words else "plain"
        count = {"bold": 3, "mono": 1, "plain": 0}[kind]
        start = 0 if kind == "bold" else self.dice.randrange(len(words) - 1)
        before, marked, after = words[:start], words[start : start + count], words[start + count :]
        paragraph.add_run(" ".join([*before, ""]))
        run = paragraph.add_run(" ".join(marked))
        run.bold = kind == "bold"
        if kind == "mono":
            run.font.name, run.font.size = "Liberation Mono", Pt(self.plan.size - 1)
        paragraph.add_run(" ".join(["", *after]) if marked else " ".join(after))

    def _note(self) -> None:
        """A small or a bold remark, which is no heading."""
        text = self.dice.choice(SENTENCES[self.plan.language])
        run = self.document.add_paragraph().add_run(text)
        if self.dice.random() < 0.5:
            run.bold = True
        else:
            run.font.size = Pt(self.plan.size - 2)
        self.truth.paragraphs.append(text)

    def _list(self, *, numbered: bool) -> None:
        for item in self.dice.sample(ITEMS[self.plan.language], self.dice.randint(2, 5)):
            style = "List Number" if numbered else "List Bullet"
            self.document.add_paragraph(item, style=style)
            self.truth.items.append(item)

    def _table(self) -> None:
        rows = self.dice.sample(GOODS[self.plan.language], self.dice.randint(3, 6))
        table = self.document.add_table(rows=0, cols=3, style="Table Grid")
        for good in rows:
            values = [good, str(self.dice.randint(1, 90)), f"{self.dice.uniform(1, 500):.2f}"]
            for cell, value in zip(table.add_row().cells, values, strict=True):
                cell.text = value
                self.truth.cells.append(value)


def _add_page_field(paragraph: Any) -> None:
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = paragraph.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)
