"""How fast the hub wants to be, and whether a measurement says so. All is worked out from the result file alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

GIB, GB = 1 << 30, 10**9
ROWS_OF_GOAL = 10_500_000
BUILT = ("dbt start", "build", "checks")
FLOW = ("ingest", *BUILT, "publish")
FULL = "everything built again"
FROM_RESIDENTS = 200_000
LARGEST = 1_200_000

Result = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """One goal at one size. `value` is None where it was not measured; `note` says how a value was come by."""

    what: str
    size: str
    value: float | None
    limit: float
    unit: str
    note: str = ""

    @property
    def reached(self) -> str:
        return "not measured" if self.value is None else "reached" if self.value <= self.limit else "not reached"


def wall(size: Result, stages: tuple[str, ...]) -> float:
    return total(size["stages"], stages)


def full_build(size: Result) -> dict[str, Any]:
    """Stages of a whole build: that of everything built again, for which dbt had parsed the project before."""
    return size["days"].get(FULL) or size["stages"]


def total(stages: dict[str, Any], names: tuple[str, ...], kind: str = "wall") -> float:
    return sum(stages[name][kind] for name in names if name in stages)


def ratios(size: Result, kind: str = "wall") -> dict[str, float]:
    """Times of the hub as multiples of what DuckDB alone needs; `kind`: wall or cpu."""
    stages, bare = size["stages"], size["baselines"]
    copy, sql = bare["copy"][kind], bare["sql"][kind]
    warm = total(stages, ("ingest", "publish"), kind) + total(full_build(size), BUILT, kind)
    return {
        "ingest / (a)": stages["ingest"][kind] / copy,
        "build / (b)": stages["build"][kind] / sql,
        "whole / ((a) + (b))": total(stages, FLOW, kind) / (copy + sql),
        "whole, project parsed before / ((a) + (b))": warm / (copy + sql),
    }


def day_share(size: Result, step: str = "a day") -> dict[str, float]:
    """Cost of a further day, as a share of a full build (dbt, models, checks), and of a whole first run."""
    day, built = size["days"][step], total(full_build(size), BUILT)
    return {
        "run / full build": day["whole"]["wall"] / built,
        "build / full build": total(day, BUILT) / built,
        "run / first run": day["whole"]["wall"] / size["stages"]["whole"]["wall"],
    }


def ms_a_check(size: Result) -> float:
    return 1000 * size["stages"]["checks"]["wall"] / max(size["checks"], 1)


def named(residents: int) -> str:
    return f"{residents / 1e6:g} M" if residents >= 1_000_000 else f"{residents / 1000:g} k"


def seconds_for_rows(sizes: list[Result]) -> tuple[float | None, str]:
    """Seconds after ingest for the rows of the goal: on the line through the two sizes nearest to it."""
    known = sorted((size["rows"]["in"], wall(size, BUILT)) for size in sizes)
    if len(known) < 2:
        return None, "needs two sizes"
    (low, fast), (high, slow) = next((pair for pair in pairwise(known) if pair[1][0] >= ROWS_OF_GOAL), known[-2:])
    how = "between" if high >= ROWS_OF_GOAL else "beyond"
    seconds = fast + (slow - fast) * (ROWS_OF_GOAL - low) / (high - low)
    return seconds, f"on the line {how} {low / 1e6:.1f} and {high / 1e6:.1f} million rows"


def goals(result: Result) -> Iterator[Goal]:
    sizes = sorted(result["sizes"], key=lambda size: size["residents"])
    for size in sizes:
        if size["residents"] < FROM_RESIDENTS:
            continue
        at, found = named(size["residents"]), ratios(size)
        yield Goal("ingest with all checks / (a)", at, found["ingest / (a)"], 1.5, "x")
        parsed = found["whole, project parsed before / ((a) + (b))"]
        yield Goal("whole flow / ((a) + (b))", at, found["whole / ((a) + (b))"], 1.3, "x",
                   f"{parsed:.2f} x where dbt had parsed the project before")  # fmt: skip
        yield Goal("a check", at, ms_a_check(size), 5, "ms")
        if "a day" in size["days"]:
            share = day_share(size)
            yield Goal("a day's files / full build", at, 100 * share["run / full build"], 5, "%",
                       f"its build alone {100 * share['build / full build']:.0f} %; the run is "
                       f"{100 * share['run / first run']:.0f} % of the first run")  # fmt: skip
    seconds, how = seconds_for_rows(sizes)
    yield Goal("10.5 million rows built and checked", "10.5 M rows", seconds, 35, "s", how)
    for small, large in pairwise(sizes):
        at = f"{named(small['residents'])} to {named(large['residents'])}"
        more = large["residents"] / small["residents"]
        yield Goal("growth of time / growth of residents", at, wall(large, FLOW) / wall(small, FLOW) / more, 1, "x")
    largest = next((size for size in sizes if size["residents"] == LARGEST), None)
    hub = max((cost["peak_bytes"] for stage, cost in largest["stages"].items() if stage in FLOW), default=0) / GB \
        if largest else None  # fmt: skip
    demo = largest["stages"].get("demo") if largest else None
    yield Goal("memory of the whole flow", named(LARGEST), hub, 12, "GB")
    yield Goal("demo generator", named(LARGEST), demo and demo["wall"], 600, "s")
    yield Goal("memory of the demo generator", named(LARGEST), demo and demo["peak_bytes"] / GB, 12, "GB")
    starts = result.get("starts") or {}
    for what, limit in (("cold dbt parse", 10), ("code location", 5)):
        cost = starts.get(what)
        yield Goal(what, "any", cost and cost["wall"], limit, "s")
