"""Which of tesseract's language data to read a document with. Runs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from doc_pipeline.domain.errors import OcrLanguageMissing

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

_ALONE = frozenset({"chi_sim", "chi_tra", "jpn", "kor", "tha"})
"""Their data reads Latin words too, and a second language turns characters into Latin garbage."""

_NOT_LATIN = frozenset(code for codes in _BY_SCRIPT.values() for code in codes)
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
