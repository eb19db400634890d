"""Text that Word shows and its libraries pass over: each kind is there, once, in its place."""

from __future__ import annotations

from pathlib import Path

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
from doc_pipeline_tests.extraction.packages import SPACES, paragraph, relation, write_docx


def _extract(path: Path) -> ExtractedText:
    return extract_file(path, ExtractRequest("docx", "a.docx"))


def _texts(path: Path) -> list[str]:
    return [element.text for element in _extract(path).elements]


def _boxed(text: str) -> str:
    box = f"<w:txbxContent>{paragraph(text)}</w:txbxContent>"
    modern = (
        "<w:drawing><wp:anchor><a:graphic><a:graphicData><wps:wsp><wps:txbx>"
        f"{box}</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing>"
    )
    return (
        f'<mc:AlternateContent><mc:Choice Requires="wps">{modern}</mc:Choice><mc:Fallback>'
        f"<w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
    )


def test_text_box_comes_once_after_its_paragraph(tmp_path: Path) -> None:
    body = (
        f"<w:p><w:r><w:t>Host paragraph.</w:t>{_boxed('Words in a box.')}</w:r></w:p>"
        f"{paragraph('After it.')}"
    )
    path = write_docx(tmp_path / "raw", body)
    assert _texts(path) == ["Host paragraph.", "Words in a box.", "After it."]


def test_box_in_a_box_in_a_cell(tmp_path: Path) -> None:
    inner = _boxed("Inner words.").replace("<w:txbxContent>", "<w:txbxContent>", 1)
    outer = f"<w:txbxContent><w:p><w:r><w:t>Outer words.</w:t>{inner}</w:r></w:p></w:txbxContent>"
    body = (
        "<w:tbl><w:tblGrid><w:gridCol/></w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>Cell.</w:t>"
        f"<w:pict><v:textbox>{outer}</v:textbox></w:pict></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    assert _texts(write_docx(tmp_path / "raw", body)) == ["Cell. Outer words. Inner words."]


def test_runs_inside_changes_fields_controls_and_equations(tmp_path: Path) -> None:
    run = "<w:r><w:t>{} </w:t></w:r>".format
    body = (
        f"<w:p>{run('The')}<w:ins>{run('inserted')}</w:ins><w:del><w:r><w:delText>gone</w:delText>"
        f"</w:r></w:del><w:fldSimple>{run('field')}</w:fldSimple><w:smartTag>{run('place')}"
        f"</w:smartTag><w:sdt><w:sdtContent>{run('control')}</w:sdtContent></w:sdt>"
        "<m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath><w:r><w:ruby><w:rt><w:r><w:t>yomi</w:t></w:r>"
        "</w:rt><w:rubyBase><w:r><w:t>東</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>"
        f"<w:sdt><w:sdtContent>{paragraph('A control holds this.')}</w:sdtContent></w:sdt>"
    )
    body = body.replace("<w:t>", '<w:t xml:space="preserve">')
    assert _texts(write_docx(tmp_path / "raw", body)) == [
        "The inserted field place control x=1東",
        "A control holds this.",
    ]


def test_notes_and_comments_follow_their_paragraph(tmp_path: Path) -> None:
    marks = '<w:r><w:footnoteReference w:id="{}"/></w:r>'.format
    body = (
        f"<w:p><w:r><w:t>The fee is due.</w:t></w:r>{marks(2)}{marks(3)}"
        '<w:r><w:commentReference w:id="0"/></w:r></w:p>'
        '<w:p><w:r><w:t>Next one.</w:t></w:r><w:r><w:endnoteReference w:id="1"/></w:r></w:p>'
    )
    note = '<w:footnote w:id="{}">{}</w:footnote>'.format
    parts = {
        "word/footnotes.xml": (
            f'<w:footnotes {SPACES}><w:footnote w:type="separator" w:id="0">{paragraph("rule")}'
            f"</w:footnote>{note(2, paragraph('First note.'))}{note(3, paragraph('Second note.'))}"
            "</w:footnotes>"
        ),
        "word/endnotes.xml": (
            f'<w:endnotes {SPACES}><w:endnote w:id="1">{paragraph("At the end.")}</w:endnote>'
            "</w:endnotes>"
        ),
        "word/comments.xml": (
            f'<w:comments {SPACES}><w:comment w:id="0">{paragraph("Is this so?")}</w:comment>'
            "</w:comments>"
        ),
    }
    found = _extract(write_docx(tmp_path / "raw", body, parts))
    assert [(e.text, e.extra.get("note")) for e in found.elements] == [
        ("The fee is due.", None),
        ("First note.", "footnote"),
        ("Second note.", "footnote"),
        ("Is this so?", "comment"),
        ("Next one.", None),
        ("At the end.", "endnote"),
    ]
    assert not any(e.type == "Title" for e in found.elements if e.extra.get("note"))


def test_charts_diagrams_and_canvases(tmp_path: Path) -> None:
    drawing = (
        "<w:p><w:r><w:drawing><wp:inline><a:graphic><a:graphicData>{}</a:graphicData></a:graphic>"
        "</wp:inline></w:drawing></w:r></w:p>"
    ).format
    body = (
        drawing('<c:chart r:id="rId8"/>')
        + drawing('<dgm:relIds r:dm="rId9"/>')
        + drawing("<a:p><a:r><a:t>On the canvas.</a:t></a:r></a:p>")
    )
    parts = {
        "word/charts/chart1.xml": (
            f"<c:chartSpace {SPACES}><c:title><a:p><a:r><a:t>Ships a year</a:t></a:r></a:p>"
            "</c:title><c:strCache><c:pt><c:v>Berth A</c:v></c:pt></c:strCache></c:chartSpace>"
        ),
        "word/diagrams/data1.xml": (
            f"<dgm:dataModel {SPACES}><a:p><a:r><a:t>First step</a:t></a:r></a:p>"
            "<a:p><a:r><a:t>Second step</a:t></a:r></a:p></dgm:dataModel>"
        ),
    }
    relations = relation(8, "chart", "charts/chart1.xml") + relation(
        9, "diagramData", "/word/diagrams/data1.xml"
    )
    path = write_docx(tmp_path / "raw", body, parts, relations=relations)
    assert _texts(path) == ["Ships a year, Berth A", "First step", "Second step", "On the canvas."]


def test_headers_and_footers_come_once(tmp_path: Path) -> None:
    from docx import Document

    document = Document()
    for number in (1, 2, 3):
        section = document.sections[0] if number == 1 else document.add_section()
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        section.header.paragraphs[0].text = "Harbour office"
        section.footer.paragraphs[0].text = "Page"
        document.add_paragraph(f"The section {number} is short.")
    document.save(str(tmp_path / "raw"))
    margins = [e.type for e in _extract(tmp_path / "raw").elements if e.type != "NarrativeText"]
    assert margins == ["Header", "Footer"]
