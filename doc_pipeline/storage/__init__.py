"""Where bytes are: blob stores and the upload store, opened by URL.

Knows keys and bytes, nothing of documents, stages or settings.
"""
