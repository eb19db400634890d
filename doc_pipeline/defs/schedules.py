"""When regular work is due: what and when, no logic."""

import dagster as dg

from doc_pipeline.defs.jobs import tend_index

hourly_upkeep = dg.ScheduleDefinition(
    name="hourly_upkeep",
    job=tend_index,
    cron_schedule="17 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Keep the index fast: small commits and deletions leave debt.",
)
