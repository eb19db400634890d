"""What a user sees of a mail and the files in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.identity import attachment_id_of, document_id_of
from doc_pipeline.services import Services
from doc_pipeline.settings import read_settings
from doc_pipeline_tests.cli.conftest import CommandLine

MAIL = document_id_of("news.eml")
FERRY = attachment_id_of(MAIL, "plans/ferry.txt")
BROKEN = attachment_id_of(MAIL, "broken.pdf")
FILES = {"plans/ferry.txt": b"The ferry leaves Vestvik at seven.\n", "broken.pdf": b"%PDF-1.7"}
TEXT = """From: a@example.org
Subject: News
Date: Mon, 02 Mar 2026 09:00:00 +0100
Content-Type: text/plain; charset=utf-8

See the timetable, please. Grüße aus dem Hafen.
"""


def attach(data_dir: Path) -> None:
    """Give the mail its files as a run does, without asking the mail extractor for them."""
    services = Services(read_settings({"DOC_PIPELINE_DATA_DIR": str(data_dir)}, None))
    claimed = services.catalog.work.claim([MAIL], "run-of-test", lambda _: False).documents[0]
    found: list[Attachment] = []
    for number, (name, content) in enumerate(FILES.items(), start=1):
        key = f"test/attachments/{number}"
        services.artifacts.put(key, content)
        sha256 = hashlib.sha256(content).hexdigest()
        found.append(Attachment(number, name, key, len(content), sha256))
    services.catalog.children.replace_children(
        claimed, found, services.artifacts.url, "run-of-test"
    )
    services.catalog.work.give_back([MAIL], "run-of-test")
    services.close()


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a mail, a text in it and a broken PDF in it; treat it as read-only."""
    root = tmp_path_factory.mktemp("inbox")
    (root / "news.eml").write_text(TEXT, encoding="utf-8")
    run = CommandLine(root / "data", {"DOC_PIPELINE_EXTRACT_WORKERS": "0"})
    assert run("add", str(root / "news.eml")).code == 0
    assert run("ls").code == 0
    assert run("process").code == 0
    attach(root / "data")
    assert run("process", FERRY, BROKEN).code == 1, "the PDF is broken"
    return root / "data"


@pytest.fixture
def cli(inbox: Path) -> CommandLine:
    return CommandLine(inbox, {"DOC_PIPELINE_EXTRACT_WORKERS": "0"})


def test_show_names_the_children_of_a_mail(cli: CommandLine) -> None:
    shown = cli("show", "news").out
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert any(row.startswith(f"{FERRY} plans/ferry.txt completed txt") for row in rows)
    assert any(row.startswith(f"{BROKEN} broken.pdf failed") for row in rows)
    assert next(row for row in rows if row.startswith(BROKEN)).endswith("FILE_CORRUPT")


def test_show_names_the_parent_of_an_attachment(cli: CommandLine) -> None:
    shown = cli("show", "ferry").out
    fields = dict(line.split(None, 1) for line in shown.splitlines() if "  " in line)
    assert fields["parent"] == MAIL
    assert fields["attachment"] == "news.eml!/plans/ferry.txt"
    assert "upload" not in fields


def test_show_json_has_both(cli: CommandLine) -> None:
    mail = cli("show", "news", "--json").json
    assert [child["document_id"] for child in mail["children"]] == [FERRY, BROKEN]
    assert mail["document"]["parent_id"] is None
    child = cli("show", FERRY, "--json").json
    assert child["document"]["parent_id"] == MAIL
    assert child["children"] == []


def test_ls_shows_attachments_indented_below_their_mail(cli: CommandLine) -> None:
    lines = cli("ls").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [MAIL, FERRY, BROKEN]
    assert [line.startswith("  ") for line in lines[1:]] == [False, True, True]


def test_ls_of_one_parent(cli: CommandLine) -> None:
    listed = cli("ls", "--parent", "news", "--json").json
    assert {view["document_id"]: view["parent_id"] for view in listed} == {
        FERRY: MAIL,
        BROKEN: MAIL,
    }
    assert "No such documents" in cli("ls", "--parent", FERRY).out
    assert cli("ls", "--parent", "nothing").code == 4


def test_text_is_the_stored_text_object(cli: CommandLine, inbox: Path) -> None:
    for name in (MAIL, FERRY):
        key = cli("show", name, "--json").json["document"]["text_key"]
        stored = (inbox / "artifacts" / key).read_bytes()
        assert key.endswith("/text.txt")
        assert cli("text", name).out.encode() == stored
    assert "Grüße aus dem Hafen" in cli("text", MAIL).out
    assert cli("text", BROKEN).code == 1


def test_open_gives_an_attachment_its_own_name(cli: CommandLine) -> None:
    path = Path(cli("open", FERRY, "--where").out.strip())
    assert path.name == "ferry.txt"
    assert path.read_bytes() == FILES["plans/ferry.txt"]


def test_what_extraction_found_and_took_is_shown(cli: CommandLine) -> None:
    shown = cli("show", FERRY).out
    assert "extractor" in shown
    facts = cli("show", FERRY, "--json").json["document"]
    assert facts["extractor"]
    assert facts["warnings"] == []
