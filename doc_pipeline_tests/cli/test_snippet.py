"""The part of a text that a search shows."""

from __future__ import annotations

from doc_pipeline.cli.snippet import snippet_of, words_of

FILLER = "Nothing of interest stands here. " * 20


def test_a_short_text_is_shown_whole() -> None:
    assert snippet_of("A  short\ntext.", "short", 100) == "A short text."


def test_the_words_are_in_what_is_shown() -> None:
    """Also in another form of the word, as the index finds them."""
    text = FILLER + "Late deliveries cost a penalty of one percent. " + FILLER
    shown = snippet_of(text, "penalty for late delivery", 120)
    assert "Late deliveries cost a penalty" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) <= 124


def test_most_words_together_win() -> None:
    text = "A penalty. " + FILLER + "The penalty for late delivery. " + FILLER
    assert "late delivery" in snippet_of(text, "penalty late delivery", 100)


def test_without_a_hit_the_beginning_is_shown() -> None:
    shown = snippet_of(FILLER, "zebra", 60)
    assert shown.startswith("Nothing of interest")
    assert len(shown) <= 62


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    assert len(snippet_of("x" * 5000, "y", 100)) <= 104
    assert len(snippet_of("漢字" * 3000, "漢字仮名", 100)) <= 104


def test_short_words_are_not_looked_for() -> None:
    assert words_of("is it a Lantern") == ["lante"]
