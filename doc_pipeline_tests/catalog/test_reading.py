"""What people read: found by what they remember, newest first, typed the same on both engines."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.domain.document import DocumentOptions, ProcessingStatus
from doc_pipeline.domain.errors import FileCorrupt, FileEmpty, TypeUnsupported
from doc_pipeline.domain.stage import STAGES, Stage
from doc_pipeline_tests.catalog.conftest import (
    WHEN,
    claim,
    complete,
    register,
    registration,
    statements,
)


def test_find_by_id_key_name_or_part(catalog: Catalog) -> None:
    ids = register(catalog, "deep/report.pdf", "report.pdf.txt", "100%.txt", "other.md")
    for text, expected in [
        (ids[1], [ids[1]]),
        ("deep/report.pdf", [ids[0]]),
        ("report.pdf", [ids[0]]),
        ("REPORT", ids[:2]),
        ("100%", [ids[2]]),
        ("%", [ids[2]]),
        ("other", [ids[3]]),
        ("nothing", []),
    ]:
        assert [view.document_id for view in catalog.reading.find(text)] == expected, text


def test_a_deleted_document_is_found_only_by_its_id(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    catalog.discovery.mark_deleted([document_id])
    assert catalog.reading.find("a.txt") == []
    assert [view.document_id for view in catalog.reading.find(document_id)] == [document_id]
    assert catalog.reading.list_documents() == []
    assert catalog.reading.counts() == {}


def test_lists_are_newest_first_filtered_and_paged(catalog: Catalog) -> None:
    catalog.discovery.register(
        [
            registration(f"{n}.txt", options=DocumentOptions(owner="alice" if n % 2 else None))
            for n in range(6)
        ]
    )
    names = [view.original_name for view in catalog.reading.list_documents(limit=4)]
    assert names == ["5.txt", "4.txt", "3.txt", "2.txt"]
    last = catalog.reading.list_documents(limit=4)[-1]
    rest = catalog.reading.list_documents(limit=4, after_seq=last.seq)
    assert [view.original_name for view in rest] == ["1.txt", "0.txt"]
    owned = catalog.reading.list_documents(owner="alice")
    assert [view.original_name for view in owned] == ["5.txt", "3.txt", "1.txt"]
    complete(catalog, [owned[0].document_id])
    done = catalog.reading.list_documents(status=ProcessingStatus.COMPLETED)
    assert [view.original_name for view in done] == ["5.txt"]


def test_a_list_is_one_statement(catalog: Catalog) -> None:
    complete(catalog, register(catalog, *[f"{n}.txt" for n in range(30)]))
    with statements(catalog) as sent:
        assert len(catalog.reading.list_documents()) == 30
    assert len([s for s in sent if s.startswith("SELECT")]) == 1


def test_counts_follow_the_way_through(catalog: Catalog) -> None:
    ids = register(catalog, "a", "b", "c", "d")
    complete(catalog, [ids[0]])
    claim(catalog, [ids[1], ids[2]])
    catalog.work.fail(ids[1], Stage.RECEIVE, FileEmpty(), "run-1")
    assert list(catalog.reading.counts().items()) == [
        ("pending", 1),
        ("processing", 1),
        ("completed", 1),
        ("failed", 1),
    ]


def test_settled_documents_are_counted(catalog: Catalog) -> None:
    ids = register(catalog, "a", "b", "c", "d")
    complete(catalog, [ids[0]])
    claim(catalog, [ids[1]])
    catalog.discovery.mark_deleted([ids[2]])
    assert catalog.reading.settled_count([*ids, ids[0], "unknown"]) == 2
    assert catalog.reading.settled_count([]) == 0
    # two of four are through, two have hardly begun
    assert 50 <= catalog.reading.percent_done(ids) < 60
    assert catalog.reading.percent_done([]) == 100


def test_errors_are_grouped_as_things_stand_now(catalog: Catalog) -> None:
    """A document that was mended since is no longer counted, though its error rows stay."""
    ids = register(catalog, *"abcde")
    claim(catalog, ids)
    for document_id in ids[:3]:
        catalog.work.fail(document_id, Stage.EXTRACT, FileCorrupt(kind="pdf"), "run-1")
    catalog.work.fail(ids[3], Stage.RECEIVE, TypeUnsupported(kind="exe"), "run-1")
    complete(catalog, [ids[0]], "run-2")
    groups = catalog.reading.errors_by_code()
    assert [(g.code, g.documents) for g in groups] == [("FILE_CORRUPT", 2), ("TYPE_UNSUPPORTED", 1)]
    assert groups[0].example in ids[1:3]
    assert len(catalog.reading.errors()) == 4
    assert len(catalog.reading.errors(limit=2)) == 2


def test_stage_records_stand_in_the_order_of_the_chain(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    rows = catalog.reading.stage_records(document_id)
    assert [row.stage for row in rows] == list(STAGES)
    assert rows[0].artifact_key == f"receive/{document_id}"


def test_view_rows_are_typed_the_same_everywhere(catalog: Catalog) -> None:
    catalog.discovery.register(
        [registration("a.txt", options=DocumentOptions(metadata={"k": [1]})), registration("b.txt")]
    )
    complete(catalog, [catalog.reading.find("a.txt")[0].document_id])
    (row,) = catalog.reading.view_rows("v_documents", "processing_status = 'completed'")
    assert row["title"] == "A title"
    assert row["hold"] is False
    assert json.loads(row["metadata"]) == {"k": [1]}
    assert isinstance(row["id"], str)
    assert len(row["id"]) == 36
    assert row["uploaded_at"] == WHEN
    assert isinstance(row["processed_at"], datetime)
    chunks = catalog.reading.view_rows("v_chunks", "title LIKE 'A:%' OR text = 'two'")
    assert [chunk["text"] for chunk in chunks] == ["two"]


def test_view_rows_become_an_arrow_table(catalog: Catalog) -> None:
    """What analyst.documents() does with them."""
    pa = pytest.importorskip("pyarrow", reason="pyarrow is a dependency of the package")
    complete(catalog, register(catalog, "a.txt"))
    for view in ("v_documents", "v_chunks"):
        table = pa.Table.from_pylist(catalog.reading.view_rows(view))
        assert table.num_rows >= 1


def test_the_columns_of_the_views_hold_no_secret(catalog: Catalog) -> None:
    catalog.discovery.register([registration("a.txt", options=DocumentOptions(password="hunter2"))])
    assert "hunter2" not in json.dumps(catalog.reading.view_rows("v_documents"), default=str)


def test_ids_of_many_documents(catalog: Catalog) -> None:
    """More than one statement takes."""
    ids = register(catalog, *[f"{n}.txt" for n in range(1300)])
    assert catalog.reading.active_ids([*ids, "unknown"]) == set(ids)
    assert catalog.reading.settled_count(ids) == 0
