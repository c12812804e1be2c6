"""Charts as SVG text that needs no script: colours come from the page's style, figures lie in tooltips."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from workbench.formatting import percent, points, span
from workbench.report.palette import VIRIDIS

WIDTH = 1000
LONGEST = 30
"""Characters of a name beside a chart; all of it is in the tooltip."""

STYLE = """
svg {display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif;}
svg text {fill: var(--muted);} svg .ink {fill: var(--ink);}
svg .grid {stroke: var(--grid); stroke-width: 1;} svg .zero {stroke: var(--muted); stroke-width: 1.5;}
svg .level {stroke: var(--muted); stroke-width: 1.2; stroke-dasharray: 2 4;} svg .bound {stroke: var(--bound); stroke-width: 1.6;}
svg text.bound {fill: var(--bound); stroke: none;}
svg .best {fill: none; stroke: var(--ink); stroke-width: 2;} svg .attempt {fill: var(--series-0); fill-opacity: .55;}
svg .failed {stroke: var(--worse); stroke-opacity: .6;}
svg .steered {fill: var(--worse);}
svg .better {fill: var(--better); stroke: var(--better);} svg .worse {fill: var(--worse); stroke: var(--worse);}
svg .even {fill: var(--muted); stroke: var(--muted);}
svg .cell {stroke: var(--paper); stroke-width: 1;}
svg .own {fill: none; stroke: var(--better); stroke-width: 2.2;}
svg .rule {fill: none; stroke: var(--muted); stroke-width: 1.2; stroke-dasharray: 3 3;}
"""


class Level(NamedTuple):
    """A baseline's name and mean gap."""

    name: str
    gap: float


class Attempt(NamedTuple):
    """Number and gap of an attempt; None where it failed."""

    number: int
    gap: float | None


class Row(NamedTuple):
    """One row of a heat map: a name and a value by column; None: nothing known."""

    name: str
    values: Mapping[str, float | None]


class Bar(NamedTuple):
    """A mean with its interval, and the word for it (`better`, `worse`, anything else)."""

    name: str
    mean: float
    low: float
    high: float
    verdict: str


# --------------------------------------------------------------------------- scales


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round numbers from `low` to `high`."""
    if not high > low:
        return [low]
    raw = (high - low) / about
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 of every power of ten between two positive numbers; powers alone where those would be many."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [m * 10.0**e for e in exponents for m in (1, 2, 5) if low <= m * 10.0**e <= high]
    return found if len(found) <= 9 else [t for t in found if round(math.log10(t), 6).is_integer()]


def spread(values: Sequence[float], least: float) -> list[float]:
    """Places for labels, in the order of `values`: as near to their values as can be, `least` apart."""
    order = sorted(range(len(values)), key=values.__getitem__)
    placed: dict[int, float] = {}
    below = -math.inf
    for index in order:
        below = placed[index] = max(values[index], below + least)
    return [placed[i] for i in range(len(values))]


def far_apart(gaps: Sequence[float]) -> bool:
    """Whether a linear axis would press the better of these gaps against each other."""
    known = sorted(g for g in gaps if g > 0)
    return len(known) > 2 and known[-1] > 12 * known[(len(known) - 1) // 2]


def _scale(low: float, high: float, start: float, end: float, log: bool = False) -> Callable[[float], float]:
    take: Callable[[float], float] = math.log10 if log else float
    a, b = take(low), take(high)
    return lambda value: start + (end - start) * (take(value) - a) / ((b - a) or 1.0)


# --------------------------------------------------------------------------- pieces


def _svg(height: float, label: str, body: Sequence[str]) -> str:
    said = escape(label, quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{said}">{"".join(body)}</svg>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "", title: str = "", turn: float = 0.0) -> str:
    told = f"<title>{escape(title)}</title>" if title else ""
    turned = f' transform="rotate({turn:.0f} {x:.1f} {y:.1f})"' if turn else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turned}>{told}{escape(words)}</text>'


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _short(gap: float) -> str:
    """A tick of a gap axis."""
    return f"{gap * 100:.4g} %"


# --------------------------------------------------------------------------- charts


def progress(
    attempts: Sequence[Attempt], levels: Sequence[Level], *, steered: Sequence[int] = (), log: bool | None = None, most: int = 1500
) -> str:
    """Gap of every attempt, the best so far, baselines dotted, the reference solid, failures as a rug below.

    Parameters
    ----------
    attempts
        In order of their numbers.
    steered
        Numbers at which a person's message went into the prompts.
    log
        A logarithmic axis; None: where the gaps are far apart.
    most
        Points drawn: all that were ever best, the others thinned evenly.
    """
    valid = [(a.number, a.gap) for a in attempts if a.gap is not None]
    if not valid:
        return ""
    best: list[tuple[int, float]] = []
    for number, gap in valid:
        if not best or gap < best[-1][1]:
            best.append((number, gap))
    usual = sorted(gap for _, gap in valid)[int(0.9 * (len(valid) - 1))]
    least = best[-1][1]
    if log is None:
        log = least > 0 and far_apart([least, *(level.gap for level in levels)])
    log = log and least > 0
    high = max([usual, min(valid[0][1], 3 * usual), *(level.gap for level in levels)]) * 1.06 or 1.0
    low = min([least, *(level.gap for level in levels if level.gap > 0)]) * 0.8 if log else min(least, 0.0) - 0.05 * high
    left, right, top, bottom, height = 66.0, WIDTH - 216.0, 10.0, 330.0, 372
    last = max(attempts[-1].number, 1)
    x, y = _scale(0, last, left, right), _scale(low, high, bottom, top, log)
    body = []
    for tick in decades(low, high) if log else ticks(low, high):
        body += [_line(left, y(tick), right, y(tick), "grid"), _text(left - 8, y(tick) + 4, _short(tick), "end")]
    body += [_text(x(tick), bottom + 18, f"{tick:,.0f}", "middle") for tick in ticks(0, last)]
    body.append(_text((left + right) / 2, bottom + 38, "attempts; each dot one program's mean train gap", "middle"))
    lines = [*(Level(level.name, level.gap) for level in levels if low <= level.gap <= high)]
    if not log:
        lines.append(Level("reference", 0.0))
    for line, place in zip(lines, spread([-y(line.gap) for line in lines], 15), strict=True):
        kind = "bound" if line.name == "reference" and line.gap == 0 else "level"
        body.append(_line(left, y(line.gap), right, y(line.gap), kind))
        body.append(_text(right + 8, -place + 4, _cut(line.name), kind=kind if kind == "bound" else "",
                          title=f"{line.name}: {percent(line.gap)}"))  # fmt: skip
    step = 1 + len(valid) // most
    kept = {number for number, _ in best}
    for number, gap in valid:
        if gap <= high and (number in kept or number % step == 0):
            told = f"<title>no. {number}: {percent(gap)}</title>"
            body.append(f'<circle class="attempt" cx="{x(number):.1f}" cy="{y(gap):.1f}" r="3">{told}</circle>')
    failed = [a.number for a in attempts if a.gap is None]
    rug = "".join(f"M{x(n):.1f} {bottom - 9:.1f}v8" for n in failed[:: 1 + len(failed) // most])
    body.append(f'<path class="failed" d="{rug}"/>' if rug else "")
    path = "".join(
        f"{f'H{x(number):.1f}V' if k else f'M{x(number):.1f} '}{max(top, y(gap)):.1f}" for k, (number, gap) in enumerate(best)
    )
    body.append(f'<path class="best" d="{path}H{x(last):.1f}"/>')
    for number in steered:
        reached = [gap for at, gap in best if at <= number]
        if reached and y(reached[-1]) >= top:
            cx, cy = x(number), y(reached[-1])
            diamond = f"M{cx:.1f} {cy - 6:.1f}l6 6l-6 6l-6 -6z"
            body.append(f'<path class="steered" d="{diamond}"><title>steered before no. {number}</title></path>')
    return _svg(height, f"Mean train gap of {len(attempts)} attempts, best {percent(least)}", body)


def forest(bars: Sequence[Bar]) -> str:
    """Mean differences with their intervals, best on top, against a vertical line at 0; what lies far out is told in words."""
    if not bars:
        return ""
    ordered = sorted(bars, key=lambda bar: bar.mean)
    reach = sorted(max(abs(bar.low), abs(bar.high)) for bar in ordered)
    most = 3 * reach[len(reach) // 2]
    seen = [bar for bar in ordered if abs(bar.mean) <= most]
    low, high = min([0.0, *(bar.low for bar in seen)]), max([0.0, *(bar.high for bar in seen)])
    room = max((high - low) * 0.08, 1e-4)
    left, right, top, row = 236.0, WIDTH - 20.0, 6.0, 26.0
    bottom = top + row * len(ordered) + 6
    x = _scale(low - room, high + room, left, right)
    body = []
    for tick in ticks(low - room, high + room):
        body += [_line(x(tick), top, x(tick), bottom, "grid"), _text(x(tick), bottom + 18, f"{tick * 100:+.3g} pp", "middle")]
    body.append(_line(x(0), top, x(0), bottom, "zero"))
    for k, bar in enumerate(ordered):
        y = top + row * (k + 0.5) + 3
        kind = bar.verdict if bar.verdict in ("better", "worse") else "even"
        told = f"{bar.name}: {points(bar.mean)}, {span(bar.low, bar.high)}, {bar.verdict}"
        body.append(_text(left - 12, y + 4, _cut(bar.name), "end", "ink", told))
        if not low - room <= bar.mean <= high + room:
            end = bar.mean > 0
            words = f"{points(bar.mean)} →" if end else f"← {points(bar.mean)}"
            body.append(_text(right if end else left, y + 4, words, "end" if end else "start", title=told))
            continue
        edges = max(left, x(bar.low)), min(right, x(bar.high))
        body.append(f'<g class="{kind}" stroke-width="2">{_line(edges[0], y, edges[1], y, "")}'
                    f'<circle cx="{x(bar.mean):.1f}" cy="{y:.1f}" r="5"><title>{escape(told)}</title></circle></g>')  # fmt: skip
    body.append(_text((left + right) / 2, bottom + 38, "difference of mean gaps in percentage points; left of 0: better", "middle"))
    return _svg(bottom + 46, "Paired differences to each baseline", body)


def heat(rows: Sequence[Row], columns: Sequence[tuple[str, str]]) -> str:
    """Gap of every row in every column, Viridis from none (light) to large (dark); columns are (name, group)."""
    known = sorted(v for row in rows for v in row.values.values() if v is not None)
    if not known or not columns:
        return ""
    high = max(known[int(0.9 * (len(known) - 1))], 1e-9)
    groups = list(dict.fromkeys(group for _, group in columns))
    left, right, top, row_height, space = 236.0, WIDTH - 10.0, 24.0, 24.0, 8.0
    wide = (right - left - space * (len(groups) - 1)) / len(columns)
    body, x, seen = [], left, ""
    starts: dict[str, float] = {}
    for k, (name, group) in enumerate(columns):
        if k and group != seen:
            x += space
        if group != seen:
            starts[group], seen = x, group
        for r, row in enumerate(rows):
            value = row.values.get(name)
            if value is None:
                continue
            shade = VIRIDIS[min(len(VIRIDIS) - 1, max(0, int(value / high * len(VIRIDIS))))]
            told = escape(f"{row.name} on {name}: {percent(value)}")
            body.append(f'<rect class="cell" x="{x:.1f}" y="{top + r * row_height:.1f}" width="{wide:.2f}" height="{row_height}" '
                        f'fill="{shade}"><title>{told}</title></rect>')  # fmt: skip
        x += wide
    counts = {group: sum(g == group for _, g in columns) for group in groups}
    for group, start in starts.items():
        fits = max(1, int(counts[group] * wide / 7))
        words = group if len(group) <= fits else f"{group[: max(1, fits - 1)]}…"
        body.append(_text(start, top - 8, words, title=group))
    for r, row in enumerate(rows):
        body.append(_text(left - 12, top + r * row_height + 16, _cut(row.name), "end", "ink", row.name))
    below = top + row_height * len(rows) + 12
    for k, shade in enumerate(VIRIDIS):
        body.append(f'<rect x="{left + 14 * k}" y="{below:.0f}" width="14" height="10" fill="{shade}"/>')
    body.append(_text(left + 14 * len(VIRIDIS) + 8, below + 9, f"gap 0 to {percent(high)} and more"))
    return _svg(below + 18, f"Gap of {len(rows)} programs on {len(columns)} instances", body)


def distribution(named: Sequence[tuple[str, Sequence[float], bool]]) -> str:
    """Share of instances within a gap: name, gaps, and whether it is the program (solid) or a baseline (dashed)."""
    everything = sorted(gap for _, gaps, _ in named for gap in gaps)
    if not everything:
        return ""
    own = [gap for _, gaps, program in named if program for gap in gaps]
    high = max([everything[int(0.9 * (len(everything) - 1))], *own, 1e-9])
    left, right, top, bottom = 66.0, WIDTH - 216.0, 10.0, 240.0
    x, y = _scale(min(0.0, everything[0]), high, left, right), _scale(0, 1, bottom, top)
    body = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        body += [_line(left, y(share), right, y(share), "grid"), _text(left - 8, y(share) + 4, f"{share:.0%}", "end")]
    body += [_text(x(tick), bottom + 18, _short(tick), "middle") for tick in ticks(min(0.0, everything[0]), high)]
    body.append(_text((left + right) / 2, bottom + 38, "gap within; share of instances", "middle"))
    ends = []
    for name, gaps, program in named:
        path = f"M{x(min(0.0, everything[0])):.1f} {y(0):.1f}"
        reached = 0.0
        for k, gap in enumerate(sorted(gaps)):
            if gap > high:
                break
            reached = (k + 1) / len(gaps)
            path += f"H{x(gap):.1f}V{y(reached):.1f}"
        ends.append(reached)
        kind = "own" if program else "rule"
        body.append(f'<path class="{kind}" d="{path}H{right:.1f}"><title>{escape(name)}</title></path>')
    for (name, _, program), place in zip(named, spread([y(end) for end in ends], 15), strict=True):
        body.append(_text(right + 8, place + 4, _cut(name), kind="ink" if program else "", title=name))
    return _svg(bottom + 46, "Share of instances within a gap", body)
