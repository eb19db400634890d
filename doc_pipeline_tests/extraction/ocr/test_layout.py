"""Words become headings, paragraphs and list items with boxes of the picture itself."""

from __future__ import annotations

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.ocr.layout import build_elements
from doc_pipeline.extraction.ocr.reading import Reading
from doc_pipeline.extraction.ocr.words import Word

WIDTH, HEIGHT = 1000, 800


def _elements(*lines: tuple[int, str, int], rotation: int = 0, scale: float = 1.0) -> list[Element]:
    """Elements of lines (paragraph, text, height), one below the other."""
    words: list[Word] = []
    for number, (paragraph, text, height) in enumerate(lines):
        for index, word in enumerate(text.split()):
            left, top = 100 + index * 90, 100 + number * 50
            words.append(
                Word(1, paragraph, number, word, 90 + index, left, top, left + 80, top + height)
            )
    reading = Reading(words, rotation, WIDTH, HEIGHT, scale, ("eng",))
    return build_elements(reading, 7, (WIDTH, HEIGHT))


def _told(*lines: tuple[int, str, int]) -> list[tuple[str, str]]:
    return [(element.type, element.text) for element in _elements(*lines)]


def test_taller_short_line_is_a_heading() -> None:
    assert _told(
        (1, "Harbour rules", 40),
        (1, "Every pilot keeps a notebook", 24),
        (1, "for the depth of the channel.", 24),
        (2, "Page two", 24),
    ) == [
        ("Title", "Harbour rules"),
        ("NarrativeText", "Every pilot keeps a notebook for the depth of the channel."),
        ("UncategorizedText", "Page two"),
    ]


def test_one_size_has_no_heading() -> None:
    assert _told((1, "Harbour rules", 40)) == [("UncategorizedText", "Harbour rules")]


def test_numbers_are_no_heading() -> None:
    kinds = [kind for kind, _ in _told((1, "12 345", 60), (2, "The sum of all the money.", 24))]
    assert kinds == ["UncategorizedText", "NarrativeText"]


def test_list_items_stand_alone() -> None:
    assert _told(
        (1, "• check the pumps", 24),
        (1, "and the ropes", 24),
        (1, "2. write the report", 24),
    ) == [("ListItem", "check the pumps and the ropes"), ("ListItem", "2. write the report")]


def test_bullet_taken_for_a_letter_is_a_bullet() -> None:
    def word(text: str, left: int, right: int, confidence: float) -> Word:
        return Word(1, 1, 1, text, confidence, left, 100, right, 124)

    for confidence, gap, kind in ((60, 40, "ListItem"), (60, 9, ""), (95, 40, "")):
        words = [word("e", 0, 10, confidence), word("Wang", 10 + gap, 100, 94)]
        reading = Reading(words, 0, WIDTH, HEIGHT, 1.0, ("eng",))
        (element,) = build_elements(reading, 1, (WIDTH, HEIGHT))
        text = "Wang" if kind else "e Wang"
        assert (element.type, element.text) == (kind or "UncategorizedText", text)


def test_divided_words_become_whole() -> None:
    assert _told((1, "the har-", 24), (1, "bour of Saint-", 24), (1, "Malo in 1990-", 24)) == [
        ("UncategorizedText", "the harbour of Saint-Malo in 1990-")
    ]


def test_rows_stay_lines() -> None:
    assert _told((1, "Total 1999 2000 2001", 24), (1, "Boats 14 16 21", 24)) == [
        ("UncategorizedText", "Total 1999 2000 2001\nBoats 14 16 21")
    ]
    address = [(1, "Harbour office", 24), (1, "12 Quay Road", 24), (1, "Port of the old town", 24)]
    assert _told(*address) == [
        ("UncategorizedText", "Harbour office\n12 Quay Road\nPort of the old town")
    ]


def test_chinese_has_no_spaces() -> None:
    assert _told((1, "新鲜 甘草", 24), (1, "黄酮 ABC 养分。", 24)) == [
        ("NarrativeText", "新鲜甘草黄酮 ABC 养分。")
    ]


def test_box_confidence_and_page() -> None:
    (element,) = _elements((1, "one two", 24))
    assert element.page == 7
    assert element.extra == {"ocr_confidence": 90.5}
    box = element.box
    assert box is not None
    assert (box.left, box.top, box.right, box.bottom) == (100, 100, 270, 124)
    assert (box.page_width, box.page_height, box.unit) == (WIDTH, HEIGHT, "pixels")


def test_box_of_a_turned_and_scaled_page_is_that_of_the_picture() -> None:
    expected = {
        90: (100, 730, 124, 900),
        180: (730, 676, 900, 700),
        270: (676, 100, 700, 270),
    }
    for rotation, edges in expected.items():
        (element,) = _elements((1, "one two", 24), rotation=rotation)
        box = element.box
        assert box is not None
        assert (box.left, box.top, box.right, box.bottom) == edges
        assert element.extra["ocr_rotation"] == rotation
    (element,) = _elements((1, "one two", 24), scale=0.5)
    assert element.box is not None
    assert element.box.right == 135


def test_nothing_read_gives_nothing() -> None:
    assert _elements() == []
