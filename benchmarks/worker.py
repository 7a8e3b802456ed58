"""What runs in a process of its own, so that it can be watched: `python -m benchmarks.worker JOB ... RESULT.json`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.settings import load_settings

Marks = dict[str, tuple[float, float]]
"""Begin and end of each stage, in seconds of time.time()."""


def run_hub(*flags: str) -> dict[str, Any]:
    """What `bihub run` does before its summary, and when each stage began and ended. Flag: --full."""
    from orchestration.pipeline import run

    settings = load_settings()
    begun = time.time()
    result = run(settings, full="--full" in flags)
    ended = time.time()
    seconds = result.seconds
    marks: Marks = {"ingest": (begun, begun + seconds["ingest"])}
    rebuilt = "build" in seconds
    if rebuilt:  # the last stages end with the run, one right after the other
        built = ended - seconds.get("publish", 0.0)
        marks |= {"dbt": (built - seconds["build"], built), "publish": (built, ended)}
        marks |= stages_of_dbt(json.loads((settings.dbt_target / "run_results.json").read_text()))
    return {
        "marks": marks, "rebuilt": rebuilt, "as_of": result.as_of, "warnings": result.warnings,
        "files": len([batch for batch in result.ingest.batches if not batch.is_poll]),
        "rows_in": result.ingest.rows_in, "rows_accepted": result.ingest.rows_accepted,
    }  # fmt: skip


def stages_of_dbt(results: dict[str, Any]) -> Marks:
    """From dbt's own record: when nodes were built, and when the declared checks ran (its hook at the end)."""

    def stretch(kinds: tuple[str, ...]) -> tuple[float, float] | None:
        times = [
            _moment(timing[edge])
            for result in results["results"]
            if result["unique_id"].startswith(kinds)
            for timing in result["timing"]
            for edge in ("started_at", "completed_at")
            if timing.get(edge)
        ]
        return (min(times), max(times)) if times else None

    project = results["results"][0]["unique_id"].split(".")[1] if results["results"] else ""
    found = {
        "build": stretch(("model.", "seed.", "test.", "snapshot.")),
        "checks": stretch((f"operation.{project}.{project}-on-run-end",)),
    }
    return {stage: edges for stage, edges in found.items() if edges}


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def bare_copy(landing: str, out: str) -> dict[str, Any]:
    """Baseline (a)."""
    from benchmarks.bare_copy import bare_copy as copy

    begun = time.time()
    feeds = copy(Path(landing), Path(out), threads=2)
    return {"marks": {"all": (begun, time.time())}, "feeds": {name: asdict(done) for name, done in feeds.items()}}


def bare_sql(warehouse: str) -> dict[str, Any]:
    """Baseline (b)."""
    from benchmarks.bare_sql import bare_sql as build

    return build(load_settings(), Path(warehouse))


def code_location() -> dict[str, Any]:
    """Import Dagster and make every definition, as a code server does; twice, for the first may compile dbt."""
    from orchestration.definitions import definitions

    definitions().get_repository_def().get_all_jobs()
    return {}


JOBS = {job.__name__: job for job in (run_hub, bare_copy, bare_sql, code_location)}


def main() -> None:
    job, *words, result = sys.argv[1:]
    Path(result).write_text(json.dumps(JOBS[job](*words), default=str))


if __name__ == "__main__":
    main()
