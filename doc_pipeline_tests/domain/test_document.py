"""Options people give a document: what is taken, what is refused, what is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from doc_pipeline.domain.document import DocumentOptions, Priority, parse_options
from doc_pipeline.domain.errors import OptionsInvalid


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"owner": " Ana "}, "owner", "Ana"),
        ({"owner": None}, "owner", None),
        ({"priority": "high"}, "priority", Priority.HIGH),
        ({"PRIORITY": "CRITICAL"}, "priority", Priority.CRITICAL),
        ({"hold": True}, "hold", True),
        ({"hold": "yes"}, "hold", True),
        ({"hold": 0}, "hold", False),
        ({"language": "EN"}, "language", "en"),
        ({"language": "pt-br"}, "language", "pt-br"),
        ({"password": " with spaces "}, "password", " with spaces "),
        ({"chunk_size": 400}, "chunk_size", 400),
        ({"chunk-size": "400"}, "chunk_size", 400),
        ({"chunk_strategy": "fixed"}, "chunk_strategy", "fixed"),
        (
            {"customer": "C-17", "metadata": {"year": 2026}},
            "metadata",
            {"customer": "C-17", "year": 2026},
        ),
        ({}, "metadata", {}),
    ],
    ids=str,
)
def test_options_are_read(given: dict[str, Any], name: str, value: object) -> None:
    assert getattr(parse_options(given, "a.txt.meta.json"), name) == value


def test_nothing_given_is_the_default() -> None:
    assert parse_options({}, "a.txt.meta.json") == DocumentOptions()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"owner": ""}, "owner"),
        ({"owner": 7}, "owner"),
        ({"owner": "x" * 201}, "owner"),
        ({"owner": "two\nlines"}, "owner"),
        ({"priority": "URGENT-Q7"}, "priority"),
        ({"priority": []}, "priority"),
        ({"hold": "perhaps"}, "hold"),
        ({"language": "e"}, "language"),
        ({"language": "12"}, "language"),
        ({"password": 4711}, "password"),
        ({"password": ""}, "password"),
        ({"chunk_size": 49}, "chunk_size"),
        ({"chunk_size": 100_001}, "chunk_size"),
        ({"chunk_size": "large"}, "chunk_size"),
        ({"chunk_size": True}, "chunk_size"),
        ({"chunk_size": 4.5}, "chunk_size"),
        ({"chunk_strategy": "semantic"}, "chunk_strategy"),
        ({"chunk_strategy": ["fixed"]}, "chunk_strategy"),
        ({"chunk_strategy": {"a": 1}}, "chunk_strategy"),
        ({"metadata": "text"}, "metadata"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_by_its_name(given: dict[str, Any], field: str) -> None:
    """Never by its value: it may be a password."""
    with pytest.raises(OptionsInvalid) as refused:
        parse_options(given, "a.txt.meta.json")
    sentence = refused.value.sentence
    assert f"{field} must be " in sentence
    assert "a.txt.meta.json" in sentence
    assert not {"4711", "URGENT-Q7", "perhaps"} & set(sentence.split())
    assert "?" not in sentence


@pytest.mark.parametrize("given", [None, [], "text", 7, [{"owner": "a"}]])
def test_what_is_no_object_is_refused(given: object) -> None:
    with pytest.raises(OptionsInvalid, match="it must be a JSON object"):
        parse_options(given, "a.txt.meta.json")


def test_what_is_given_is_not_changed() -> None:
    given = {"owner": "Ana", "metadata": {"a": 1}, "free": 2}
    before = json.dumps(given)
    parse_options(given, "x")
    assert json.dumps(given) == before


def test_options_survive_json() -> None:
    options = parse_options(
        {"owner": "Ana", "priority": "LOW", "hold": True, "password": "p", "free": [1]}, "x"
    )
    assert parse_options(json.loads(json.dumps(options.to_dict())), "x") == options


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(parse_options({"password": "hunter2"}, "x"))
