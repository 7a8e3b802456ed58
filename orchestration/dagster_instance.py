"""The Dagster instance of one hub: everything that Dagster writes lies under home/dagster."""

from __future__ import annotations

import os

from orchestration.files import write_text_atomically
from orchestration.settings import Settings

INSTANCE = """\
# Written by `bihub dev` where it is missing; yours to change afterwards. Storage is SQLite in this folder: for several
# machines, point `storage` at PostgreSQL (docs/dagster.md).
telemetry:
  enabled: false
nux:
  enabled: false
event_log_storage:
  module: orchestration.dagster_defs.event_log
  class: PooledSqliteEventLogStorage
concurrency:
  pools:
    # duckdb_writer and every other pool: one at a time. A run waits in the queue until its pool is free.
    default_limit: 1
    granularity: run
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
run_retries:
  enabled: false
retention:
  schedule:
    purge_after_days: {skipped: 7, failure: 60, success: 60}
  sensor:
    purge_after_days: {skipped: 1, failure: 60, success: 60}
"""


def ensure_instance(settings: Settings) -> None:
    """Make home/dagster ready for this process and those it starts; an instance that exists stays as it is."""
    os.environ.update(settings.environment())
    config = settings.dagster / "dagster.yaml"
    if not config.exists():
        write_text_atomically(config, INSTANCE)
