"""Rich text: charsets of fonts, tables, footnotes, text boxes, properties, damage."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileCorrupt, NoTextFound, OverLimit, PipelineError
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

LETTER = (
    r"{\rtf1\ansi\ansicpg1252"
    r"{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset204 Arial CYR;}}"
    r"{\info{\title Lieferung \'fcber See}{\author J\u243?zef Kowal}"
    r"{\creatim\yr2021\mo3\dy4\hr5\min6}{\revtim\yr2022\mo1\dy2}}"
    r"\pard The goods arrived on Monday and were stored in the hall.\par"
    r"\pard They were complete{\footnote \pard Counted twice, by two persons.}.\par"
    r"{\shp{\*\shpinst\shpleft0{\sp{\sn shapeType}{\sv 202}}{\shptxt \pard In the box.\par}}}"
    r"\trowd\cellx1000\cellx2000\intbl Item\cell Price\cell\row"
    r"\trowd\cellx1000\cellx2000\intbl Lamp\cell 12\cell\row\pard"
    r"\f1 \'cf\'f0\'e8\'e2\'e5\'f2\f0\par}"
)


def extract(path: Path, limits: Limits | None = None):
    request = ExtractRequest(kind="rtf", name=path.name, limits=limits or Limits())
    return extract_file(path, request)


def written(folder: Path, text: str) -> Path:
    path = folder / "letter.rtf"
    path.write_bytes(text.encode("latin-1"))
    return path


def test_text_tables_footnotes_and_boxes_are_read(tmp_path: Path) -> None:
    extracted = extract(written(tmp_path, LETTER))
    assert "The goods arrived on Monday and were stored in the hall." in extracted.text
    assert "Counted twice, by two persons." in extracted.text
    assert "In the box." in extracted.text
    assert "shapeType" not in extracted.text
    table = next(element for element in extracted.elements if element.type == "Table")
    assert table.text == "Item | Price\nLamp | 12"
    assert "<td>Lamp</td>" in (table.text_as_html or "")


def test_the_charset_of_a_font_counts(tmp_path: Path) -> None:
    assert "Привет" in extract(written(tmp_path, LETTER)).text


@pytest.mark.parametrize("number", ["99999999", "-99999", "1114112", "-65999"])
def test_a_number_that_is_no_character_costs_that_character(tmp_path: Path, number: str) -> None:
    text = extract(written(tmp_path, rf"{{\rtf1 Words before \u{number}? and after.\par}}")).text
    assert text == "Words before \N{REPLACEMENT CHARACTER} and after."


def test_properties(tmp_path: Path) -> None:
    extracted = extract(written(tmp_path, LETTER))
    assert (extracted.title, extracted.author) == ("Lieferung über See", "Józef Kowal")
    assert extracted.created_at == "2021-03-04T05:06:00"
    assert extracted.modified_at == "2022-01-02T00:00:00"


def test_japanese_of_the_corpus(corpus: Path) -> None:
    extracted = extract(corpus / "testRTFJapanese.rtf")
    assert extracted.text.startswith("ゾルゲと尾崎、淡々と最期")
    assert extracted.language == "ja"


def test_pictures_cost_nothing(tmp_path: Path) -> None:
    picture = r"{\pict\pngblip " + "89504e47" * 200_000 + "}"
    extracted = extract(written(tmp_path, LETTER[:-1] + picture + "}"))
    assert "89504e47" not in extracted.text


@pytest.mark.parametrize(
    ("text", "error_type"),
    [("{\\rtf1 }", NoTextFound), ("no rich text", FileCorrupt), ("{\\rtf1 " + "x" * 99, OverLimit)],
)
def test_what_is_no_letter_is_named(
    tmp_path: Path, text: str, error_type: type[PipelineError]
) -> None:
    with pytest.raises(error_type):
        extract(written(tmp_path, text), Limits(text_bytes=100))


def test_damage_gives_text_or_a_typed_error(tmp_path: Path) -> None:
    dice = random.Random(4)
    for _ in range(150):
        data = bytearray(LETTER.encode("latin-1"))
        for _ in range(8):
            data[dice.randrange(6, len(data))] = dice.randrange(256)
        path = tmp_path / "damaged.rtf"
        path.write_bytes(data[: dice.randrange(10, len(data))])
        try:
            extract(path)
        except PipelineError:
            continue
