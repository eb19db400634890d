"""Names are made from content and upload key, for every name a person can give a file."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doc_pipeline.domain.errors import NameInvalid
from doc_pipeline.domain.identity import (
    MAX_ID_LENGTH,
    MAX_KEY_BYTES,
    artifact_prefix,
    attachment_id_of,
    check_upload_key,
    chunk_ids_of,
    document_id_of,
    embedding_key_of,
    fingerprint_of,
    is_document_id,
    normalise_text,
    text_sha256,
)
from doc_pipeline.domain.stage import Stage

ODD_KEYS = [
    "line\nbreak.txt",
    "comma, and, more.txt",
    'double "quotes".txt',
    "single 'quotes'.txt",
    "🙂🇩🇪.txt",
    "合同.pdf",
    "...",
    "a...b[1:2].txt",
    "-",
    " ",
    "--starts-with-dashes",
    "a" * MAX_KEY_BYTES,
    "é" * (MAX_KEY_BYTES // 2),
    "folder/of/a/file.txt",
    "%2e%2e",
    "tab\tand\rreturn",
    "back\\slash",
    "null?*<>|:.txt",
]
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


# -- document ids ---------------------------------------------------------------------------------


def test_a_document_id_is_readable_and_stays_the_same_for_ever() -> None:
    """Written out: were this to change, every partition of every deployment would be orphaned."""
    assert document_id_of("contracts/Lease 2026.pdf") == "lease-2026-pdf-a319b218e2e3"
    assert document_id_of("合同") == "document-06c891807ee3"


def test_an_attachment_id_is_readable_and_stays_the_same_for_ever() -> None:
    mail = document_id_of("in/mail.eml")
    assert attachment_id_of(mail, "plans/Plan 7.txt") == "plan-7-txt-12c757f9d421"
    assert attachment_id_of("other", "plans/Plan 7.txt") != attachment_id_of(
        mail, "plans/Plan 7.txt"
    )
    assert is_document_id(attachment_id_of(mail, "\ud800 \0.pdf"))


@pytest.mark.parametrize("key", ODD_KEYS, ids=ascii)
def test_an_odd_name_is_a_valid_key_with_a_plain_id(key: str) -> None:
    assert check_upload_key(key) == key
    assert is_document_id(document_id_of(key))


@given(KEYS)
def test_every_id_has_the_form_of_a_partition_key(key: str) -> None:
    """Dagster checks nothing, and a comma, newline or '...' in a key breaks its backfills."""
    document_id = document_id_of(key)
    assert len(document_id) <= MAX_ID_LENGTH
    assert set(document_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not document_id.startswith("-")
    assert is_document_id(document_id)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Report.pdf", "report.pdf"),
        (unicodedata.normalize("NFC", "café.txt"), unicodedata.normalize("NFD", "café.txt")),
        ("a/notes.txt", "b/notes.txt"),
        ("notes .txt", "notes.txt"),
        ("é.txt", "e.txt"),
        ("notes.txt", "notes.txt\n"),
    ],
    ids=ascii,
)
def test_twins_get_different_ids(one: str, other: str) -> None:
    """On a store that tells them apart they are two documents."""
    assert document_id_of(one) != document_id_of(other)


def test_odd_names_all_get_different_ids() -> None:
    assert len({document_id_of(key) for key in ODD_KEYS}) == len(ODD_KEYS)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "..",
        "a/../b.txt",
        "../b.txt",
        "./b.txt",
        "/b.txt",
        "a//b.txt",
        "folder/",
        "nul\0byte",
        "a" * (MAX_KEY_BYTES + 1),
        "é" * (MAX_KEY_BYTES // 2 + 1),
        "\udcff.txt",
    ],
    ids=ascii,
)
def test_a_name_no_store_can_hold_is_refused(key: str) -> None:
    with pytest.raises(NameInvalid) as refused:
        check_upload_key(key)
    sentence = refused.value.sentence
    assert sentence.isprintable()
    assert len(sentence) < 300
    sentence.encode("utf-8")


@pytest.mark.parametrize(
    "text", ["", "-a", "a-", "a--b", "A", "a b", "a,b", "a\n", "é", "a" * (MAX_ID_LENGTH + 1)]
)
def test_what_is_no_document_id_is_told(text: str) -> None:
    assert not is_document_id(text)


# -- fingerprints and artifacts -------------------------------------------------------------------


def test_a_fingerprint_changes_with_everything_that_shapes_the_result() -> None:
    base = fingerprint_of(Stage.CHUNK, "1", {"size": 10, "kind": "a"}, ["x", "y"])
    assert base == fingerprint_of(Stage.CHUNK, "1", {"kind": "a", "size": 10}, iter(["x", "y"]))
    others = {
        fingerprint_of(Stage.EMBED, "1", {"size": 10, "kind": "a"}, ["x", "y"]),
        fingerprint_of(Stage.CHUNK, "2", {"size": 10, "kind": "a"}, ["x", "y"]),
        fingerprint_of(Stage.CHUNK, "1", {"size": 11, "kind": "a"}, ["x", "y"]),
        fingerprint_of(Stage.CHUNK, "1", {"size": 10, "kind": "a"}, ["y", "x"]),
        fingerprint_of(Stage.CHUNK, "1", {"size": 10, "kind": "a"}, ["xy"]),
    }
    assert len(others | {base}) == 6
    assert len(base) == 16


def test_an_artifact_lies_under_stage_document_version_and_fingerprint() -> None:
    assert artifact_prefix(Stage.EXTRACT, "a-1", 2, "ff") == "extract/a-1/2/ff"


# -- chunks and vectors ---------------------------------------------------------------------------


def test_chunk_ids_survive_edits_elsewhere() -> None:
    before = chunk_ids_of("doc", ["one", "two", "three"])
    after = chunk_ids_of("doc", ["zero", "one", "2", "three"])
    assert (after[1], after[3]) == (before[0], before[2])
    assert after[2] not in before


def test_equal_texts_get_ids_by_their_ordinal() -> None:
    ids = chunk_ids_of("doc", ["same", "other", "same", "same"])
    assert len(set(ids)) == 4
    assert chunk_ids_of("doc", ["same", "same"]) == [ids[0], ids[2]]


def test_chunk_ids_belong_to_one_document() -> None:
    assert chunk_ids_of("doc-1", ["same"]) != chunk_ids_of("doc-2", ["same"])


def test_white_space_and_unicode_form_do_not_change_a_chunk_id() -> None:
    """A new version of an extractor often changes nothing else."""
    assert chunk_ids_of("doc", ["café  au\nlait "]) == chunk_ids_of("doc", ["cafe\u0301 au lait"])
    assert normalise_text(" a \n\t b ") == "a b"


def test_lone_surrogates_do_not_stop_a_document() -> None:
    """Broken files hold them."""
    assert len(chunk_ids_of("doc", ["\ud83d"])[0]) == 32
    assert len(embedding_key_of("m", 4, "\ud83d")) == len(text_sha256("\ud83d")) == 64


def test_an_embedding_key_depends_on_model_dimensions_and_the_exact_text() -> None:
    keys = {
        embedding_key_of("m", 4, "text"),
        embedding_key_of("n", 4, "text"),
        embedding_key_of("m", 5, "text"),
        embedding_key_of("m", 4, "text "),
    }
    assert len(keys) == 4
