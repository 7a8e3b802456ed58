"""A measurement in words: tables for the terminal and the README, and a plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.goals import FLOW, Goal, Result, day_share, goals, ms_a_check, named, ratios, wall

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
STAGES = ("demo", *FLOW, "program", "whole")
MB = 10**6


def stage_rows(result: Result) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of stages: seconds, CPU seconds and peak memory at each size."""
    head = ["Stage", *(f"{named(size['residents'])}: s, CPU s, MB" for size in result["sizes"])]
    rows = []

    def add(name: str, costs: Iterable[dict | None]) -> None:
        shown = [
            f"{cost['wall']:,.1f}, {cost['cpu']:,.1f}, {cost['peak_bytes'] / MB:,.0f}" if cost else "-"
            for cost in costs
        ]
        rows.append([name, *shown])

    sizes = result["sizes"]
    for stage in STAGES:
        add("whole run" if stage == "whole" else stage, (size["stages"].get(stage) for size in sizes))
    for step in sizes[0]["days"] if sizes else ():
        add(f"run, {step}", (size["days"].get(step, {}).get("whole") for size in sizes))
        for stage in FLOW if step == "a day" else ():
            add(f"  {stage}", (size["days"].get(step, {}).get(stage) for size in sizes))
    add("(a) bare copy of the files", (size["baselines"]["copy"] for size in sizes))
    add("(b) bare SQL", (size["baselines"]["sql"] for size in sizes))
    return head, rows


def amount_rows(result: Result) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of amounts."""
    head = ["Amount", *(named(size["residents"]) for size in result["sizes"])]
    sizes = result["sizes"]
    rows = [
        ["files", *(f"{size['files']['first run']:,}" for size in sizes)],
        ["rows in", *(f"{size['rows']['in']:,}" for size in sizes)],
        ["rows in all tables", *(f"{size['rows']['built']:,}" for size in sizes)],
        ["checks", *(f"{size['checks']:,}" for size in sizes)],
    ]
    for name in ("landing", "lake", "warehouse", "published"):
        rows.append([f"{name}, MB", *(f"{size['bytes'][name] / MB:,.1f}" for size in sizes)])
    return head, rows


def ratio_rows(result: Result) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table that the README quotes: no seconds of this machine, only multiples and shares."""
    sizes = result["sizes"]
    head = ["Residents x months", *(f"{named(size['residents'])} x {size['months']}" for size in sizes)]
    rows = [["rows in, million", *(f"{size['rows']['in'] / 1e6:.1f}" for size in sizes)]]
    for name in ratios(sizes[0]):
        rows.append([name, *(f"{ratios(size)[name]:.2f} (CPU {ratios(size, 'cpu')[name]:.2f})" for size in sizes)])
    rows.append(["one check, ms", *(f"{ms_a_check(size):.1f}" for size in sizes)])
    for name, share in (("run", "run / full build"), ("run", "run / first run")):
        of = share.partition(" / ")[2]
        cells = [f"{100 * day_share(size)[share]:.0f} %" if "a day" in size["days"] else "-" for size in sizes]
        rows.append([f"{name} with a day's files / {of}", *cells])
    small = sizes[0]
    grown = [f"{wall(size, FLOW) / wall(small, FLOW) / (size['residents'] / small['residents']):.2f}" for size in sizes]
    rows.append(["time a resident, smallest = 1", *grown])
    return head, rows


def goal_rows(found: Iterable[Goal]) -> tuple[list[str], list[list[str]]]:
    head = ["Goal", "At", "At most", "Measured", "", "How"]
    return head, [
        [goal.what, goal.size, _shown(goal.limit, goal.unit), _shown(goal.value, goal.unit), goal.reached, goal.note]
        for goal in found
    ]


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    digits = 2 if unit == "x" else 0 if value >= 100 or value == int(value) else 1
    return f"{value:,.{digits}f} {unit}"


def in_text(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """A table for a terminal or a log: columns in `left` begin at the left, the others end at the right."""
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(lines)


def in_markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    align = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, align, *rows])


def text(result: Result) -> str:
    """Everything, for the terminal."""
    parts = [about(result)]
    if result["sizes"]:
        parts += [in_text(*make(result)) for make in (stage_rows, amount_rows, ratio_rows)]
    parts.append(in_text(*goal_rows(goals(result)), left=(0, 4, 5)))
    parts += [f"FAILED: {problem}" for problem in result.get("failed", ())]
    return "\n\n".join(parts) + "\n"


def about(result: Result) -> str:
    machine = result["machine"]
    return (
        f"Measured {result['made_at'][:10]} at {result['commit']} on {machine['cpus']} cores, "
        f"{machine['memory_gib']:.0f} GiB, {machine['system']}, Python {machine['python']}, DuckDB {machine['duckdb']}"
        + (f", BIHUB_MEMORY={machine['memory_limit']}." if machine.get("memory_limit") else ".")
    )


def markdown(result: Result) -> str:
    """What stands between the markers of the README."""
    found = list(goals(result))
    missed = [f"{goal.what} ({goal.size})" for goal in found if goal.reached == "not reached"]
    verdict = f"Not reached: {'; '.join(missed)}." if missed else "Every goal that was measured is reached."
    head, rows = goal_rows(found)
    return "\n\n".join([
        f"{about(result)} (a): DuckDB copies the same files to Parquet, unchecked. (b): the same compiled SQL, "
        "straight in one DuckDB process. Times are wall clock on an otherwise idle machine.",
        in_markdown(*ratio_rows(result)),
        in_markdown(head[:5], [row[:5] for row in rows]),
        f"{verdict} Every number: [benchmarks/result.json](benchmarks/result.json).",
        "![Time by stage and size](docs/images/bench.svg)",
    ])  # fmt: skip


def write_into(readme: Path, said: str) -> None:
    """Replace what stands between the markers. Raises ValueError where they are missing."""
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} has no markers {BEGIN} and {END}")
    readme.write_text(f"{before}{BEGIN}\n{said}\n{END}{after}")


def plot(result: Result) -> str:
    """An SVG: for each size, on its own scale, seconds of the hub by stage above those of DuckDB alone."""
    import altair as alt
    import vl_convert

    from orchestration.site.charts import CONFIG

    rows = []
    for size in result["sizes"]:
        told = [("hub", stage, size["stages"].get(stage)) for stage in FLOW]
        told += [
            ("bare DuckDB", "(a) copy", size["baselines"]["copy"]),
            ("bare DuckDB", "(b) SQL", size["baselines"]["sql"]),
        ]
        rows += [
            {
                "size": named(size["residents"]),
                "who": who,
                "stage": stage,
                "seconds": cost["wall"],
                "order": order,
            }
            for order, (who, stage, cost) in enumerate(told)
            if cost
        ]
    order = [*FLOW, "(a) copy", "(b) SQL"]
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("seconds:Q", title="seconds"),
            y=alt.Y("who:N", title=None, sort=["hub", "bare DuckDB"]),
            color=alt.Color("stage:N", sort=order, scale=alt.Scale(domain=order), title=None),
            order=alt.Order("order:Q"),
            row=alt.Row("size:N", sort=[named(size["residents"]) for size in result["sizes"]], title=None),
        )
        .properties(width=640, height=70)
        .resolve_scale(x="independent")
    )
    return vl_convert.vegalite_to_svg(chart.to_dict(validate=False) | {"config": CONFIG | {"background": "white"}})
