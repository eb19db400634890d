"""TSV becomes words; specks and rules do not."""

from __future__ import annotations

import pytest

from doc_pipeline.extraction.ocr.words import (
    Word,
    count_good_chars,
    mean_confidence,
    parse_words,
    turn_of,
    turn_word,
)

COLUMNS = "level page_num block_num par_num line_num word_num left top width height conf text"
HEAD = COLUMNS.replace(" ", "\t")


def _row(text: str, confidence: float = 96.5, level: int = 5) -> str:
    return f"{level}\t1\t2\t3\t4\t1\t36\t92\t60\t24\t{confidence}\t{text}"


def test_words_have_places_and_confidence() -> None:
    tsv = "\n".join([HEAD, _row("", -1, 4), _row("This"), ""])
    assert parse_words(tsv) == [Word(2, 3, 4, "This", 96.5, 36, 92, 96, 116)]


def test_quotes_and_tabs_in_words_are_kept() -> None:
    (word,) = parse_words(f"{HEAD}\n" + _row('"a\tb'))
    assert word.text == '"a\tb'


@pytest.mark.parametrize(
    ("text", "confidence", "is_kept"),
    [("|", 40, False), ("ae", 20, False), ("ae", 50, True), ("—", 90, True), ("noisy", 10, True)],
)
def test_specks_are_dropped(text: str, confidence: float, is_kept: bool) -> None:
    assert bool(parse_words(f"{HEAD}\n" + _row(text, confidence))) == is_kept


def test_a_line_that_is_no_tsv_raises() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        parse_words(f"{HEAD}\n" + _row("x").replace("36", "?"))


def test_measures() -> None:
    words = [Word(1, 1, 1, "four", 90, 0, 0, 1, 1), Word(1, 1, 1, "xx", 30, 0, 0, 1, 1)]
    assert mean_confidence(words) == 60.0
    assert mean_confidence([]) is None
    assert count_good_chars(words) == 4


def test_words_on_their_side_tell_which_way_to_turn() -> None:
    def word(top: int) -> Word:
        return Word(1, 1, 1, "standing", 90, 500, top, 530, top + 100)

    assert turn_of([word(100), word(220), word(340)]) == 270
    assert turn_of([word(340), word(220), word(100)]) == 90
    assert turn_of([Word(1, 1, 1, "lying", 90, 100, 100, 200, 130)]) == 0
    assert turn_of([]) == 0
    turned = turn_word(word(100), 270, 800, 600)
    assert (turned.left, turned.top, turned.right, turned.bottom) == (100, 270, 200, 300)
    turned = turn_word(word(100), 90, 800, 600)
    assert (turned.left, turned.top, turned.right, turned.bottom) == (400, 500, 500, 530)
