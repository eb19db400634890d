"""What a document, an element, a chunk and an error are.

Standard library only; no input or output.
"""
