"""The LanceDB tables: chunks with their vectors and full text, and the cache of vectors.

The only home of lancedb. Knows no embedder, no catalog, no settings.
"""
