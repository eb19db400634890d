"""Where sentences and lines end, and where a full stop does not end one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from doc_pipeline.chunking.sentences import line_starts, prose_line_starts, sentence_starts


def sentences(text: str) -> list[str]:
    bounds = [0, *sentence_starts(text, 0, len(text)), len(text)]
    return [text[a:b].strip() for a, b in pairwise(bounds)]


@pytest.mark.parametrize(
    "parts",
    [
        ["One.", "Two!", "Three?"],
        ["He said “go.”", "She went."],
        ["Wait...", "What?!", "Nothing."],
        ["by december 31, 2017.", "a deferred asset was booked."],
        ["今天下雨。", "明天晴。", "「走吧！」", "他说。"],
        ["यह एक है।", "वह दो है।"],
        ["هل هذا صحيح؟", "نعم."],
        ["(It is true.)", "So be it."],
    ],
)
def test_sentences_end_at_their_marks(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith met J. Doe at Acme Inc. and left.",
        "See Fig. 3, e.g. the pumps, cf. No. 7 there.",
        "1. Open the valve",
        "Version 2.5.1 of example.org costs 1.204,50 today",
        "Das ist z.B. bzw. ca. fünf Meter lang",
        "Yahoo!Inc",
    ],
)
def test_abbreviations_and_numbers_end_none(text: str) -> None:
    assert sentences(text) == [text]


def test_lines_are_found_past_blank_ones() -> None:
    text = "a\n\n  b\nc\n"
    assert [text[offset] for offset in line_starts(text, 0, len(text))] == ["b", "c"]


def test_text_wrapped_to_a_width_is_no_list_of_lines() -> None:
    """Else each line of a plain text file would be an atom that ends in mid-sentence."""
    wrapped = (
        "The harbour of the small town lies in the north of\n"
        "the island and freezes over in most winters, so the\n"
        "boats are taken out.\n"
        "They come back in May."
    )
    starts = list(prose_line_starts(wrapped, 0, len(wrapped)))
    assert [wrapped[offset : offset + 4] for offset in starts] == ["They"]


def test_short_lines_and_blank_lines_are_kept() -> None:
    lines = "Milk\nBread\nButter"
    assert len(list(prose_line_starts(lines, 0, len(lines)))) == 2
    parted = "x" * 60 + "\n\n" + "y" * 60
    assert list(prose_line_starts(parted, 0, len(parted))) == [62]
