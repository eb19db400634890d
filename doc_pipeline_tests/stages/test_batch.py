"""A batch: each document its own outcome, nothing computed twice, one commit a wave."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.domain.errors import IndexUnavailable
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.domain.stage import STAGES, Stage, StageResult
from doc_pipeline.stages.adapters import ProcessingSettings
from doc_pipeline.stages.batch import DocumentGone, StageFailure
from doc_pipeline_tests.stages.conftest import Bench, computed, failures


def story(topic: str, paragraphs: int = 6) -> str:
    return f"# About {topic}\n\n" + "\n\n".join(
        f"Paragraph {n} tells of {topic} and of the {topic} number {n * 7919}, "
        f"which nobody had counted before the year {1900 + n}. " * 4
        for n in range(paragraphs)
    )


def test_a_file_becomes_text_chunks_vectors_and_rows(bench: Bench) -> None:
    bench.write("lantern.md", story("lanterns"))
    outcomes = bench.bring_through()
    assert [o.stage for o in outcomes if isinstance(o, StageResult)] == list(STAGES)
    view = bench.adapters.catalog.reading.get(document_id_of("lantern.md"))
    assert view is not None
    assert view.processing_status is ProcessingStatus.COMPLETED
    assert view.progress == 100
    rows = bench.adapters.catalog.reading.chunks(view.document_id)
    assert len(rows) == view.chunk_count == bench.adapters.index.count_rows([view.document_id])
    assert bench.search("lanterns")[0] == "lantern.md"


def test_stored_offsets_cut_the_stored_text(bench: Bench) -> None:
    bench.write("lantern.md", story("lanterns"))
    results = [o for o in bench.bring_through() if isinstance(o, StageResult)]
    key = next(r.artifact_key for r in results if r.stage is Stage.EXTRACT)
    text = bench.adapters.artifacts.get(str(key)).decode()
    rows = bench.adapters.catalog.reading.chunks(document_id_of("lantern.md"))
    assert rows
    assert all(text[row.char_start : row.char_end] == row.text for row in rows)


def test_the_same_version_again_computes_nothing(bench: Bench) -> None:
    bench.write("a.txt", story("apples"))
    first = bench.bring_through()
    before = bench.adapters.index.count_rows()
    again = bench.process([document_id_of("a.txt")])
    assert computed(first) > 0
    assert computed(again) == 0
    assert bench.adapters.index.count_rows() == before
    reused = {o.stage for o in again if isinstance(o, StageResult) and o.is_reused}
    assert {Stage.RECEIVE, Stage.EXTRACT, Stage.CHUNK, Stage.EMBED} <= reused


def test_renaming_costs_no_embedding(bench: Bench) -> None:
    for n in range(5):
        bench.write(f"file-{n}.txt", story(f"subject{n}"))
    bench.bring_through()
    (bench.uploads / "file-3.txt").rename(bench.uploads / "renamed.txt")
    outcomes = bench.bring_through()
    assert computed(outcomes) == 0
    assert bench.search("subject3")[0] == "renamed.txt"


def test_editing_a_paragraph_embeds_at_most_two_chunks(bench: Bench) -> None:
    text = story("apples", paragraphs=30)
    bench.write("a.md", text)
    bench.bring_through()
    bench.write("a.md", text.replace("number 118785", "number one hundred thousand", 1))
    outcomes = bench.bring_through()
    assert 1 <= computed(outcomes) <= 2
    view = bench.adapters.catalog.reading.get(document_id_of("a.md"))
    assert view is not None
    assert view.current_version == 2


def test_one_bad_file_hurts_no_other(bench: Bench) -> None:
    bench.write("good-1.txt", story("pears"))
    bench.write("empty.txt", b"")
    bench.write("broken.pdf", b"%PDF-1.7\nthis is no pdf at all")
    bench.write("good-2.txt", story("plums"))
    outcomes = bench.bring_through()
    codes = failures(outcomes)
    assert codes == {
        document_id_of("empty.txt"): "FILE_EMPTY",
        document_id_of("broken.pdf"): "FILE_CORRUPT",
    }
    assert bench.search("plums")[0] == "good-2.txt"
    counts = bench.adapters.catalog.reading.counts()
    assert counts["completed"] == 2
    assert counts["failed"] == 2


def test_an_error_row_holds_our_sentence_only(bench: Bench) -> None:
    bench.write("broken.docx", b"PK\x03\x04 hunter2 is not a zip")
    bench.bring_through()
    rows = bench.adapters.catalog.reading.errors(document_id_of("broken.docx"))
    assert len(rows) == 1
    assert "hunter2" not in rows[0].message


@pytest.mark.heavy
def test_the_first_is_searchable_before_the_last_is_extracted(tmp_path: Path) -> None:
    """200 documents, committed in waves of 100: not all at the end."""
    bench = Bench(tmp_path, ProcessingSettings(commit_documents=100))
    for n in range(200):
        bench.write(f"doc-{n:03}.txt", f"The lighthouse keeper number {n} of bay{n}x lives here.")
    found = bench.discover()
    extracted_when_found = None
    extracted = 0
    for outcome in bench.batch().process(found.new):
        assert isinstance(outcome, StageResult)
        extracted += outcome.stage is Stage.EXTRACT
        if outcome.stage is Stage.DESCRIBE and extracted_when_found is None:
            assert bench.search("bay0x")[0] == "doc-000.txt"
            extracted_when_found = extracted
    assert extracted == 200
    assert extracted_when_found == 100
    bench.adapters.catalog.close()


def test_a_wave_is_one_commit(bench: Bench) -> None:
    for n in range(30):
        bench.write(f"doc-{n:02}.txt", story(f"topic{n}", paragraphs=1))
    outcomes = bench.bring_through()
    versions = {
        o.figures["index_version"]
        for o in outcomes
        if isinstance(o, StageResult) and o.stage is Stage.EMBED
    }
    assert len(versions) == 1


def test_a_tail_uses_what_earlier_runs_made(bench: Bench) -> None:
    """What a retry of the last two assets does."""
    bench.write("a.txt", story("apples"))
    document_id = bench.discover().new[0]
    bench.process([document_id], [Stage.RECEIVE, Stage.EXTRACT, Stage.CHUNK])
    view = bench.adapters.catalog.reading.get(document_id)
    assert view is not None
    assert view.processing_status is ProcessingStatus.PENDING
    outcomes = bench.process([document_id], [Stage.EMBED, Stage.DESCRIBE])
    assert [o.stage for o in outcomes if isinstance(o, StageResult)] == [
        Stage.EMBED,
        Stage.DESCRIBE,
    ]
    assert bench.search("apples")[0] == "a.txt"


def test_a_tail_without_its_inputs_says_so(bench: Bench) -> None:
    bench.write("a.txt", story("apples"))
    document_id = bench.discover().new[0]
    outcomes = bench.process([document_id], [Stage.EMBED, Stage.DESCRIBE])
    assert failures(outcomes) == {document_id: "ARTIFACT_MISSING"}


def test_an_interrupted_batch_gives_its_documents_back(bench: Bench) -> None:
    """Closing the generator is what a cancelled run does."""
    for n in range(4):
        bench.write(f"doc-{n}.txt", story(f"topic{n}", paragraphs=1))
    running = bench.batch().process(bench.discover().new)
    next(running)
    running.close()
    assert bench.adapters.catalog.reading.counts() == {"pending": 4}
    waiting = bench.adapters.catalog.reading.list_documents()
    assert [view.attempts for view in waiting] == [0, 0, 0, 0]
    outcomes = bench.process([view.document_id for view in waiting])
    assert not failures(outcomes)


def test_a_fault_of_the_index_charges_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("a.txt", story("apples"))
    found = bench.discover()

    def refuse(*_: object) -> None:
        raise IndexUnavailable

    monkeypatch.setattr(type(bench.adapters.index), "plan_replacement", refuse)
    with pytest.raises(IndexUnavailable):
        bench.process(found.new)
    view = bench.adapters.catalog.reading.get(found.new[0])
    assert view is not None
    assert view.processing_status is ProcessingStatus.PENDING
    assert view.attempts == 0


def test_a_document_held_by_a_live_run_is_busy(bench: Bench) -> None:
    bench.write("a.txt", story("apples"))
    found = bench.discover()
    first = bench.batch().process(found.new)
    next(first)
    assert failures(bench.process(found.new)) == {found.new[0]: "DOCUMENT_BUSY"}
    assert not [o for o in first if isinstance(o, StageFailure)]
    assert bench.adapters.catalog.reading.counts() == {"completed": 1}


def test_an_upload_deleted_before_its_run_is_no_failure(bench: Bench) -> None:
    """Nor is it deleted by the run: only a whole look can tell it from a share not mounted."""
    bench.write("a.txt", story("apples"))
    bench.write("b.txt", story("pears"))
    found = bench.discover()
    (bench.uploads / "a.txt").unlink()
    outcomes = bench.process([document_id_of("a.txt")])
    assert [type(outcome) for outcome in outcomes] == [DocumentGone]
    assert bench.adapters.catalog.reading.counts() == {"pending": len(found.new)}
    assert bench.discover().deleted == [document_id_of("a.txt")]


def test_a_missing_artifact_is_made_again(bench: Bench) -> None:
    bench.write("a.txt", story("apples"))
    results = [o for o in bench.bring_through() if isinstance(o, StageResult)]
    key = next(str(r.artifact_key) for r in results if r.stage is Stage.EXTRACT)
    bench.adapters.artifacts.delete(key)
    assert not failures(bench.process([document_id_of("a.txt")]))
    assert bench.adapters.artifacts.exists(key)
    assert bench.adapters.catalog.reading.counts() == {"completed": 1}


def test_a_tail_never_completes_an_older_version(bench: Bench) -> None:
    """Version 2 failed at receive: a retry of the last assets must not pass version 1 for it."""
    bench.write("a.txt", story("apples"))
    bench.bring_through()
    bench.write("a.txt", b"")
    bench.bring_through()
    outcomes = bench.process([document_id_of("a.txt")], [Stage.EMBED, Stage.DESCRIBE])
    assert failures(outcomes) == {document_id_of("a.txt"): "ARTIFACT_MISSING"}


def test_real_documents_of_every_type(bench: Bench, corpus: Path) -> None:
    """Each file of the corpus is completed or stops with a code; none stops the batch."""
    names = ["fake-memo.pdf", "handbook-1p.docx", "stanley-cups.xlsx", "norwich-city.txt"]
    names += ["fake-power-point.pptx", "example-10k-1p.html", "README.md", "gen_zero_bytes.pdf"]
    names += ["stanley-cups-utf-16.csv", "fake-email-attachment.eml", "gen_truncated_half.pdf"]
    for name in names:
        bench.write(name, (corpus / name).read_bytes())
    codes = failures(bench.bring_through())
    assert set(codes) == {
        document_id_of("gen_zero_bytes.pdf"),
        document_id_of("gen_truncated_half.pdf"),
    }
    assert bench.adapters.catalog.reading.counts()["completed"] == len(names) - 2


def test_what_the_name_claims_is_told_where_it_is_wrong(bench: Bench) -> None:
    bench.write(
        "page.pdf", "<!doctype html><html><body><p>This is a page about lanterns.</p></html>"
    )
    bench.write("note.txt", "This is a note about lanterns.")
    outcomes = bench.bring_through()
    claimed = {
        o.figures["source"]: o.figures.get("claimed_mime")
        for o in outcomes
        if isinstance(o, StageResult) and o.stage is Stage.RECEIVE
    }
    assert claimed == {"page.pdf": "application/pdf", "note.txt": None}
    again = bench.process([document_id_of("page.pdf")])
    received = next(o for o in again if isinstance(o, StageResult) and o.stage is Stage.RECEIVE)
    assert received.is_reused
    assert received.figures["claimed_mime"] == "application/pdf"
