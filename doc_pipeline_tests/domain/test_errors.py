"""Every error has a code of its own, a sentence and a remedy that help, and a verdict."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

from doc_pipeline.domain import errors
from doc_pipeline.domain.errors import (
    FileEmpty,
    FileTooLarge,
    OverLimit,
    PermanentError,
    PipelineError,
    RejectedError,
    StoreUnavailable,
    TransientError,
    UnexpectedError,
    Verdict,
    all_error_types,
    as_pipeline_error,
)
from doc_pipeline.domain.limit_names import LIMIT_SETTINGS
from doc_pipeline.domain.limits import Limits
from doc_pipeline.settings import Settings

BASES = {PipelineError, TransientError, PermanentError, RejectedError}
each_error = pytest.mark.parametrize("error_type", all_error_types(), ids=lambda e: e.code)


def fields_of(error_type: type[PipelineError]) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(error_type.template) if name}


def test_all_error_types_are_listed() -> None:
    """The docs and the table of remedies are made from this list."""
    defined = {
        item
        for item in vars(errors).values()
        if isinstance(item, type) and issubclass(item, PipelineError)
    }
    assert set(all_error_types()) == defined - BASES


def test_codes_are_unique_and_sorted() -> None:
    codes = [error_type.code for error_type in all_error_types()]
    assert codes == sorted(set(codes))


@each_error
def test_an_error_tells_what_happened_and_what_to_do(error_type: type[PipelineError]) -> None:
    assert re.fullmatch(r"[A-Z][A-Z_]+[A-Z]", error_type.code)
    for own in ("code", "template", "remedy"):
        assert own in vars(error_type), f"{own} is inherited"
    assert error_type.template.endswith(".")
    assert len(error_type.remedy) > 10
    assert error_type.__doc__


@each_error
def test_the_sentence_is_whole_when_the_fields_are_given(error_type: type[PipelineError]) -> None:
    sentence = error_type(**dict.fromkeys(fields_of(error_type), "value")).sentence
    assert "?" not in sentence
    assert "{" not in sentence
    assert sentence[0].isupper() or sentence.startswith(("value", "doc-pipeline "))


@each_error
def test_the_docstring_names_the_fields(error_type: type[PipelineError]) -> None:
    """Whoever raises it reads there what to give."""
    named = re.search(r"Fields?: ([^.]*)\.", error_type.__doc__ or "")
    words = (
        set(re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", named.group(1)))) if named else set()
    )
    assert fields_of(error_type) <= words


@each_error
def test_the_verdict_is_that_of_its_branch(error_type: type[PipelineError]) -> None:
    branches = {
        TransientError: Verdict.TRANSIENT,
        PermanentError: Verdict.PERMANENT,
        RejectedError: Verdict.REJECTED,
    }
    (verdict,) = {branches[base] for base in error_type.__mro__ if base in branches}
    assert error_type.verdict is verdict


@each_error
def test_the_tree_in_the_docstring_shows_it_in_its_branch(error_type: type[PipelineError]) -> None:
    """And marks with (*) what concerns the whole batch."""
    tree = errors.__doc__ or ""
    name = error_type.__name__ + ("*" if error_type.is_batch_wide else "")
    branches = re.split(r"(?=(?:Transient|Permanent|Rejected)Error )", tree.split("(*)")[0])
    base = next(base for base in error_type.__mro__ if base in BASES)
    (branch,) = [part for part in branches if part.startswith(base.__name__)]
    assert name in branch.split()


def test_a_missing_field_does_not_hide_the_error() -> None:
    assert StoreUnavailable(store="uploads").sentence == "The uploads store did not answer for ?."


def test_a_name_with_newlines_stays_on_one_line() -> None:
    """Sentences stand in logs and tables."""
    sentence = StoreUnavailable(store="uploads", key="a\nb\x1b[31m").sentence
    assert sentence.isprintable()
    assert "a\\nb" in sentence


def test_a_sentence_is_bounded() -> None:
    assert len(StoreUnavailable(store="uploads", key="x" * 9000).sentence) == 2000


def test_braces_in_a_field_are_no_template() -> None:
    assert "{store}" in StoreUnavailable(store="uploads", key="{store}").sentence


def test_an_unknown_exception_keeps_its_class_and_loses_its_text() -> None:
    """A library's text may carry a password or a line of the document."""
    secret = ValueError("password=hunter2")
    named = as_pipeline_error(secret)
    assert isinstance(named, UnexpectedError)
    assert "ValueError" in named.sentence
    assert "hunter2" not in named.sentence + str(named) + repr(named.fields)
    assert named.__cause__ is secret


def test_a_known_error_is_kept() -> None:
    known = FileEmpty()
    assert as_pipeline_error(known) is known
    assert str(known) == known.sentence


def test_the_sentences_speak_of_settings_by_names_that_a_person_can_set() -> None:
    source = Path(errors.__file__).read_text(encoding="utf-8")
    for name in re.findall(r"DOC_PIPELINE_\w+", source):
        assert re.fullmatch(r"DOC_PIPELINE_[A-Z]+(_[A-Z]+)*", name)


def test_no_two_errors_ask_for_the_same_with_the_same_verdict() -> None:
    """Where remedy and verdict are the same, one code is enough."""
    told = Counter((e.remedy, e.verdict) for e in all_error_types())
    assert [remedy for (remedy, _), count in told.items() if count > 1] == []


@pytest.mark.parametrize("limit", LIMIT_SETTINGS)
def test_a_limit_that_was_met_names_its_setting_and_the_figures(limit: str) -> None:
    sentence = OverLimit(limit=limit, allowed=200.0, found=1_000_000).sentence
    setting = LIMIT_SETTINGS[limit][1]
    assert f"1,000,000 {LIMIT_SETTINGS[limit][0]}; {setting} allows 200." in sentence
    assert setting.removeprefix("DOC_PIPELINE_").lower() in Settings.model_fields
    assert limit in {each.name for each in fields(Limits)}


def test_fixed_and_unknown_limits_are_told_too() -> None:
    assert (
        "101 levels of nesting; 100"
        in OverLimit(limit="json_depth", allowed=100, found=101).sentence
    )
    assert (
        "limit strange: 2 found, 1 allowed"
        in OverLimit(limit="strange", allowed=1, found=2).sentence
    )
    assert FileTooLarge(found=2_000_000, allowed=1).sentence.startswith("The file has 2,000,000")
