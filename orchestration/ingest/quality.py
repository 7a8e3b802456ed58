"""Great Expectations judges what DuckDB measured: the profiles of the new batches, against contract and feed history.

One run over one small frame, however many rows came in: importing Great Expectations costs 3 s of CPU and its pandas
engine 4 s a million rows, so it never sees records. Only this module imports it. No value of a record is in a profile,
and so none in a result.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.contracts import FeedContract
from orchestration.files import fsync_path, write_json_atomically
from orchestration.ingest.history import Measure, measures
from orchestration.settings import Settings

EXPECTATIONS = {
    "volume": "as many records as the median of earlier batches that cover a similar span of time",
    "quarantined_share": "no more records held back than the contract allows",
    "rule_failure_share": "a rule broken no more often than before",
    "null_share": "as many empty values as before",
    "code_share": "codes used in the same proportions as before",
    "timeliness": "the newest record no older on receipt than the contract allows, in hours",
}
TWO_SIDED = ("volume", "null_share")


def import_early() -> None:
    """Import Great Expectations while DuckDB is at work: a second or two of waiting less, where there are two cores."""

    def work() -> None:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations.expectations  # noqa: F401

    threading.Thread(target=work, name="import of Great Expectations", daemon=True).start()


def unjudged(settings: Settings, accepted: dict[tuple[str, str], set[str]]) -> dict[tuple[str, str], set[str]]:
    """Accepted batches without a judgement: those of this run, and those that an earlier one left when it ended early.

    audit/judged.txt names the batches that were judged; where it is lost, the judgements themselves do.
    """
    try:
        known = set((settings.audit / "judged.txt").read_text(encoding="ascii").split())
    except (FileNotFoundError, UnicodeDecodeError):
        known = _judged_before(settings)
        if known:
            _remember(settings, known)
    return {feed: batches - known for feed, batches in accepted.items() if batches - known}


def _judged_before(settings: Settings) -> set[str]:
    kept = sorted((settings.audit / "gx").glob("*.parquet"))
    if not kept:
        return set()
    import duckdb

    paths = ", ".join("'" + str(path).replace("'", "''") + "'" for path in kept)
    with duckdb.connect() as connection:
        found = connection.execute(f"select distinct batch_id from read_parquet([{paths}], union_by_name = true)")
        return {batch_id for (batch_id,) in found.fetchall()}


def _remember(settings: Settings, batches: set[str]) -> None:
    with (settings.audit / "judged.txt").open("a", encoding="ascii") as file:
        file.write("".join(f"{batch_id}\n" for batch_id in sorted(batches)))


def judge_batches(
    settings: Settings, contracts: dict[tuple[str, str], FeedContract], new: dict[tuple[str, str], set[str]]
) -> dict[str, Any] | None:
    """Judge the profiles of the batches `new`, by feed. Results go to home/audit/gx/<run>.json and .parquet.

    Returns a summary with the failures, or None where there was nothing to judge. A batch stays accepted whatever the
    verdict: this is about whether people should look, not about whether rows may be used.
    """
    import duckdb

    started = time.perf_counter()
    with _without_garbage_collection(), duckdb.connect() as connection:
        found = [
            one
            for feed in sorted(feed for feed in new if feed in contracts)
            for one in measures(connection, settings, contracts[feed], new[feed])
        ]
        if not found:
            return None
        verdicts, details = _validate(found)
        rows = [
            {
                "feed": one.feed,
                "batch_id": one.batch_id,
                "expectation": one.expectation,
                "column": one.column,
                "item": one.item,
                "observed": one.observed,
                "lower": one.lower,
                "upper": one.upper,
                "threshold": one.threshold,
                "success": verdict,
                "severity": one.severity,
            }
            for one, verdict in zip(found, verdicts, strict=True)
        ]
        failures = [row for row in rows if not row["success"]]
        run = f"{datetime.now():%Y%m%dT%H%M%S%f}-{os.getpid()}"
        summary = {
            "run": run,
            "batches": len({row["batch_id"] for row in rows}),
            "expectations": len(rows),
            "failed": len(failures),
            "success": not any(row["severity"] == "error" for row in failures),
            "failed_by_expectation": dict(Counter(row["expectation"] for row in failures)),
        }
        folder = settings.audit / "gx"
        write_json_atomically(
            folder / f"{run}.json", {**summary, "meaning": EXPECTATIONS, "validations": details, "failures": failures}
        )
        _write_parquet(rows, folder / f"{run}.parquet")
        _remember(settings, {row["batch_id"] for row in rows})
    return {
        **summary,
        "failures": failures,
        "path": str(folder / f"{run}.json"),
        "seconds": round(time.perf_counter() - started, 2),
    }


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A third of the import and of the judgement was spent looking for garbage that is not there."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _validate(found: list[Measure]) -> tuple[list[bool], list[dict[str, Any]]]:
    """(verdict per measure, what Great Expectations said per feed and expectation)."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    import pandas as pd

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    names = ("expectation", "observed", "lower", "upper")
    frame = pd.DataFrame({name: [getattr(one, name) for one in found] for name in names})
    frame["measure_id"] = range(len(found))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    batch = (
        context.data_sources.add_pandas("profiles")
        .add_dataframe_asset("measures")
        .add_batch_definition_whole_dataframe("run")
    )
    suite = context.suites.add(gx.ExpectationSuite(name="profiles of new batches", expectations=_suite(found)))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name="profiles", data=batch, suite=suite))
    result = validation.run(
        batch_parameters={"dataframe": frame},
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["measure_id"],
            "include_unexpected_rows": False,
        },
    )
    evaluated = Counter((one.feed, one.expectation) for one in found)
    verdicts = [True] * len(found)
    details = []
    for judged in result.results:
        config, outcome = judged.expectation_config, judged.result
        expectation = config.meta["expectation"]
        if judged.exception_info and _raised(judged.exception_info):
            raise RuntimeError(
                f"Great Expectations could not evaluate {config.type} for {expectation}: {judged.exception_info}"
            )
        broken = [int(index["measure_id"]) for index in outcome.get("unexpected_index_list") or []]
        for number in broken:
            verdicts[number] = False
        unexpected = Counter(found[number].feed for number in broken)
        details += [
            {
                "feed": feed,
                "expectation": expectation,
                "type": config.type,
                "success": not unexpected[feed],
                "evaluated": count,
                "unexpected": unexpected[feed],
            }
            for (feed, kind), count in sorted(evaluated.items())
            if kind == expectation
        ]
    return verdicts, sorted(details, key=lambda one: (one["feed"], one["expectation"]))


def _raised(info: dict[str, Any]) -> bool:
    return bool(info.get("raised_exception")) or any(
        isinstance(value, dict) and value.get("raised_exception") for value in info.values()
    )


def _suite(found: list[Measure]) -> list[Any]:
    """One or two expectations per thing to judge, whatever the number of feeds: limits come with each measure, from the
    contracts and histories. One for every feed apart took five times as long as everything else here together."""
    import great_expectations.expectations as gxe

    made = []
    for expectation in sorted({one.expectation for one in found}):
        only = {
            "row_condition": f'expectation == "{expectation}"', "condition_parser": "pandas",
            "meta": {"expectation": expectation},
        }  # fmt: skip
        made.append(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="upper", column_B="observed", or_equal=True, **only)
        )
        if expectation in TWO_SIDED:
            made.append(
                gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A="observed", column_B="lower", or_equal=True, **only
                )
            )
    return made


def _write_parquet(rows: list[dict[str, Any]], target: Path) -> None:
    import pandas as pd

    temporary = target.with_name(f".{target.name}.tmp")
    pd.DataFrame(rows).to_parquet(temporary, index=False)
    fsync_path(temporary)
    temporary.replace(target)
