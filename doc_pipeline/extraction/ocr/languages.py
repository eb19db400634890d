"""Which of tesseract's language data to read a document with. Does not run tesseract."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from doc_pipeline.domain.errors import OcrLanguageMissing
from doc_pipeline.extraction.language import detect_language

_BY_ISO = {
    "af": "afr", "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "ca": "cat",
    "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa",
    "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "gl": "glg",
    "gu": "guj", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "hy": "hye", "id": "ind",
    "is": "isl", "it": "ita", "ja": "jpn", "ka": "kat", "kk": "kaz", "kn": "kan", "ko": "kor",
    "la": "lat", "lt": "lit", "lv": "lav", "mk": "mkd", "ml": "mal", "mr": "mar", "ms": "msa",
    "mt": "mlt", "ne": "nep", "nl": "nld", "no": "nor", "pa": "pan", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe",
    "sw": "swa", "ta": "tam", "te": "tel", "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd",
    "vi": "vie", "zh": "chi_sim", "zh-cn": "chi_sim", "zh-tw": "chi_tra",
}  # fmt: skip

_BY_SCRIPT = {
    "Arabic": ("ara", "fas", "urd"),
    "Armenian": ("hye",),
    "Bengali": ("ben",),
    "Cyrillic": ("rus", "ukr", "bul", "bel", "srp", "mkd", "kaz"),
    "Devanagari": ("hin", "mar", "nep"),
    "Georgian": ("kat",),
    "Greek": ("ell",),
    "Gujarati": ("guj",),
    "Gurmukhi": ("pan",),
    "Han": ("chi_sim", "chi_tra", "jpn"),
    "Hangul": ("kor",),
    "Hebrew": ("heb",),
    "Japanese": ("jpn",),
    "Kannada": ("kan",),
    "Korean": ("kor",),
    "Malayalam": ("mal",),
    "Tamil": ("tam",),
    "Telugu": ("tel",),
    "Thai": ("tha",),
}
"""Languages whose data read a script, as tesseract's own script names go; all others are Latin."""

_ALONE = frozenset({"ara", "chi_sim", "chi_tra", "fas", "heb", "jpn", "kor", "tha", "urd"})
"""A second language beside them turns letters into Latin garbage (seen with ara and chi_sim)."""

_NOT_LATIN = frozenset(code for codes in _BY_SCRIPT.values() for code in codes)
_SURE_LETTERS = 200
_NOT_LANGUAGES = frozenset({"osd", "equ", "snum"})


def tesseract_code(language: str) -> str:
    """Tesseract's code of an ISO 639-1 language; any other code is returned as it is."""
    return _BY_ISO.get(language.lower(), language)


def choose_languages(
    document: str | None, wanted: Sequence[str], installed: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Languages to read with, likeliest first, and warnings about those that are missing.

    `document` is the document's language (ISO 639-1) or None, `wanted` those of the settings.
    Raises `OcrLanguageMissing` when none of them is installed.
    """
    asked = [document, *wanted] if document else [*wanted]
    codes = tuple(dict.fromkeys(map(tesseract_code, asked)))
    usable = tuple(code for code in codes if code in installed)
    missing = ", ".join(code for code in codes if code not in installed)
    if not usable:
        has = ", ".join(code for code in installed if code not in _NOT_LANGUAGES)
        raise OcrLanguageMissing(languages=missing, installed=has or "none")
    if usable[0] in _ALONE:
        usable = usable[:1]
    if missing:
        read_as = ", ".join(usable)
        return usable, (f"OCR has no data for the language {missing}; it read as {read_as}.",)
    return usable, ()


def languages_of_script(
    script: str, used: Sequence[str], installed: Sequence[str]
) -> tuple[str, ...]:
    """What to read a script with when `used` cannot; () when they can or nothing is installed."""
    if script in _BY_SCRIPT:
        able = [code for code in _BY_SCRIPT[script] if code in installed]
    elif script in {"Latin", "Fraktur"}:
        latin = [code for code in installed if code not in _NOT_LATIN | _NOT_LANGUAGES]
        able = sorted(latin, key=lambda code: code != "eng")
    else:
        able = []
    if set(able) & set(used):
        return ()
    return tuple(able[:1]) or tuple(n for n in (f"script/{script}",) if n in installed)


class Languages:
    """The languages of one document: those of the settings, until its pages show another one.

    Where nobody `is_told` the language, pages that are read well show it by their words and pages
    of another script by the language that could read them. Safe to use from several threads.
    """

    _detecting = threading.Lock()  # the detector loads its tables at the first use

    def __init__(
        self, languages: Sequence[str], installed: Sequence[str], *, is_told: bool = True
    ) -> None:
        self._asked = tuple(languages)
        self._installed = tuple(installed)
        self._is_told = is_told
        self.current = self._asked

    def for_script(self, script: str) -> tuple[str, ...]:
        """As `languages_of_script` says for the languages in use."""
        return languages_of_script(script, self.current, self._installed)

    def shown_by(self, text: str) -> tuple[str, ...]:
        """Languages that would suit a text better than those in use; () when these suit it."""
        if self._is_told or not self._has_others or sum(map(str.isalpha, text)) < _SURE_LETTERS:
            return ()
        with self._detecting:
            language = detect_language(text)
        code = tesseract_code(language) if language else ""
        if code in self.current or code not in self._installed:
            return ()
        return self._led_by((code,))

    def learn(self, languages: Sequence[str]) -> None:
        """Read the next pages with these first."""
        if not self._is_told:
            self.current = self._led_by(languages)

    def _led_by(self, first: Sequence[str]) -> tuple[str, ...]:
        return tuple(first if set(first) & _ALONE else dict.fromkeys((*first, *self._asked)))

    @property
    def _has_others(self) -> bool:
        return bool(set(self._installed) - set(self.current) - _NOT_LANGUAGES)
