"""What users of the package need for their own tests: stores in memory, with faults to inject.

The pytest fixtures are in `doc_pipeline.testing.fixtures`; here nothing needs pytest.
"""

from doc_pipeline.testing.faults import FaultPlan
from doc_pipeline.testing.stores import MemoryBlobStore, MemoryUploadStore

__all__ = ["FaultPlan", "MemoryBlobStore", "MemoryUploadStore"]
