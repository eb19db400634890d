"""The settings of which files are taken, how far extraction may go, and of OCR.

A part of `settings.Settings`, cut off by size. Reads nothing.
"""

from __future__ import annotations

import os
from typing import Any, Literal

from pydantic import field_validator
from pydantic_settings import BaseSettings

from doc_pipeline import settings_forms as forms
from doc_pipeline.settings_sources import setting


def _cores(_data: dict[str, Any]) -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(available or 1, 4)


# fmt: off
class ExtractionSettings(BaseSettings):
    """Limits are checked before a file is parsed wherever that is possible."""

    # -- files: which are taken, and how large they may be
    max_file_mb: int = setting(
        "Files", 512, "Largest file that is taken, in MiB.", low=1, high=102_400)
    allowed_mime: tuple[str, ...] = setting(
        "Files", (), "Types that are taken; without any, all are.",
        form="types such as application/pdf or image/*, separated by commas")
    denied_mime: tuple[str, ...] = setting(
        "Files", (), "Types that are refused, whatever is allowed.",
        form="types such as application/zip or image/*, separated by commas")
    type_mismatch: Literal["accept", "reject"] = setting(
        "Files", "accept",
        "What happens to a file whose content is not what its name says; both are recorded.")
    max_pages: int = setting(
        "Files", 10_000, "Most pages of one document.", low=1, high=1_000_000)
    max_zip_members: int = setting(
        "Files", 10_000, "Most files in an archive, office files included.",
        low=1, high=1_000_000)
    max_expanded_mb: int = setting(
        "Files", 1024, "Most that an archive may expand to, in MiB.", low=1, high=102_400)
    max_zip_ratio: float = setting(
        "Files", 200.0, "Most times an archive above 16 MiB may expand.", low=2, high=100_000)
    max_text_mb: int = setting(
        "Files", 64, "Largest file of plain text, in MiB.", low=1, high=4096)
    max_table_rows: int = setting(
        "Files", 200_000, "Most rows taken from one workbook or text table.",
        low=1, high=100_000_000)
    max_image_megapixels: int = setting(
        "Files", 200, "Largest picture, in millions of pixels.", low=1, high=10_000)
    max_attachments: int = setting(
        "Files", 1000, "Most attachments taken from one mail or archive.", low=0, high=100_000)
    attachment_depth: int = setting(
        "Files", 2, "How deep attachments of attachments are taken; 0 takes none.",
        low=0, high=10)

    # -- extraction: the child processes and what one document may take
    extract_workers: int = setting(
        "Extraction", _cores, "Child processes that extract text, in each run; 0 extracts in the "
        "run itself, without protection.", low=0, high=64, shown="the machine's cores, at most 4")
    extract_timeout_s: int = setting(
        "Extraction", 300, "Seconds that extracting one document may last, OCR not counted.",
        low=1, high=86_400)
    extract_cpu_s: int = setting(
        "Extraction", 120, "Seconds of CPU that one document may take, OCR not counted.",
        low=1, high=86_400)
    extract_memory_mb: int = setting(
        "Extraction", 2048, "Memory that one document may take, in MiB.",
        also=("MAX_MEMORY_MB_PER_TASK",), low=256, high=1_048_576)
    extract_output_mb: int = setting(
        "Extraction", 256, "Most text and elements of one document, in MiB.",
        low=1, high=16_384)
    extract_recycle_documents: int = setting(
        "Extraction", 200, "Documents after which a child process is replaced by a new one.",
        low=1, high=100_000)

    # -- OCR: how pictures of text are read
    ocr_mode: Literal["auto", "off"] = setting(
        "OCR", "auto", "Whether pages that need it are read by OCR.")
    ocr_languages: tuple[str, ...] = setting(
        "OCR", ("eng",), "Languages of tesseract, the likeliest first.",
        form="tesseract's names such as eng,deu, separated by commas")
    ocr_dpi: int = setting(
        "OCR", 200, "Dots per inch at which a page is drawn for OCR.", low=72, high=600)
    ocr_page_timeout_s: int = setting(
        "OCR", 120, "Seconds that one page may take.", low=1, high=3600)
    ocr_parallel: int = setting(
        "OCR", 2, "Pages of one document that are read at once.", low=1, high=64)
# fmt: on

    _lists = field_validator("allowed_mime", "denied_mime", "ocr_languages", mode="before")(
        forms.comma_list
    )
    _patterns = field_validator("allowed_mime", "denied_mime")(forms.mime_patterns)
    _languages = field_validator("ocr_languages")(forms.ocr_languages)
