"""Numbers and messages as people read them, the same on pages, in reports, on the command line and in certificates."""

from __future__ import annotations

import math


def percent(gap: float | None) -> str:
    """A gap with three figures that mean something; a dash where there is none."""
    if gap is None or not math.isfinite(gap):
        return "–"
    size = abs(gap)
    return (
        f"{gap:.0%}" if size >= 10 else f"{gap:.1%}" if size >= 0.1 else f"{gap:.2%}" if size >= 0.01 or gap == 0 else f"{gap:.3%}"
    )


def points(difference: float | None) -> str:
    """A difference of gaps in percentage points, signed."""
    if difference is None or not math.isfinite(difference):
        return "–"
    size = abs(difference) * 100
    return f"{difference * 100:+.{1 if size >= 10 else 2 if size >= 0.1 else 3}f} pp".replace("-", "−")


def span(low: float, high: float) -> str:
    """An interval of differences in percentage points."""
    return f"{points(low).removesuffix(' pp')} to {points(high)}"


def level(confidence: float) -> str:
    """A confidence level: `95%`, `99.4%`."""
    return f"{confidence * 100:.3g}%"


def dollars(cost: float | None, *, model: bool = True) -> str:
    """A cost; an unknown price is said, not taken for nothing."""
    if not model:
        return "no LLM"
    if cost is None:
        return "unknown"
    return f"${cost:,.0f}" if cost >= 1000 else f"${cost:.2f}" if cost >= 1 or cost == 0 else f"${cost:.4f}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"


def last_line(printed: str | bytes) -> str:
    """The last line that a process has printed, which is where an error stands; empty if it has printed nothing."""
    text = printed.decode(errors="replace") if isinstance(printed, bytes) else printed
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
