"""Brings into the flow of a Word part the text that unstructured and python-docx pass over.

Text boxes, content controls, insertions, fields, equations, ruby, diagrams, charts, foot- and
endnotes and comments become paragraphs of their own or plain runs. Knows trees, not packages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_LIFTED = tuple(
    W + name for name in ("ins", "moveTo", "smartTag", "fldSimple", "customXml", "dir", "bdo")
)
_DROPPED = tuple(W + name for name in ("del", "moveFrom"))
_NOTE_MARKS = {
    W + "footnoteReference": "footnote",
    W + "endnoteReference": "endnote",
    W + "commentReference": "comment",
}
MARKERS = {"footnote": "\ue0f1", "endnote": "\ue0f2", "comment": "\ue0f3"}
"""Private characters before the first word of a note, so that its element can be told."""
SIGNS = (
    *(b"txbxContent", b"AlternateContent", b"lockedCanvas", b":relIds", b":chart "),
    *(b":sdt>", b":ins ", b":ins>", b":moveTo", b":smartTag", b":fldSimple", b":customXml"),
    *(b":dir ", b":bdo ", b":oMath", b":ruby>", b":footnoteReference"),
    *(b":endnoteReference", b":commentReference"),
)
"""A part without any of these is read well as it is."""

NoteTexts = Callable[[str, str], list[str]]
"""(kind of note, its id) to its paragraphs."""
RelatedTexts = Callable[[str], list[str]]
"""Id of a relationship (a diagram's, a chart's) to the texts of that part."""


def straighten(root: Any, notes: NoteTexts, related: RelatedTexts) -> None:
    """Change the tree in place. Each step is linear in the size of the tree."""
    _choose_alternatives(root)
    for element in list(root.iter(*_DROPPED)):
        _remove(element)
    _add_drawn_texts(root, related)
    _add_notes(root, notes)
    _take_out_boxes(root)
    for element in list(root.iter(W + "sdt")):
        content = element.find(W + "sdtContent")
        _replace(element, () if content is None else list(content))
    for element in list(root.iter(*_LIFTED)):
        _replace(element, list(element))
    _write_out_math(root)
    _write_out_ruby(root)


def _choose_alternatives(root: Any) -> None:
    for element in list(root.iter(_MC + "AlternateContent")):
        chosen = element.find(_MC + "Choice")
        if chosen is None:
            chosen = element.find(_MC + "Fallback")
        _replace(element, () if chosen is None else list(chosen))


def _take_out_boxes(root: Any) -> None:
    """The blocks of each text box follow the paragraph that holds it; the outermost box first."""
    after: dict[Any, Any] = {}
    for box in list(root.iter(W + "txbxContent")):
        holder = _paragraph_around(box)
        blocks = list(box)
        _remove(box)
        if holder is None:
            continue
        place = after.get(holder, holder)
        for block in blocks:
            place.addnext(block)
            place = block
        after[holder] = place


def _add_drawn_texts(root: Any, related: RelatedTexts) -> None:
    """Text of shapes that are no text boxes (canvases), of diagrams and of charts."""
    for drawing in list(root.iter(W + "drawing")):
        holder = _paragraph_around(drawing)
        if holder is None:
            continue
        texts = ["".join(p.itertext(_A + "t")) for p in drawing.iter(_A + "p")]
        for element in drawing.iter("{*}relIds", "{*}chart"):
            texts += related(element.get(_R + "dm") or element.get(_R + "id") or "")
        _insert_after(holder, texts)


def _add_notes(root: Any, notes: NoteTexts) -> None:
    """Notes follow the outermost block that refers to them, in its order."""
    after: dict[Any, Any] = {}
    for mark in list(root.iter(*_NOTE_MARKS)):
        kind = _NOTE_MARKS[mark.tag]
        texts = notes(kind, mark.get(W + "id") or "")
        holder = _outermost(mark)
        if holder is not None:
            place = after.get(holder, holder)
            after[holder] = _insert_after(place, [MARKERS[kind] + text for text in texts])


def _write_out_math(root: Any) -> None:
    for formula in list(root.iter(_MATH + "oMath")):
        text = "".join(formula.itertext(_MATH + "t", W + "t"))
        _replace(formula, [_run(formula, text)] if text else [])
    for block in list(root.iter(_MATH + "oMathPara")):
        _replace(block, list(block.iter(W + "r")))


def _write_out_ruby(root: Any) -> None:
    """The words stay, how to pronounce them goes."""
    for ruby in list(root.iter(W + "ruby")):
        base = ruby.find(W + "rubyBase")
        run = ruby.getparent()
        if base is not None and run is not None and run.tag == W + "r":
            text = "".join(base.itertext(W + "t"))
            ruby.addnext(_text(ruby, text))
        _remove(ruby)


def _insert_after(holder: Any, texts: Iterable[str]) -> Any:
    """The last paragraph that was put in, or the holder."""
    place = holder
    for text in texts:
        if text.strip():
            paragraph = holder.makeelement(W + "p")
            paragraph.append(_run(holder, text))
            place.addnext(paragraph)
            place = paragraph
    return place


def _run(near: Any, text: str) -> Any:
    run = near.makeelement(W + "r")
    run.append(_text(near, text))
    return run


def _text(near: Any, text: str) -> Any:
    element = near.makeelement(W + "t")
    element.text = text
    element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return element


def _paragraph_around(element: Any) -> Any | None:
    """The nearest paragraph that stands in a body, a cell or a text box."""
    return next((above for above in element.iterancestors(W + "p")), None)


def _outermost(element: Any) -> Any | None:
    child = element
    for above in element.iterancestors():
        if above.tag in {W + "body", W + "hdr", W + "ftr"}:
            return child
        child = above
    return None


def _replace(element: Any, children: Iterable[Any]) -> None:
    parent = element.getparent()
    if parent is None:
        return
    for child in children:
        element.addprevious(child)
    parent.remove(element)


def _remove(element: Any) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def paragraphs_of(element: Any) -> Iterator[str]:
    """Texts of the paragraphs in a note or a comment."""
    for paragraph in element.iter(W + "p"):
        text = "".join(part.text or "" for part in paragraph.iter(W + "t"))
        if text.strip():
            yield text.strip()
