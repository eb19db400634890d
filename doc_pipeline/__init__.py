"""doc_pipeline: uploaded documents become searchable chunks, one Dagster partition each."""

__version__ = "0.1.0"
