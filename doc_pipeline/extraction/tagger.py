"""Words, sentences and word classes of English by rules, in place of a statistical model.

Has the three public functions of `unstructured.nlp.tokenize` and is installed in its place by
`tokenizer_seam`. It is asked one thing only: has this text a verb, and how many sentences.
"""

from __future__ import annotations

import re
from functools import lru_cache

from doc_pipeline.extraction.tagger_words import (
    ABBREVIATIONS,
    AUXILIARIES,
    FUNCTION_TAGS,
    Lexicon,
    load_lexicon,
)

_CACHE_SIZE = 256
_MAX_CHARS = 100_000
_TOKEN = re.compile(
    r"https?://\S+|[\w.+-]{1,64}@[\w-]+\.[\w.]+"
    r"|\d+(?:[.,:/]\d+)*|[A-Za-z](?:\.[A-Za-z])+\.?"
    r"|\w+(?=n['’]t\b)|n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|\w+|[^\w\s]"
)
_SENTENCE_BREAK = re.compile(
    r"(?<![.!?])[.!?]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9À-ÞА-ЯΑ-Ω])|[。！？؟।]+\s*"
)
_LAST_WORD = re.compile(r"(\S+?)[.!?]+[\"'”’)\]]*\s*$")
_SENTENCE_END = tuple(".!?…:;。！？؟।")
_NOUN_MARKERS = {"DT", "PRP$", "JJ", "POS", "CD", "IN"}
_OBJECT_STARTS = {"DT", "PRP", "PRP$", "TO", "WDT", "WP"}
_SUBJECTS = {"i", "you", "he", "she", "it", "we", "they", "who", "that", "which", "this", "there"}
_FOREIGN_MIN_WORDS = 5
_FOREIGN_KNOWN_SHARE = 0.5
_DENSE_SCRIPTS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_DENSE_SENTENCE = 25


def word_tokenize(text: str) -> list[str]:
    """Words and signs of a text."""
    return list(_words(str(text)))


def sent_tokenize(text: str) -> list[str]:
    """Sentences of a text."""
    return list(_sentences(str(text)))


def pos_tag(text: str) -> list[tuple[str, str]]:
    """Words of a text with their Penn Treebank class.

    Prose in another language gets one verb: its verbs are not known here, but it is prose.
    """
    return list(_tagged(str(text)))


@lru_cache(maxsize=_CACHE_SIZE)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text[:_MAX_CHARS]))


@lru_cache(maxsize=_CACHE_SIZE)
def _sentences(text: str) -> tuple[str, ...]:
    found: list[str] = []
    start = 0
    for match in _SENTENCE_BREAK.finditer(text):
        if match[0][0] == "." and _ends_abbreviated(text[start : match.end()]):
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return tuple(sentence for sentence in found if sentence)


def _ends_abbreviated(sentence: str) -> bool:
    found = _LAST_WORD.search(sentence[-40:])
    word = found[1].lstrip("(\"'“‘[") if found else ""
    is_initial = len(word) == 1 and word.isalpha() and word.isupper()
    return is_initial or word.lower() in ABBREVIATIONS


@lru_cache(maxsize=_CACHE_SIZE)
def _tagged(text: str) -> tuple[tuple[str, str], ...]:
    words = _words(text)
    lexicon = load_lexicon()
    if _is_foreign_prose(text, words, lexicon):
        return (words[0], "VB"), *((word, "FW") for word in words[1:])
    return tuple(zip(words, _tags(words, lexicon), strict=True))


def _is_foreign_prose(text: str, words: tuple[str, ...], lexicon: Lexicon) -> bool:
    shape = text.strip()
    is_sentence = shape.endswith(_SENTENCE_END)
    if len(_DENSE_SCRIPTS.findall(shape)) * 2 > len(shape):
        return is_sentence or len(shape) > _DENSE_SENTENCE
    letters = [word.lower() for word in words if word.isalpha()]
    if len(letters) < _FOREIGN_MIN_WORDS or not (is_sentence or len(letters) > 12):
        return False
    known = sum(word in FUNCTION_TAGS or word in lexicon for word in letters)
    return known < len(letters) * _FOREIGN_KNOWN_SHARE


def _tags(words: tuple[str, ...], lexicon: Lexicon) -> list[str]:
    tags: list[str] = []
    for index, word in enumerate(words):
        after = words[index + 1].lower() if index + 1 < len(words) else ""
        tags.append(_tag(word, words[:index], tags, after, lexicon))
    return tags


def _tag(word: str, before: tuple[str, ...], tags: list[str], after: str, lexicon: Lexicon) -> str:
    lower = word.lower().replace("’", "'")
    if lower in FUNCTION_TAGS:
        return _function_tag(lower, before, after)
    if not any(map(str.isalpha, word)):
        return "CD" if word[0].isdigit() else word[0]
    is_name = word[0].isupper() and bool(before) and before[-1] not in {".", ":", "!", "?", "-"}
    verbs, others = lexicon.get(lower, (frozenset[str](), frozenset[str]()))
    if not verbs and not others:
        return "NNP" if word[0].isupper() else _tag_by_ending(lower)
    if not verbs:
        return "NNP" if is_name else min(others)
    if not others:
        return _clear_verb(verbs, is_name, tags)
    if is_name:
        return "NNP"
    return _ambiguous(verbs, others, before, tags, after)


def _function_tag(lower: str, before: tuple[str, ...], after: str) -> str:
    if lower == "'s":
        return "VBZ" if before and before[-1].lower() in _SUBJECTS | {"what", "here"} else "POS"
    if lower in {"may", "might", "will", "can"} and not after:
        return "NN"
    return FUNCTION_TAGS[lower]


def _tag_by_ending(lower: str) -> str:
    if lower.endswith("ing") and len(lower) > 5:
        return "VBG"
    if lower.endswith("ed") and len(lower) > 4:
        return "VBN"
    return "RB" if lower.endswith("ly") else "NNS" if lower.endswith("s") else "NN"


def _clear_verb(verbs: frozenset[str], is_name: bool, tags: list[str]) -> str:
    """A word that is nothing but a verb; in the middle of a name only after a subject."""
    if is_name and tags and tags[-1] in {"NNP", "DT"} and verbs & {"VB", "VBN", "VBG"}:
        return "NNP"
    return min(verbs)


def _ambiguous(
    verbs: frozenset[str],
    others: frozenset[str],
    before: tuple[str, ...],
    tags: list[str],
    after: str,
) -> str:
    """Noun or verb, adjective or participle: what stands around it decides."""
    previous, last = _last_content(before, tags)
    next_tag = FUNCTION_TAGS.get(after, "")
    noun = min(others)
    if previous in {"TO", "MD"}:
        return "VB" if "VB" in verbs else min(verbs)
    if last in AUXILIARIES:
        return "VBG" if "VBG" in verbs else "VBN" if "VBN" in verbs else noun
    if previous in _NOUN_MARKERS and last not in _SUBJECTS:
        return "VBG" if "VBG" in verbs and next_tag in _OBJECT_STARTS else noun
    if last in _SUBJECTS:
        return min(verbs)
    if "VBN" in verbs and after == "by":
        return "VBN"
    if next_tag in _OBJECT_STARTS and (previous != "CC" or not tags):
        return min(verbs)
    if {"VBD", "VBN"} & verbs and previous in {"NN", "NNS", "NNP"} and "NN" not in others:
        return min(verbs)
    return noun


def _last_content(before: tuple[str, ...], tags: list[str]) -> tuple[str, str]:
    """Class and word before this one, adverbs and 'not' left out."""
    for tag, word in zip(reversed(tags), reversed(before), strict=False):
        if tag not in {"RB", "RBR"}:
            return tag, word.lower().replace("’", "'")
    return "", ""
