"""Language of a whole document, once, as an ISO 639-1 code.

Does not guess for a handful of words: None is better than a wrong analyzer.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

_SAMPLE = 4_000
_MIN_LETTERS = 24
_MIN_LETTERS_DENSE = 4
_MIN_PROBABILITY = 0.7
_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "zh": re.compile("[\u3400-\u9fff]"),
}
"""Scripts that tell the language, where letter groups take Taiwan's Chinese for Korean. Japanese
and old Korean texts hold Chinese characters too, so their own come first."""
_OWN_SHARE = 0.1
_NOISE = re.compile(r"\S{1,200}@\S+|https?://\S+|[\d_|]+")


def detect_language(text: str) -> str | None:
    """ISO 639-1 code of the text's language; None when there are too few words to tell.

    The same text always gives the same answer; of a long one 4,000 characters are looked at.
    """
    sample = _sample(text)
    letters = sum(map(str.isalpha, sample))
    counts = {code: len(script.findall(sample)) for code, script in _SCRIPTS.items()}
    dense = sum(counts.values())
    if letters < (_MIN_LETTERS_DENSE if dense * 2 > letters else _MIN_LETTERS):
        return None
    if dense * 2 > letters:
        return next(code for code, count in counts.items() if count > dense * _OWN_SHARE)
    from langdetect import LangDetectException

    detector = profiles().create()
    detector.append(sample)
    chances: Counter[str] = Counter()
    try:
        for found in detector.get_probabilities():
            chances[str(found.lang).split("-")[0]] += found.prob  # both Chinese scripts are zh
    except (LangDetectException, ZeroDivisionError):
        return None
    best, chance = max(chances.items(), key=lambda each: each[1], default=("", 0.0))
    return best if chance >= _MIN_PROBABILITY else None


@cache
def profiles() -> Any:
    """Table of letter groups in 55 languages, of langdetect, loaded once a process (0.5 s).

    `word_lang_prob_map[group]` holds how frequent a group is in each language of `langlist`.
    """
    from langdetect import DetectorFactory
    from langdetect.detector_factory import PROFILES_DIRECTORY

    factory = DetectorFactory()
    factory.set_seed(0)
    factory.load_profile(PROFILES_DIRECTORY)
    return factory


def _sample(text: str) -> str:
    """Three pieces of a long text: beginnings are often tables of contents or English notices."""
    if len(text) > _SAMPLE:
        third = _SAMPLE // 3
        starts = (0, len(text) // 2, len(text) * 3 // 4)
        text = "\n".join(text[start : start + third] for start in starts)
    return _NOISE.sub(" ", text)
