"""From settings to the Dagster home of a data folder, and to what the stack is started with."""

from __future__ import annotations

from pathlib import Path

from doc_pipeline.cli.instance_home import write_dagster_home
from doc_pipeline.cli.stack_commands import StackOptions
from doc_pipeline.settings import Settings, settings_to_environment


def dagster_home(settings: Settings) -> Path:
    """The folder whose dagster.yaml all our processes use; written when it is not there."""
    return write_dagster_home(settings.data_dir, settings.max_concurrent_runs)


def stack_options(
    settings: Settings, *, host: str | None = None, port: int | None = None
) -> StackOptions:
    """What `up` starts for these settings."""
    home = dagster_home(settings)

    def fail_lost_runs() -> None:
        from doc_pipeline.defs.liveness import fail_lost_runs, open_instance

        with open_instance(home) as instance:
            fail_lost_runs(instance)

    return StackOptions(
        data_dir=settings.data_dir,
        dagster_home=home,
        environment=settings_to_environment(settings),
        host=host or settings.web_host,
        port=port or settings.web_port,
        log_level=settings.log_level.lower(),
        on_locked=fail_lost_runs,
    )
