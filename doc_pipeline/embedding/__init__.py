"""Texts to vectors: the embedders, their batching and rate gate, and the cache in front of them.

Knows nothing of documents or of how vectors are stored.
"""
