"""Extraction in child processes that can be killed: pool, child, limits, usage."""
