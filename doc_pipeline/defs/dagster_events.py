"""The one place that uses what Dagster keeps private: planned events for failed partitions.

Only a planned event of its own turns a partition red, and no public call writes one: a run of
scattered keys has none, and a range has one for all its partitions together, which does not
count. Contract tests read the statuses back over GraphQL.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent


def report_planned(context: dg.AssetExecutionContext, failed: Iterable[tuple[str, str]]) -> None:
    """Write a planned event for each (asset, partition) that this run did not bring about.

    When the run then fails, these partitions are shown as failed, also those green before.
    """
    step_key = context.op_execution_context.get_step_execution_context().step.key
    for asset, partition in failed:
        event = DagsterEvent.build_asset_materialization_planned_event(
            context.run.job_name,
            step_key,
            AssetMaterializationPlannedData(dg.AssetKey([asset]), partition=partition),
        )
        context.instance.report_dagster_event(event, context.run.run_id)
