"""The trail of headings above a passage."""

from __future__ import annotations

from doc_pipeline.chunking.blocks import blocks_of
from doc_pipeline.chunking.sections import MAX_TRAIL_CHARACTERS, section_trails
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline_tests.chunking.texts import document_of


def heading(text: str, depth: int | None = 0) -> Element:
    return Element("Title", text, depth=depth)


BODY = Element("Text", "Body.")


def trails(*elements: Element) -> list[tuple[str, ...]]:
    """The trail of every block of body text."""
    extracted = document_of(elements)
    blocks = blocks_of(extracted)
    starts = [block.start for block in blocks if not block.is_heading]
    return list(section_trails(extracted.text, blocks, starts))


def test_headings_stack_by_level() -> None:
    assert trails(
        BODY,
        heading("Harbour"),
        heading("Lamps", 1),
        BODY,
        heading("Boats", 1),
        BODY,
        heading("Town"),
        BODY,
    ) == [(), ("Harbour", "Lamps"), ("Harbour", "Boats"), ("Town",)]


def test_a_heading_without_level_stands_below_all_others_and_replaces_its_like() -> None:
    assert trails(heading("Harbour"), heading("Note", None), heading("Hint", None), BODY) == [
        ("Harbour", "Hint")
    ]


def test_a_passage_that_begins_with_a_heading_has_only_what_is_above_it() -> None:
    extracted = document_of([heading("Harbour"), heading("Lamps", 1), heading("Boats", 1)])
    blocks = blocks_of(extracted)
    starts = [block.start for block in blocks]
    assert list(section_trails(extracted.text, blocks, starts)) == [(), ("Harbour",), ("Harbour",)]


def test_headings_that_say_nothing_or_repeat_often_are_left_out() -> None:
    assert trails(heading("Harbour"), heading("1. Introduction", 1), BODY) == [("Harbour",)]
    assert trails(heading("Harbour"), heading("Table of contents", 1), BODY) == [("Harbour",)]
    assert trails(heading("Lamps"), *[heading("Price", 1), BODY] * 4) == [("Lamps",)] * 4
    assert trails(heading("Lamps"), *[heading("Price", 1), BODY] * 3) == [("Lamps", "Price")] * 3


def test_a_long_trail_loses_its_outermost_headings() -> None:
    names = [f"{'heading ' * 8}{level}" for level in range(4)]
    (trail,) = trails(*(heading(name, level) for level, name in enumerate(names)), BODY)
    assert trail == tuple(names[-2:])
    assert len(" > ".join(trail)) <= MAX_TRAIL_CHARACTERS


def test_a_single_long_heading_loses_its_end_between_graphemes() -> None:
    (trail,) = trails(heading("e\u0301" * 120), BODY)
    assert trail == ("e\u0301" * 80,)
    (odd,) = trails(heading("x" + "e\u0301" * 120), BODY)
    assert odd == ("x" + "e\u0301" * 79,)


def test_white_space_in_a_heading_is_one_space() -> None:
    assert trails(heading("Harbour\n  lamps"), BODY) == [("Harbour lamps",)]


def test_a_text_without_headings_has_no_trails() -> None:
    extracted = ExtractedText("Body.", (), "txt", "test@1")
    assert list(section_trails("Body.", blocks_of(extracted), [0])) == [()]
