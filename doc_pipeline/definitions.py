"""The one Definitions object. No logic; imports nothing heavy: every run pays for it."""

from __future__ import annotations

import dagster as dg

from doc_pipeline.defs.assets import build_document_assets
from doc_pipeline.defs.jobs import build_process_job, remove_deleted_documents, tend_index
from doc_pipeline.defs.resources import build_resources
from doc_pipeline.defs.schedules import hourly_upkeep
from doc_pipeline.defs.sensors import build_new_uploads
from doc_pipeline.services import discovery_settings, processing_settings
from doc_pipeline.settings import Settings, get_settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """Definitions for these settings; tests build their own."""
    jobs = [
        build_process_job(max_runtime_s=settings.max_processing_minutes * 60),
        remove_deleted_documents,
        tend_index,
    ]
    return dg.Definitions(
        assets=[build_document_assets(settings.batch_size)],
        jobs=jobs,
        sensors=[
            build_new_uploads(
                jobs=jobs,
                discovery=discovery_settings(settings),
                batch_size=settings.batch_size,
                max_retries=processing_settings(settings).max_retries,
                interval_s=settings.sensor_interval_s,
                is_processing_on=settings.auto_process,
            )
        ],
        schedules=[hourly_upkeep],
        resources=build_resources(settings),
        executor=dg.in_process_executor,
    )


defs = build_definitions(get_settings())
