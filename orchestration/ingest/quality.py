"""Great Expectations judges what DuckDB measured: the profiles of the new batches, against contract and feed history.

One run over one small frame, however many rows came in: importing Great Expectations costs 8-12 s of CPU and its pandas
engine 4 s a million rows, so it never sees records. Only this module imports it. No value of a record is in a profile,
and so none in a result.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from orchestration.contracts import FeedContract
from orchestration.files import read_json, write_json_atomically
from orchestration.ingest.outcome import BatchOutcome
from orchestration.settings import Settings

HISTORY = 60
ENOUGH = 3
VOLUME_LEEWAY = 0.5
SHARE_LEEWAY = 0.10
RULE_LEEWAY = 0.05
CODE_LEEWAY = 0.15
SIGMAS = 4.0

EXPECTATIONS = {
    "volume": "as many records as the median of earlier batches that cover a similar span of time",
    "quarantined_share": "no more records held back than the contract allows",
    "rule_failure_share": "a rule broken no more often than before",
    "null_share": "as many empty values as before",
    "code_share": "codes used in the same proportions as before",
    "timeliness": "the newest record no older on receipt than the contract allows, in hours",
}


@dataclass
class Measure:
    """One thing to judge: `observed` must lie between `lower` and `upper`."""

    measure_id: int
    feed: str
    batch_id: str
    expectation: str
    column: str | None
    item: str | None
    observed: float
    lower: float
    upper: float
    severity: str


@dataclass
class _Profile:
    """A batch as its profile has it."""

    feed: tuple[str, str]
    batch_id: str
    received_at: datetime
    entries: list[dict[str, Any]]
    is_new: bool

    @property
    def rows(self) -> int:
        return next((entry["rows"] for entry in self.entries if entry["kind"] == "batch"), 0)


def judge_batches(
    settings: Settings, contracts: dict[tuple[str, str], FeedContract], accepted: Iterable[BatchOutcome]
) -> dict[str, Any] | None:
    """Judge the profiles of newly accepted batches. Results go to home/audit/gx/<run>.json and .parquet.

    Returns a summary with the failures, or None where there was nothing to judge. A batch stays accepted whatever the
    verdict: this is about whether people should look, not about whether rows may be used.
    """
    started = time.perf_counter()
    new = {(batch.partner, batch.table, batch.batch_id) for batch in accepted}
    feeds = {(partner, table) for partner, table, _ in new}
    if not feeds:
        return None
    measures: list[Measure] = []
    for feed in sorted(feeds):
        for measure in _measures(contracts[feed], _profiles(settings, feed, new)):
            measure.measure_id = len(measures)
            measures.append(measure)
    if not measures:
        return None
    verdicts, details = _validate(measures)
    run = f"{datetime.now():%Y%m%dT%H%M%S}-{os.getpid()}"
    rows = [
        {
            "feed": measure.feed,
            "batch_id": measure.batch_id,
            "expectation": measure.expectation,
            "column": measure.column,
            "item": measure.item,
            "observed": measure.observed,
            "lower": measure.lower,
            "upper": measure.upper,
            "threshold": _threshold(measure),
            "success": verdicts[measure.measure_id],
            "severity": measure.severity,
        }
        for measure in measures
    ]
    failures = [row for row in rows if not row["success"]]
    summary = {
        "run": run,
        "batches": len(new),
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
    return {
        **summary,
        "failures": failures,
        "path": str(folder / f"{run}.json"),
        "seconds": round(time.perf_counter() - started, 2),
    }


def _threshold(measure: Measure) -> float:
    """The limit that was passed, or the upper one where none was."""
    return measure.lower if measure.observed < measure.lower else measure.upper


# --- What there is to judge ------------------------------------------------------------------------------------------


def _profiles(settings: Settings, feed: tuple[str, str], new: set[tuple[str, str, str]]) -> list[_Profile]:
    """The new batches of a feed and the latest ones before them, in order of receipt."""
    import duckdb

    folder = settings.raw / feed[0] / feed[1]
    known = []
    for place in folder.iterdir():
        sidecar = read_json(place / "batch.json") if (place / "profile.parquet").exists() else None
        if sidecar:
            known.append((datetime.fromisoformat(sidecar["received_at"]), sidecar["batch_id"], place))
    known.sort(key=lambda batch: batch[:2])
    is_new = [(*feed, batch_id) in new for _, batch_id, _ in known]
    first = is_new.index(True) if True in is_new else len(known)
    kept = list(zip(known, is_new, strict=True))[max(0, first - HISTORY) :]
    if not kept:
        return []
    paths = ", ".join("'" + str(place / "profile.parquet").replace("'", "''") + "'" for (_, _, place), _ in kept)
    connection = duckdb.connect()
    cursor = connection.execute(
        f"select kind, column_name, item, severity, rows, failures, nulls, share, min_value, max_value, "
        f"filename from read_parquet([{paths}], filename = true)"
    )
    names = [column[0] for column in cursor.description]
    entries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in cursor.fetchall():
        entry = dict(zip(names, row, strict=True))
        entries[Path(entry.pop("filename")).parent.name].append(entry)
    connection.close()
    return [
        _Profile(feed, batch_id, received, entries[place.name], fresh) for (received, batch_id, place), fresh in kept
    ]


def _measures(contract: FeedContract, profiles: list[_Profile]) -> Iterator[Measure]:
    history: list[_Profile] = []
    moment = _moment_column(contract)
    for profile in profiles:
        if profile.is_new:
            yield from _of_batch(contract, profile, history[-HISTORY:], moment)
        history.append(profile)


def _moment_column(contract: FeedContract) -> str | None:
    """The column that says when things happened: the first date that identifies nobody, a required one first."""
    dates = [
        c
        for c in contract.columns
        if c.data_type in ("date", "timestamp") and not c.is_identifying and c.sensitivity is None
    ]
    return next((c.name for c in dates if c.required), dates[0].name if dates else None)


def _of_batch(
    contract: FeedContract, profile: _Profile, history: list[_Profile], moment: str | None
) -> Iterator[Measure]:
    def measure(
        expectation: str, observed: float, lower: float, upper: float, column=None, item=None, severity="warn"
    ) -> Measure:
        return Measure(
            0,
            contract.feed,
            profile.batch_id,
            expectation,
            column,
            item,
            float(observed),
            float(lower),
            float(upper),
            severity,
        )

    held = next(entry for entry in profile.entries if entry["kind"] == "batch")
    yield measure("quarantined_share", held["share"] or 0.0, 0.0, contract.reject_batch_above, severity="error")
    newest, span = _moment(profile, moment, "max_value"), _span(profile, moment)
    if newest and contract.error_after_seconds:
        hours = (profile.received_at - newest).total_seconds() / 3600
        # In a quiet feed the newest record is old because nothing happened since: three usual gaps are allowed for.
        gap = (span or 0.0) * 24 / max(profile.rows, 1)
        # A date in the future is another rule's business; here it counts as new.
        yield measure("timeliness", max(0.0, hours), 0.0, contract.error_after_seconds / 3600 + 3 * gap, column=moment)
    comparable = [past for past in history if past.rows and span is not None and _alike(span, _span(past, moment))]
    if len(comparable) >= ENOUGH:
        usual = median(past.rows for past in comparable)
        leeway = max(VOLUME_LEEWAY * usual, SIGMAS * math.sqrt(usual))
        yield measure("volume", profile.rows, max(0.0, usual - leeway), usual + leeway)
    if len(history) < ENOUGH or not profile.rows:
        return
    for kind, expectation, floor in (
        ("rule", "rule_failure_share", RULE_LEEWAY),
        ("column", "null_share", SHARE_LEEWAY),
    ):
        past_shares = defaultdict(list)
        for past in history:
            for entry in past.entries:
                if entry["kind"] == kind and entry["rows"]:
                    past_shares[entry["column_name"], entry["item"]].append(entry["share"])
        for entry in profile.entries:
            shares = past_shares.get((entry["column_name"], entry["item"]), ()) if entry["kind"] == kind else ()
            if len(shares) >= ENOUGH:
                usual = median(shares)
                leeway = max(floor, SIGMAS * math.sqrt(max(usual * (1 - usual), 0.01) / profile.rows))
                lower = 0.0 if kind == "rule" else max(0.0, usual - leeway)
                yield measure(
                    expectation,
                    entry["share"] or 0.0,
                    lower,
                    min(1.0, usual + leeway),
                    entry["column_name"],
                    entry["item"],
                )
    yield from _code_drift(profile, history, measure)


def _code_drift(profile: _Profile, history: list[_Profile], measure) -> Iterator[Measure]:
    """How far a column's codes are from their usual proportions: 0 the same, 1 nothing in common (total variation)."""
    before: dict[str, list[dict[str, float]]] = defaultdict(list)
    for past in history:
        for column, shares in _code_shares(past).items():
            before[column].append(shares)
    for column, shares in _code_shares(profile).items():
        if len(before[column]) < ENOUGH:
            continue
        # Batches count alike, large or small, so that one odd load does not become what is usual.
        codes = set(shares).union(*before[column])
        usual = {code: sum(past.get(code, 0.0) for past in before[column]) / len(before[column]) for code in codes}
        distance = sum(abs(shares.get(code, 0.0) - usual[code]) for code in codes) / 2
        # A small batch differs by chance: by about sqrt(codes / rows) / 2.
        upper = min(1.0, CODE_LEEWAY + 0.7 * math.sqrt(len(codes) / profile.rows))
        yield measure("code_share", distance, 0.0, upper, column=column)


def _code_shares(profile: _Profile) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for entry in profile.entries:
        if entry["kind"] == "code":
            found[entry["column_name"]][entry["item"]] = entry["share"]
    return found


def _moment(profile: _Profile, column: str | None, which: str) -> datetime | None:
    for entry in profile.entries:
        if entry["kind"] == "column" and entry["column_name"] == column and entry[which]:
            return datetime.fromisoformat(entry[which])
    return None


def _span(profile: _Profile, column: str | None) -> float | None:
    first, last = _moment(profile, column, "min_value"), _moment(profile, column, "max_value")
    return (last - first).total_seconds() / 86400 if first and last else None


def _alike(span: float, other: float | None) -> bool:
    return other is not None and (max(span, 0.5) / max(other, 0.5)) < 2 and (max(other, 0.5) / max(span, 0.5)) < 2


# --- Judging ---------------------------------------------------------------------------------------------------------


def _validate(measures: list[Measure]) -> tuple[list[bool], list[dict[str, Any]]]:
    """(verdict per measure, what Great Expectations said per feed and expectation)."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    import pandas as pd

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    frame = pd.DataFrame([asdict(measure) for measure in measures])
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    batch = (
        context.data_sources.add_pandas("profiles")
        .add_dataframe_asset("measures")
        .add_batch_definition_whole_dataframe("run")
    )
    suite = context.suites.add(gx.ExpectationSuite(name="profiles of new batches", expectations=_suite(measures)))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name="profiles", data=batch, suite=suite))
    result = validation.run(
        batch_parameters={"dataframe": frame},
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["measure_id"],
            "include_unexpected_rows": False,
        },
    )
    verdicts = [True] * len(measures)
    details = []
    for judged in result.results:
        config, outcome = judged.expectation_config, judged.result
        if judged.exception_info and _raised(judged.exception_info):
            raise RuntimeError(
                f"Great Expectations could not evaluate {config.type} for {config.meta['feed']}: "
                f"{judged.exception_info}"
            )
        broken = [int(index["measure_id"]) for index in outcome.get("unexpected_index_list") or []]
        for number in broken:
            verdicts[number] = False
        details.append(
            {
                "feed": config.meta["feed"],
                "expectation": config.meta["expectation"],
                "type": config.type,
                "success": bool(judged.success),
                "evaluated": int(outcome.get("element_count") or 0),
                "unexpected": int(outcome.get("unexpected_count") or 0),
            }
        )
    return verdicts, details


def _raised(info: dict[str, Any]) -> bool:
    return bool(info.get("raised_exception")) or any(
        isinstance(value, dict) and value.get("raised_exception") for value in info.values()
    )


def _suite(measures: list[Measure]) -> list[Any]:
    """Two expectations per feed and thing to judge, generated from the contracts by way of their measures."""
    import great_expectations.expectations as gxe

    made = []
    for feed, expectation in sorted({(measure.feed, measure.expectation) for measure in measures}):
        only = {
            "row_condition": f'feed == "{feed}" and expectation == "{expectation}"', "condition_parser": "pandas",
            "meta": {"feed": feed, "expectation": expectation},
        }  # fmt: skip
        made.append(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="upper", column_B="observed", or_equal=True, **only)
        )
        if expectation in ("volume", "null_share"):
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
    temporary.replace(target)
