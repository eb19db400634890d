"""What limits count, in words for people, and the setting that allows more of it."""

from __future__ import annotations

LIMIT_SETTINGS = {
    "pages": ("pages", "DOC_PIPELINE_MAX_PAGES"),
    "zip_members": ("files inside", "DOC_PIPELINE_MAX_ZIP_MEMBERS"),
    "zip_expanded_bytes": ("bytes when unpacked", "DOC_PIPELINE_MAX_EXPANDED_MB"),
    "zip_ratio": ("times its size when unpacked", "DOC_PIPELINE_MAX_ZIP_RATIO"),
    "text_bytes": ("bytes of text", "DOC_PIPELINE_MAX_TEXT_MB"),
    "table_rows": ("rows", "DOC_PIPELINE_MAX_TABLE_ROWS"),
    "image_pixels": ("pixels", "DOC_PIPELINE_MAX_IMAGE_MEGAPIXELS"),
    "attachments": ("attachments", "DOC_PIPELINE_MAX_ATTACHMENTS"),
    "output_bytes": ("bytes of text and elements", "DOC_PIPELINE_EXTRACT_OUTPUT_MB"),
}
"""By the name in `Limits`: what is counted, and the setting that allows more."""

FIXED_LIMITS = {
    "json_depth": "levels of nesting",
    "sheet_cells": "cells",
    "xml_nested_entities": "entities made of entities",
    "zip_overlaps": "files that share their bytes with others",
    "zip_in_itself": "copies of itself",
}
"""Limits without a setting."""


def figure(value: object) -> str:
    """A number with its thousands marked; '' for anything else."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,g}" if isinstance(value, float) else ""
