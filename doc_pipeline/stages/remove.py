"""Stage remove: take deleted documents out of the index.

Artifacts and versions stay, so that an upload which comes back costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from doc_pipeline.domain.stage import Report, Stage
from doc_pipeline.stages.adapters import Adapters


def remove_documents(document_ids: Sequence[str], adapters: Adapters, report: Report) -> list[str]:
    """Put tombstones over all rows of these documents, in one commit.

    Documents that came back in the meantime are left alone. Returns the ids removed.
    """
    came_back = adapters.catalog.reading.active_ids(document_ids)
    gone = [document_id for document_id in document_ids if document_id not in came_back]
    rows = adapters.index.remove_documents(gone)
    adapters.catalog.work.removed(gone)
    for document_id in gone:
        report(document_id, Stage.REMOVE, "finished", rows_of_all=rows)
    return gone
