"""Bytes of one document to text and elements. Knows no store, no stage, no Dagster."""
