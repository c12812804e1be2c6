"""Formatting of numbers and messages, shared by the dashboard, reports, the command line and certificates."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from workbench.values import NOT_VERIFIED, is_unverified

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


def percent(gap: float | None) -> str:
    """Format a gap as a percentage with about three significant digits; a dash if there is none."""
    if gap is None or not math.isfinite(gap):
        return "–"
    size = abs(gap)
    return (
        f"{gap:.0%}" if size >= 10 else f"{gap:.1%}" if size >= 0.1 else f"{gap:.2%}" if size >= 0.01 or gap == 0 else f"{gap:.3%}"
    )


def counted(number: int, noun: str) -> str:
    """Format a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def points(difference: float | None) -> str:
    """Format a difference of gaps in percentage points, signed."""
    if difference is None or not math.isfinite(difference):
        return "–"
    size = abs(difference) * 100
    return f"{difference * 100:+.{1 if size >= 10 else 2 if size >= 0.1 else 3}f} pp".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Measure:
    """How results of a problem are shown: as gaps, or as scores of a foreign task, whose gap is the score with its sign turned.

    Attributes
    ----------
    word
        What a result is called: `gap` or `score`.
    note
        What is said beside it; empty for gaps.
    """

    word: str
    note: str = ""

    def number(self, gap: float) -> float:
        """Return the number that is shown, as a fraction."""
        return -gap if self.note else gap

    def value(self, gap: float | None) -> str:
        """Format a result; a dash if there is none."""
        if not self.note or gap is None or not math.isfinite(gap):
            return percent(gap)
        return f"{0.0 - gap:.6g}"

    def named(self, gap: float | None) -> str:
        """Format a result with what it is called: `gap 1.23%`."""
        return f"{self.word} {self.value(gap)}"

    def difference(self, difference: float | None) -> str:
        """Format a difference of results, signed: below 0 is better for gaps, above 0 for scores."""
        if not self.note or difference is None or not math.isfinite(difference):
            return points(difference)
        return f"{0.0 - difference:+.4g}".replace("-", "−")

    def with_error(self, difference: float | None, error: float | None) -> str:
        """Format a difference with its standard error, if that is known."""
        return self.difference(difference) if self.note else with_error(difference, error)


GAP, SCORE = Measure("gap"), Measure("score", NOT_VERIFIED)


def labelled(slug: str, data: Any) -> Any:
    """Return JSON data of a problem; in that of a foreign task every gap has its score beside it, and a note says what it is."""
    return {**_scored(data), "note": NOT_VERIFIED} if is_unverified(slug) and isinstance(data, dict) else data


def _scored(data: Any) -> Any:
    if isinstance(data, list | tuple):
        return [_scored(item) for item in data]
    if not isinstance(data, dict):
        return data
    found = {}
    for name, value in data.items():
        found[name] = _scored(value)
        if (name == "gap" or name.endswith("_gap")) and (value is None or isinstance(value, int | float)):
            found[f"{name.removesuffix('gap')}score"] = None if value is None or not math.isfinite(value) else 0.0 - value
    return found


def measure_of(slug: str) -> Measure:
    """Return how results of a problem are shown, by its ID."""
    return SCORE if is_unverified(slug) else GAP


def with_error(difference: float | None, error: float | None) -> str:
    """Format a difference of gaps in percentage points with its standard error: `−0.41 ± 0.22 pp`."""
    if difference is None or error is None or not math.isfinite(error):
        return points(difference)
    return f"{points(difference).removesuffix(' pp')} ± {points(error)[1:]}"


def span(low: float, high: float) -> str:
    """Format an interval of differences in percentage points."""
    return f"{points(low).removesuffix(' pp')} to {points(high)}"


def level(confidence: float) -> str:
    """Format a confidence level: `95%`, `99.4%`."""
    return f"{confidence * 100:.3g}%"


def dollars(cost: float | None, *, model: bool = True) -> str:
    """Format a cost in US dollars; an unknown cost is shown as unknown, not as zero."""
    if not model:
        return "no model"
    if cost is None:
        return "unknown"
    return f"${cost:,.0f}" if cost >= 1000 else f"${cost:.2f}" if cost >= 1 or cost == 0 else f"${cost:.4f}"


def tokens(number: int, estimated: int = 0) -> str:
    """Format a number of tokens; `estimated` is the number of calls whose tokens are estimates."""
    return f"about {number:,}" if estimated else f"{number:,}"


def duration(seconds: float) -> str:
    """Format a duration given in seconds, with a suitable unit."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"


def visible(text: str) -> str:
    """Replace characters that steer a terminal or reorder a line by their escapes: `\\x1b`, `\\u202e`; keep tabs and line ends.

    Programs, names and messages of candidates and models are shown as they are, but cannot move the cursor, set a
    window's title, or make a line read in another order than it runs (CVE-2021-42574).
    """
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def valid(text: str) -> str:
    """Replace halves of surrogate pairs, which are no characters and cannot be stored, by the replacement character."""
    try:
        text.encode()  # takes a tenth of the time of the next line, and nearly always suffices
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def last_line(printed: str | bytes) -> str:
    """Return the last line printed by a process, which usually contains the error; empty if it printed nothing."""
    text = printed.decode(errors="replace") if isinstance(printed, bytes) else printed
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
