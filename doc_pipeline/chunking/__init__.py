"""Elements in, chunks out: `strategy.chunk_document` is the door.

Pure functions of text and settings; no files, no network, no model.
"""
