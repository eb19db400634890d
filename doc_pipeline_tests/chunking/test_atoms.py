"""Atoms: what is never cut, what is cut when it must be, what is glued."""

from __future__ import annotations

from doc_pipeline.chunking.atoms import Atom, AtomSizes, Edge, atoms_of
from doc_pipeline.chunking.blocks import blocks_of
from doc_pipeline.chunking.tokens import estimate_tokens
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline_tests.chunking.texts import document_of

SIZES = AtomSizes(limit=100, target=50)


def atoms(*elements: Element, sizes: AtomSizes = SIZES) -> tuple[ExtractedText, list[Atom]]:
    extracted = document_of(elements)
    return extracted, atoms_of(extracted.text, blocks_of(extracted), sizes)


def shown(*elements: Element, sizes: AtomSizes = SIZES) -> list[tuple[str, Edge]]:
    extracted, found = atoms(*elements, sizes=sizes)
    return [(extracted.text[atom.start : atom.end], atom.edge) for atom in found]


def test_each_kind_of_block_gives_its_own_atoms() -> None:
    assert shown(
        Element("Title", "The harbour lights", depth=0),
        Element("NarrativeText", "The first lamp was lit. The second came later."),
        Element("Title", "A deeper heading", depth=4),
        Element("ListItem", "a lamp of brass and glass"),
        Element("Table", "lamp | height\nnorth | 12 metres"),
        Element("CodeSnippet", "lamp = Lamp()\nlamp.light_up()"),
    ) == [
        ("The harbour lights", Edge.BREAK),
        ("The first lamp was lit.", Edge.PARAGRAPH),
        ("The second came later.", Edge.SENTENCE),
        ("A deeper heading", Edge.SUBHEADING),
        ("a lamp of brass and glass", Edge.ITEM),
        ("lamp | height", Edge.PARAGRAPH),
        ("north | 12 metres", Edge.ROW),
        ("lamp = Lamp()", Edge.PARAGRAPH),
        ("lamp.light_up()", Edge.CODE),
    ]


def test_a_long_atom_is_cut_at_clauses_then_commas_then_spaces() -> None:
    text = "one two three four; five six, seven eight; nine ten eleven twelve thirteen"
    sizes = AtomSizes(limit=4, target=4)
    pieces = [piece for piece, _ in shown(Element("Text", text), sizes=sizes)]
    assert "five six," in pieces
    assert "seven eight;" in pieces
    assert "nine ten eleven twelve" in pieces
    assert " ".join(pieces) == text


def test_a_long_word_is_cut_between_graphemes() -> None:
    """A base64 block, or a script without spaces and full stops."""
    word = "e\u0301" * 300
    extracted, found = atoms(Element("Text", word), sizes=AtomSizes(limit=20, target=20))
    assert "".join(extracted.text[atom.start : atom.end] for atom in found) == word
    assert all(extracted.text[atom.start] == "e" for atom in found)
    assert all(atom.tokens <= 20 for atom in found)


def test_short_atoms_are_glued_to_the_next() -> None:
    (glued,) = shown(*(Element("Text", word) for word in ("ab", "cd", "efghijklmnop")))
    assert glued == ("ab\n\ncd\n\nefghijklmnop", Edge.BREAK)


def test_short_atoms_are_not_glued_to_a_heading_or_over_page_furniture() -> None:
    assert len(shown(Element("Text", "ab"), Element("Title", "The harbour lights", depth=0))) == 2
    assert len(shown(Element("Text", "ab"), Element("Footer", "7"), Element("Text", "cd"))) == 2


def test_sizes_add_up_to_at_least_the_text_between() -> None:
    """Wide white space inside a chunk counts too."""
    text = "first sentence here." + " " * 320 + "Second sentence here."
    extracted, found = atoms(Element("Text", text))
    assert sum(atom.tokens for atom in found) >= estimate_tokens(extracted.text) > 20


def test_a_paragraph_called_a_title_is_prose() -> None:
    """An extractor that takes prose for a heading must not put it into every trail."""
    _, found = atoms(Element("Title", "This is one sentence of many. " * 20))
    assert len(found) > 10
    assert not any(atom.starts_heading for atom in found)
