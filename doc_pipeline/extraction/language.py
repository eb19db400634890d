"""Language of a whole document, once, as an ISO 639-1 code.

Does not guess for a handful of words: None is better than a wrong analyzer.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_SAMPLE = 4_000
_MIN_LETTERS = 24
_MIN_LETTERS_DENSE = 4
_MIN_PROBABILITY = 0.7
_DENSE_SCRIPTS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_NOISE = re.compile(r"\S{1,200}@\S+|https?://\S+|[\d_|]+")


def detect_language(text: str) -> str | None:
    """ISO 639-1 code of the text's language; None when there are too few words to tell.

    The same text always gives the same answer; of a long one 4,000 characters are looked at.
    """
    sample = _sample(text)
    letters = sum(map(str.isalpha, sample))
    dense = len(_DENSE_SCRIPTS.findall(sample))
    if letters < (_MIN_LETTERS_DENSE if dense * 2 > letters else _MIN_LETTERS):
        return None
    from langdetect import LangDetectException

    detector = profiles().create()
    detector.append(sample)
    try:
        best = detector.get_probabilities()[0]
    except (LangDetectException, IndexError, ZeroDivisionError):
        return None
    return str(best.lang).split("-")[0] if best.prob >= _MIN_PROBABILITY else None


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
