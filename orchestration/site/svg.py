"""Small drawings, written by hand as SVG: sparklines, run charts with control limits, signs, heat maps, flows.

Colours come from the style sheet, so that print and high contrast can change them; no sign rests on colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from markupsafe import Markup, escape

from orchestration.site import words
from orchestration.site.measures import Figure, Series, Signal

WIDTH, HEIGHT = 420, 196
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 28


def sparkline(figures: Sequence[Figure], label: str) -> Markup:
    """Monthly values as a small line with the target as a dashed one; the newest value is a dot."""
    shown = [(position, figure.visible) for position, figure in enumerate(figures) if figure.visible is not None]
    if len(shown) < 2:
        return Markup("")
    target = figures[-1].target
    values = [value for _, value in shown] + ([target] if target is not None else [])
    low, high = min(values), max(values)
    span = (high - low) or 1
    wide, tall, pad = 150, 40, 5

    def at(position: float, value: float) -> str:
        x = pad + (wide - 2 * pad) * position / max(1, len(figures) - 1)
        return f"{x:.1f} {tall - pad - (tall - 2 * pad) * (value - low) / span:.1f}"

    parts = []
    if target is not None:
        y = at(0, target).split()[1]
        parts.append(f'<path class="c-target" d="M{pad} {y}H{wide - pad}"/>')
    parts.append(f'<path class="c-line" d="{_path(figures, at)}"/>')
    x, y = at(*shown[-1]).split()
    parts.append(f'<circle class="c-last" cx="{x}" cy="{y}" r="3.2"/>')
    return _svg(wide, tall, "spark", label, "", parts)


def _path(figures: Sequence[Figure], at) -> str:
    """A line that breaks where a value is missing or not shown."""
    steps, drawing = [], False
    for position, figure in enumerate(figures):
        if figure.visible is None:
            drawing = False
            continue
        steps.append(f"{'L' if drawing else 'M'}{at(position, figure.visible)}")
        drawing = True
    return "".join(steps)


def value_range(serieses: Iterable[Series]) -> tuple[float, float]:
    """One vertical range for the charts of a measure, so that places can be compared by eye."""
    values, percent = [], False
    for series in serieses:
        for figure in series.figures:
            percent = percent or figure.unit == "percent"
            values += [value for value in (figure.visible, figure.target) if value is not None]
            limits = series.limits.get(figure.period)
            if limits and limits["has_enough_points"]:
                values += [limits["lower_process_limit"], limits["upper_process_limit"]]
    values = [value for value in values if value is not None]
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    if percent:
        low, high = max(0.0, low), min(100.0, high)
    else:
        low = max(0.0, low)
    return (low, high) if high > low else (low, low + 1)


def run_chart(series: Series, limits: tuple[float, float], better: str) -> Markup:
    """Values over time. Signs of special cause are shapes: square improvement, diamond concern, triangle change."""
    figures = series.figures
    shown = [figure for figure in figures if figure.visible is not None]
    if len(shown) < 2:
        return Markup('<p class="quiet small">Too few values that can be shown.</p>')
    unit = figures[0].unit
    ticks = nice_ticks(*limits, unit)
    low, high = min(ticks[0], limits[0]), max(ticks[-1], limits[1])
    first, last = figures[0].period, figures[-1].period
    days = max(1, (last - first).days)

    def x(moment: date) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (moment - first).days / days

    def y(value: float) -> float:
        inside = min(max(value, low), high)
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - inside) / (high - low)

    parts = []
    for tick in ticks:
        parts.append(f'<path class="c-grid" d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text class="c-text" x="{LEFT - 5}" y="{y(tick) + 5:.1f}" text-anchor="end">'
            f"{words.axis_number(tick, unit)}</text>"
        )
    for moment in month_ticks(first, last):
        parts.append(f'<path class="c-tick" d="M{x(moment):.1f} {HEIGHT - BOTTOM}v4"/>')
        label = f"{moment:%b}" + (f" {moment:%y}" if moment.month == 1 or days > 500 else "")
        parts.append(f'<text class="c-text" x="{x(moment):.1f}" y="{HEIGHT - 7}" text-anchor="middle">{label}</text>')
    parts += _limit_paths(series, x, y)
    parts += _target_path(figures, x, y)
    parts.append(f'<path class="c-line" d="{_dated_path(figures, x, y)}"/>')
    for figure in shown:
        parts.append(_point(figure, series, x(figure.period), y(figure.visible)))
    newest = shown[-1]
    grain = {"week": "weekly", "month": "monthly"}[series.grain]
    title = f"{series.place.name}, {grain} values, {words.short_day(first)} to {words.short_day(last)}"
    said = f"Newest: {newest.text}, {newest.when.lower() if series.grain == 'week' else newest.when}."
    if newest.target is not None:
        said += f" Target {words.shown(newest.target, unit)} or {'more' if better == 'higher' else 'less'}."
    if series.signal:
        said += f" {series.signal.sentence}"
    return _svg(WIDTH, HEIGHT, "run", title, said, parts)


def _limit_paths(series: Series, x, y) -> list[str]:
    """Mean and process limits, a piece for each phase."""
    phases: dict[int, list[tuple[date, dict]]] = {}
    for figure in series.figures:
        row = series.limits.get(figure.period)
        if row and row["has_enough_points"] and row["mean_value"] is not None:
            phases.setdefault(row["phase"] or 0, []).append((figure.period, row))
    parts = []
    for rows in phases.values():
        start, end = x(rows[0][0]), x(rows[-1][0])
        last = rows[-1][1]
        if last["upper_process_limit"] is not None and last["lower_process_limit"] is not None:
            top, bottom = y(last["upper_process_limit"]), y(last["lower_process_limit"])
            parts.append(
                f'<rect class="c-band" x="{start:.1f}" y="{top:.1f}" width="{max(1, end - start):.1f}" '
                f'height="{max(0, bottom - top):.1f}"/>'
            )
            parts.append(
                f'<path class="c-limit" d="M{start:.1f} {top:.1f}H{end:.1f}M{start:.1f} {bottom:.1f}H{end:.1f}"/>'
            )
        parts.append(f'<path class="c-mean" d="M{start:.1f} {y(last["mean_value"]):.1f}H{end:.1f}"/>')
    return parts


def _target_path(figures: Sequence[Figure], x, y) -> list[str]:
    """The target, stepping where it changed."""
    steps, before = [], None
    for figure in figures:
        if figure.target is None:
            before = None
            continue
        at = f"{x(figure.period):.1f} {y(figure.target):.1f}"
        if before is None:
            steps.append(f"M{at}")
        else:
            steps.append(f"H{x(figure.period):.1f}V{y(figure.target):.1f}")
        before = figure.target
    return [f'<path class="c-target" d="{"".join(steps)}"/>'] if steps else []


def _dated_path(figures: Sequence[Figure], x, y) -> str:
    return _path(figures, lambda position, value: f"{x(figures[position].period):.1f} {y(value):.1f}")


def _point(figure: Figure, series: Series, x: float, y: float) -> str:
    row = series.limits.get(figure.period)
    variation = row["variation"] if row and row["has_enough_points"] else None
    classes = {"improvement": "c-better", "concern": "c-worse", "neutral": "c-changed"}.get(variation, "c-point")
    early = " c-early" if figure.is_provisional else ""
    title = f"{figure.when}: {figure.text}"
    if variation and variation != "common_cause":
        cause = words.SIGNALS.get(row["special_cause"], "special cause")
        title += f". {words.VARIATION[variation]}: {cause}"
    if figure.is_provisional:
        title += " (provisional)"
    data = "".join(f' {name}="{escape(value)}"' for name, value in figure.attributes.items())
    shape = {
        "c-better": f"M{x - 3.6:.1f} {y - 3.6:.1f}h7.2v7.2h-7.2z",
        "c-worse": f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z",
        "c-changed": f"M{x:.1f} {y - 4.6:.1f}l4.6 8h-9.2z",
    }.get(classes, f"M{x - 2.4:.1f} {y:.1f}a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0 -4.8 0z")
    return f'<path class="{classes}{early}" d="{shape}"{data}><title>{escape(title)}</title></path>'


def month_ticks(first: date, last: date) -> list[date]:
    """Quarter or half-year starts: never more than seven labels."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = 1 if months <= 6 else 3 if months <= 18 else 6
    start = first.replace(day=1)
    found = []
    while start <= last:
        if start >= first and (start.month - 1) % step == 0:
            found.append(start)
        start = (start + timedelta(days=32)).replace(day=1)
    return found


def nice_ticks(low: float, high: float, unit: str | None = None) -> list[float]:
    """Three to six round values that cover the range."""
    raw = (high - low) / 4
    if unit == "seconds" and raw >= 15:
        step = next(size for size in (30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 1e9) if size >= raw)
    else:
        power = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1
        step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= raw * 0.999)
    start = math.floor(low / step + 1e-9)
    end = math.ceil(high / step - 1e-9)
    return [round(position * step, 10) for position in range(start, end + 1)]


def variation_sign(signal: Signal | None) -> Markup:
    """The sign of variation: a shape and a letter, as on the charts."""
    if signal is None:
        return _sign("c-none", "?", "circle", "Too few values for a signal")
    shape = {
        "improvement": ("c-better", "square"),
        "concern": ("c-worse", "diamond"),
        "neutral": ("c-changed", "triangle"),
    }
    classes, form = shape.get(signal.variation, ("c-point", "circle"))
    letter = {"high": "H", "low": "L"}.get(signal.direction or "", "–")
    return _sign(classes, letter if form != "circle" else "~", form, signal.label)


def assurance_sign(signal: Signal | None) -> Markup:
    if signal is None or not signal.assurance:
        return Markup("")
    letter = {"pass": "P", "fail": "F", "hit_and_miss": "?"}.get(signal.assurance, "?")
    classes = {"pass": "c-better", "fail": "c-worse"}.get(signal.assurance, "c-point")
    return _sign(classes, letter, "ring", words.ASSURANCE.get(signal.assurance, signal.assurance))


def _sign(classes: str, letter: str, form: str, title: str) -> Markup:
    shape = {
        "circle": '<circle cx="14" cy="14" r="11"/>',
        "ring": '<circle cx="14" cy="14" r="11"/>',
        "square": '<rect x="3.5" y="3.5" width="21" height="21" rx="2"/>',
        "diamond": '<path d="M14 0.5L27.5 14L14 27.5L0.5 14Z"/>',
        "triangle": '<path d="M14 1.5L27 25H1Z"/>',
    }[form]
    down = 21 if form == "triangle" else 18.6
    return Markup(
        f'<svg class="sign {classes} sign-{form}" viewBox="0 0 28 28" role="img" focusable="false" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{shape}'
        f'<text x="14" y="{down}" text-anchor="middle">{escape(letter)}</text></svg>'
    )


def _svg(wide: float, tall: float, classes: str, title: str, description: str, parts: Iterable[str]) -> Markup:
    about = f"<desc>{escape(description)}</desc>" if description else ""
    label = escape(f"{title}. {description}" if description else title)
    return Markup(
        f'<svg class="chart {classes}" viewBox="0 0 {wide} {tall}" role="img" focusable="false" aria-label="{label}">'
        f"<title>{escape(title)}</title>{about}{''.join(parts)}</svg>"
    )


def legend_shape(kind: str) -> Markup:
    """One sign of the run charts, for the legend."""
    drawing = {
        "point": '<circle class="c-point" cx="16" cy="10" r="3"/>',
        "early": '<circle class="c-point c-early" cx="16" cy="10" r="3"/>',
        "better": '<rect class="c-better" x="11.5" y="5.5" width="9" height="9"/>',
        "worse": '<path class="c-worse" d="M16 4l6 6l-6 6l-6 -6z"/>',
        "changed": '<path class="c-changed" d="M16 4l6 11h-12z"/>',
        "mean": '<path class="c-mean" d="M2 10h28"/>',
        "limit": '<rect class="c-band" x="2" y="4" width="28" height="12"/><path class="c-limit" d="M2 4h28M2 16h28"/>',
        "target": '<path class="c-target" d="M2 10h28"/>',
    }[kind]
    return Markup(f'<svg class="legend-sign" viewBox="0 0 32 20" aria-hidden="true" focusable="false">{drawing}</svg>')


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: dict[tuple[int, int], tuple[float | None, str, dict[str, str]]],
    *,
    title: str,
    description: str,
    every: int = 1,
) -> Markup:
    """Cells by (row, column): (value or None where hidden, words, data attributes); darker is more."""
    left, cell_wide, cell_tall, top = 262, 22, 28, 6
    wide, tall = left + cell_wide * len(columns) + 8, top + cell_tall * len(rows) + 26
    most = max((cell[0] for cell in cells.values() if cell[0] is not None), default=0) or 1
    parts = []
    for position, label in enumerate(rows):
        middle = top + cell_tall * position + cell_tall / 2 + 5.5
        parts.append(f'<text class="c-text" x="{left - 8}" y="{middle:.1f}" text-anchor="end">{escape(label)}</text>')
    for position, label in enumerate(columns):
        if position % every == 0:
            middle = left + cell_wide * position + cell_wide / 2
            parts.append(
                f'<text class="c-text" x="{middle:.1f}" y="{tall - 8}" text-anchor="middle">{escape(label)}</text>'
            )
    for (row, column), (value, said, data) in cells.items():
        x, y = left + cell_wide * column, top + cell_tall * row
        step = "none" if value is None else str(min(8, math.ceil(8 * value / most)) if value > 0 else 0)
        attributes = "".join(f' {name}="{escape(text)}"' for name, text in data.items())
        parts.append(
            f'<rect class="heat heat-{step}" x="{x + 1}" y="{y + 1}" '
            f'width="{cell_wide - 2}" height="{cell_tall - 2}"{attributes}>'
            f"<title>{escape(said)}</title></rect>"
        )
    return _svg(wide, tall, "heatmap", title, description, parts)


def flow(
    stages: Sequence[Sequence[tuple[str, float]]], links: Sequence[tuple[int, str, str, float, str, dict[str, str]]],
    *, title: str, description: str, captions: Sequence[str],
) -> Markup:  # fmt: skip
    """Columns of named bars joined by bands, widths by number: where journeys begin, pass and end.

    `stages`: per column (name, number). `links`: (from column, from name, to name, number, words, data attributes).
    """
    wide, bar, gap, top = 900, 14, 16, 34
    total = max((sum(number for _, number in stage) for stage in stages), default=0) or 1
    scale = 300 / total
    tall = math.ceil(max(top + sum(number * scale + gap for _, number in stage) for stage in stages)) + 6
    placed: dict[tuple[int, str], tuple[float, float, float]] = {}
    parts = []
    for column, stage in enumerate(stages):
        x = 4 + (wide - 8 - bar) * column / max(1, len(stages) - 1)
        y = float(top)
        for name, number in stage:
            placed[column, name] = (x, y, number * scale)
            y += number * scale + gap
    used_out: dict[tuple[int, str], float] = {}
    used_in: dict[tuple[int, str], float] = {}
    for column, start, end, number, said, data in links:
        x0, y0, _ = placed[column, start]
        x1, y1, _ = placed[column + 1, end]
        height = number * scale
        a = y0 + used_out.get((column, start), 0.0)
        b = y1 + used_in.get((column + 1, end), 0.0)
        used_out[column, start] = used_out.get((column, start), 0.0) + height
        used_in[column + 1, end] = used_in.get((column + 1, end), 0.0) + height
        x0 += bar
        mid = (x0 + x1) / 2
        attributes = "".join(f' {key}="{escape(text)}"' for key, text in data.items())
        parts.append(
            f'<path class="flow-band flow-{column}" d="M{x0:.1f} {a:.1f}'
            f"C{mid:.1f} {a:.1f} {mid:.1f} {b:.1f} {x1:.1f} {b:.1f}V{b + height:.1f}"
            f'C{mid:.1f} {b + height:.1f} {mid:.1f} {a + height:.1f} {x0:.1f} {a + height:.1f}Z"{attributes}>'
            f"<title>{escape(said)}</title></path>"
        )
    for column, stage in enumerate(stages):
        last = column == len(stages) - 1
        for name, number in stage:
            x, y, height = placed[column, name]
            parts.append(
                f'<rect class="flow-bar" x="{x:.1f}" y="{y:.1f}" width="{bar}" height="{max(height, 1):.1f}"/>'
            )
            at, anchor = (x - 6, "end") if last else (x + bar + 6, "start")
            parts.append(
                f'<text class="c-text flow-text" x="{at:.1f}" y="{y + max(height, 1) / 2 + 4:.1f}" '
                f'text-anchor="{anchor}">{escape(name)} {words.number(number)}</text>'
            )
        x = 4 + (wide - 8 - bar) * column / max(1, len(stages) - 1)
        anchor = "start" if column == 0 else "end" if last else "middle"
        at = x if column == 0 else x + bar if last else x + bar / 2
        parts.append(
            f'<text class="c-text flow-caption" x="{at:.1f}" y="16" text-anchor="{anchor}">'
            f"{escape(captions[column])}</text>"
        )
    return _svg(wide, tall, "flow", title, description, parts)
