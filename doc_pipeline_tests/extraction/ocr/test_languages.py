"""The document's language comes first, what is missing is said, scripts find their readers."""

from __future__ import annotations

import pytest

from doc_pipeline.domain.errors import OcrLanguageMissing
from doc_pipeline.extraction.ocr.languages import (
    Languages,
    choose_languages,
    languages_of_script,
)

INSTALLED = ("ara", "chi_sim", "deu", "eng", "osd", "rus")


def test_language_of_the_document_comes_first() -> None:
    assert choose_languages("de", ("eng",), INSTALLED) == (("deu", "eng"), ())
    assert choose_languages(None, ("eng", "deu"), INSTALLED) == (("eng", "deu"), ())
    assert choose_languages("EN", ("eng",), INSTALLED) == (("eng",), ())


def test_settings_may_use_iso_codes() -> None:
    assert choose_languages(None, ("de", "ru"), INSTALLED) == (("deu", "rus"), ())


def test_missing_language_is_a_warning_while_another_is_there() -> None:
    languages, warnings = choose_languages("fr", ("eng",), INSTALLED)
    assert languages == ("eng",)
    assert warnings == ("OCR has no data for the language fra; it read as eng.",)


def test_no_wanted_language_is_an_error_with_the_remedy() -> None:
    with pytest.raises(OcrLanguageMissing) as error:
        choose_languages("fr", ("ita",), INSTALLED)
    assert error.value.fields == {
        "languages": "fra, ita",
        "installed": "ara, chi_sim, deu, eng, rus",
    }
    assert "tesseract-ocr-<language>" in error.value.remedy


def test_some_languages_are_read_alone() -> None:
    assert choose_languages("zh", ("eng",), INSTALLED) == (("chi_sim",), ())
    assert choose_languages("ar", ("eng",), INSTALLED) == (("ara",), ())
    assert choose_languages(None, ("eng", "chi_sim"), INSTALLED) == (("eng", "chi_sim"), ())


@pytest.mark.parametrize(
    ("script", "used", "found"),
    [
        ("Cyrillic", ("eng",), ("rus",)),
        ("Cyrillic", ("rus", "eng"), ()),
        ("Han", ("eng",), ("chi_sim",)),
        ("Latin", ("rus",), ("eng",)),
        ("Latin", ("deu",), ()),
        ("Hebrew", ("eng",), ()),
        ("Cherokee", ("eng",), ()),
    ],
)
def test_script_finds_an_installed_language(
    script: str, used: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert languages_of_script(script, used, INSTALLED) == found


def test_script_data_serve_where_there_is_no_language() -> None:
    assert languages_of_script("Tibetan", ("eng",), ("eng", "script/Tibetan")) == (
        "script/Tibetan",
    )


GERMAN = "Die Werkstatt am Fluss wurde gegründet und gehört noch immer derselben Familie. " * 4


def test_text_shows_its_language_unless_it_was_told() -> None:
    assert Languages(("eng",), INSTALLED, is_told=False).shown_by(GERMAN) == ("deu", "eng")
    assert Languages(("eng",), INSTALLED, is_told=True).shown_by(GERMAN) == ()
    assert Languages(("eng", "deu"), INSTALLED, is_told=False).shown_by(GERMAN) == ()
    assert Languages(("eng",), ("eng", "osd"), is_told=False).shown_by(GERMAN) == ()
    assert Languages(("eng",), INSTALLED, is_told=False).shown_by(GERMAN[:80]) == ()


def test_learned_languages_come_before_those_of_the_settings() -> None:
    languages = Languages(("eng",), INSTALLED, is_told=False)
    languages.learn(("rus",))
    assert languages.current == ("rus", "eng")
    languages.learn(("chi_sim",))
    assert languages.current == ("chi_sim",)
    languages.learn(("eng",))
    assert languages.current == ("eng",)
    told = Languages(("eng",), INSTALLED, is_told=True)
    told.learn(("rus",))
    assert told.current == ("eng",)
