"""Small drawings of the pages about the population's health: shades, ratios, funnels, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from orchestration.site import words
from orchestration.site.cells import Cell
from orchestration.site.svg import _svg, nice_ticks

LIMITS = ((1.959964, "95"), (3.090232, "99.8"))
"""Of funnels: as many standard errors from the average (F 4.12)."""


def step(cell: Cell | None, most: float) -> str:
    """Shade of a cell, 0 to 8; none where there is nothing to show."""
    if cell is None or cell.is_hidden or cell.value is None:
        return "none"
    return str(min(8, math.ceil(8 * cell.value / most)) if cell.value > 0 else 0)


def ratio_strip(ratio: float, low: float, high: float, name: str) -> Markup:
    """How many times England's share, from a half to twice, with its 95% interval."""
    wide, tall = 180, 22

    def x(value: float) -> float:
        return 6 + (wide - 12) * (math.log2(min(max(value, 0.5), 2)) + 1) / 2

    kind = "c-point" if low <= 1 <= high else "c-changed"
    parts = [
        f'<path class="c-grid" d="M6 11H{wide - 6}"/><path class="c-mean" d="M{wide / 2} 2V20"/>',
        f'<path class="c-limit-line" d="M{x(low):.1f} 11H{x(high):.1f}"/>',
        f'<circle class="{kind}" cx="{x(ratio):.1f}" cy="11" r="4"/>',
    ]
    return _svg(wide, tall, "strip", f"{name}: {ratio:.2f} times England", f"95% from {low:.2f} to {high:.2f}.", parts)


def funnel(
    points: Sequence[tuple[str, float, float, bool, bool]], average: float, title: str, standard: float | None = None
) -> Markup:
    """Share by number of people. Points: (name, people, percent, is a network, is outside the limits)."""
    wide, tall, left, right, top, bottom = 560, 250, 48, 12, 10, 40
    most = max(point[1] for point in points)
    shares = [point[2] for point in points] + [average] + ([standard] if standard else [])
    low, high = max(0.0, min(shares) - 8), min(100.0, max(shares) + 8)
    ticks = nice_ticks(low, high, "percent")
    low, high = max(0.0, ticks[0]), min(100.0, ticks[-1])

    def x(people: float) -> float:
        return left + (wide - left - right) * people / (most * 1.04)

    def y(share: float) -> float:
        return top + (tall - top - bottom) * (high - min(max(share, low), high)) / (high - low)

    parts = []
    for tick in (tick for tick in ticks if low <= tick <= high):
        parts.append(f'<path class="c-grid" d="M{left} {y(tick):.1f}H{wide - right}"/>')
        parts.append(f'<text class="c-text" x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}%</text>')
    for tick in nice_ticks(0, most):
        if tick <= most * 1.04:
            parts.append(
                f'<text class="c-text" x="{x(tick):.1f}" y="{tall - 22}" text-anchor="middle">{tick:,g}</text>'
            )
    parts.append(
        f'<text class="c-text" x="{(left + wide) / 2}" y="{tall - 5}" text-anchor="middle">people, rounded to 5</text>'
    )
    spread = math.sqrt(average * (100 - average))
    steps = [max(5.0, most * 1.04 * at / 60) for at in range(1, 61)]
    for deviations, name in LIMITS:
        for sign in (-1, 1):
            line = "L".join(
                f"{x(people):.1f} {y(average + sign * deviations * spread / math.sqrt(people)):.1f}" for people in steps
            )
            parts.append(f'<path class="c-limit{" c-limit-far" if name == "99.8" else ""}" d="M{line}"/>')
    parts.append(f'<path class="c-mean" d="M{left} {y(average):.1f}H{wide - right}"/>')
    if standard:
        parts.append(f'<path class="c-target" d="M{left} {y(standard):.1f}H{wide - right}"/>')
    for name, people, share, is_network, beyond in sorted(points, key=lambda point: point[3]):
        kind = ("c-changed" if beyond else "c-last") if is_network else "c-small c-far" if beyond else "c-small"
        size = 4.5 if is_network else 2.2
        said = f"{name}: {words.shown(share, 'percent')} of {people:,.0f}{', outside the limits' if beyond else ''}"
        mark = f"M{x(people) - size:.1f} {y(share):.1f}"
        mark += f"a{size} {size} 0 1 0 {2 * size} 0a{size} {size} 0 1 0 {-2 * size} 0z"
        if beyond and is_network:
            mark = f"M{x(people):.1f} {y(share) - 6:.1f}l6 6l-6 6l-6 -6z"
        parts.append(f'<path class="{kind}" d="{mark}"><title>{escape(said)}</title></path>')
    said = "Networks are large dots, practices small ones; a diamond lies outside the 99.8% limits."
    return _svg(wide, tall, "funnel", title, said, parts)


def outside(people: float, share: float, average: float, deviations: float = LIMITS[1][0]) -> bool:
    """Whether a share lies further from the average than chance explains (F 4.12)."""
    if not people or not 0 < average < 100:
        return False
    return abs(share - average) > deviations * math.sqrt(average * (100 - average) / people)


def calibration(points: Sequence[tuple[int, float, float, float, float]], title: str) -> Markup:
    """Points: (tenth, expected, observed, low, high), all in percent. On the diagonal the model is right."""
    size, left, bottom, top = 330, 46, 44, 12
    most = max(max(expected, high) for _, expected, _, _, high in points) * 1.05 or 1
    wide = 440

    def x(value: float) -> float:
        return left + (wide - left - 12) * value / most

    def y(value: float) -> float:
        return top + (size - top - bottom) * (1 - value / most)

    parts = []
    for tick in (tick for tick in nice_ticks(0, most, "percent") if tick <= most):
        parts.append(f'<path class="c-grid" d="M{left} {y(tick):.1f}H{wide - 12}"/>')
        parts.append(f'<text class="c-text" x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}%</text>')
        parts.append(f'<text class="c-text" x="{x(tick):.1f}" y="{size - 26}" text-anchor="middle">{tick:g}%</text>')
    parts.append(
        f'<text class="c-text" x="{(left + wide) / 2}" y="{size - 6}" text-anchor="middle">expected by the model</text>'
    )
    parts.append(f'<path class="c-mean" d="M{x(0)} {y(0)}L{x(most)} {y(most)}"/>')
    for tenth, expected, observed, low, high in points:
        said = f"Tenth {tenth}: expected {expected:.1f}%, observed {observed:.1f}% (95% {low:.1f} to {high:.1f})"
        parts.append(f'<path class="c-limit-line" d="M{x(expected):.1f} {y(low):.1f}V{y(high):.1f}"/>')
        parts.append(
            f'<circle class="c-last" cx="{x(expected):.1f}" cy="{y(observed):.1f}" r="4.5">'
            f"<title>{escape(said)}</title></circle>"
        )
    return _svg(wide, size, "calibration", title, "One dot a tenth of people: expected across, observed up.", parts)
