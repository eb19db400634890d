"""What a mail or an archive carries becomes documents of their own, with a parent.

They wait in the queue like uploads. Reads no file.
"""

from __future__ import annotations

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.extraction.registry import CONTAINERS
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.extract import ExtractedDocument
from doc_pipeline.stages.receive import ReceivedFile


def register_attachments(
    document: ClaimedDocument,
    received: ReceivedFile,
    done: ExtractedDocument,
    run_id: str,
    adapters: Adapters,
) -> None:
    """Make the document's children those of this version. Raises `CatalogUnavailable`."""
    attachments = done.extracted.attachments
    if not attachments and received.kind not in CONTAINERS and received.version == 1:
        return
    adapters.catalog.children.replace_children(
        document, attachments, adapters.artifacts.url, run_id
    )
