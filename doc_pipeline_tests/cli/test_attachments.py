"""What a user sees of a mail and the files in it."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import IndexUnavailable
from doc_pipeline.domain.identity import attachment_id_of, document_id_of
from doc_pipeline.stages import batch
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.embed import ReadyDocument
from doc_pipeline_tests.cli.conftest import CommandLine

MAIL = document_id_of("news.eml")
FERRY = attachment_id_of(MAIL, "ferry.txt")
BROKEN = attachment_id_of(MAIL, "broken.pdf")
pytestmark = pytest.mark.heavy
PLAN = b"The ferry leaves Vestvik at seven.\n"


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Harbour Office <a@example.org>", "News"
    message["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
    message.set_content("See the timetable, please. Grüße aus dem Hafen.")
    for name, content in (("ferry.txt", PLAN), ("broken.pdf", b"%PDF-1.7 cut off")):
        message.add_attachment(content, "application", "octet-stream", filename=name)
    return message.as_bytes()


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a mail, a text in it and a broken PDF in it; treat it as read-only."""
    root = tmp_path_factory.mktemp("inbox")
    (root / "news.eml").write_bytes(mail())
    run = CommandLine(root / "data", {"DOC_PIPELINE_EXTRACT_WORKERS": "0"})
    assert run("add", str(root / "news.eml")).code == 0
    assert run("process").code == 1, "the PDF in it is broken"
    return root / "data"


@pytest.fixture
def cli(inbox: Path) -> CommandLine:
    return CommandLine(inbox, {"DOC_PIPELINE_EXTRACT_WORKERS": "0"})


def test_show_names_the_children_of_a_mail(cli: CommandLine) -> None:
    shown = cli("show", "news").out
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert any(row.startswith(f"{FERRY} ferry.txt completed txt") for row in rows)
    assert any(row.startswith(f"{BROKEN} broken.pdf failed") for row in rows)
    assert next(row for row in rows if row.startswith(BROKEN)).endswith("FILE_CORRUPT")


def test_show_names_the_parent_of_an_attachment(cli: CommandLine) -> None:
    shown = cli("show", "ferry").out
    fields = dict(line.split(None, 1) for line in shown.splitlines() if "  " in line)
    assert fields["parent"] == MAIL
    assert fields["attachment"] == "news.eml!/ferry.txt"
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
    assert path.read_bytes() == PLAN


def test_what_the_file_told_is_shown(cli: CommandLine) -> None:
    facts = cli("show", MAIL, "--json").json["document"]
    assert facts["author"] == "Harbour Office <a@example.org>"
    assert facts["file_created_at"] == "2026-03-02T08:00:00+00:00"
    assert (facts["attachment_count"], facts["processing_status"]) == (2, "completed")
    shown = cli("show", MAIL).out
    for name in ("author", "created", "extractor", "attached"):
        assert f"\n{name} " in shown


def test_a_fault_that_concerns_all_is_told_and_not_hidden_by_what_was_inside(
    fresh: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = batch.embed_documents

    def fail_for_mails(wave: Sequence[ReadyDocument], adapters: Adapters) -> object:
        if any(ready.document.depth == 0 for ready in wave):
            raise IndexUnavailable
        return embed(wave, adapters)

    (tmp_path / "news.eml").write_bytes(mail())
    assert fresh("add", str(tmp_path / "news.eml")).code == 0
    with monkeypatch.context() as patch:
        patch.setattr(batch, "embed_documents", fail_for_mails)
        ended = fresh("process")
    assert ended.code == 1
    assert "INDEX_UNAVAILABLE" in ended.err
    statuses = {view["processing_status"] for view in fresh("ls", "--json").json}
    assert statuses == {"pending"}
