"""The part of a prompt that says what was tried, what became of it, and how much of a difference is noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.formatting import GAP, Measure
from workbench.model import Limits, Status, Trial
from workbench.program.idea import shortened
from workbench.proposers.quoting import span

_MOST_MESSAGE_CHARS = 90
_MOST_CHARS = 1_300
_MOST_IDEA_CHARS = 90
_MOST_CLASSES = 2
_WORDS = {
    Status.INFEASIBLE: "breaks a rule",
    Status.CRASH: "crashes",
    Status.TIMEOUT: "takes too long",
    Status.MEMORY: "needs too much memory",
    Status.PROTOCOL: "its answer cannot be read",
    Status.REJECTED: "not a valid program",
    Status.FRAGILE: "fails the robustness filter",
    Status.BEHIND: "stopped early",
    Status.DUPLICATE: "not evaluated again",
}


def table(tried: Sequence[Trial], parent: int, limits: Limits, most: int = _MOST_CHARS, *, measure: Measure = GAP) -> str:
    """Return one line for each attempt, oldest first; empty if nothing was tried. Long tables lose their oldest lines.

    Parameters
    ----------
    parent
        The attempt that is to be improved.
    most
        Maximum number of characters.
    measure
        How results are shown.
    """
    lines, room = [], most
    for trial in reversed(tried):
        line = _line(trial, parent, measure)
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    if not lines:
        return ""
    longest = max((t.seconds.longest for t in tried if t.seconds), default=math.nan)
    about_time = "" if math.isnan(longest) or measure.note else f" The limit is {limits.seconds:g} s per instance."
    error = "" if measure.note else " \u00b1 standard error"
    head = f"Attempt, from which (*: the one to improve): idea -> {measure.word} (difference to that{error})."
    return f"{head}{about_time} Do not repeat these.\n\n" + "\n".join(reversed(lines))


def _line(trial: Trial, parent: int, measure: Measure) -> str:
    start = "*" if trial.parent == parent else "" if trial.parent is None else f"from {trial.parent}"
    head = " ".join(part for part in (f"#{trial.number}", start) if part)
    return f"- {head}: {span(shortened(trial.idea or trial.operator, _MOST_IDEA_CHARS))} -> {_outcome(trial, measure)}"


def _outcome(trial: Trial, measure: Measure) -> str:
    if trial.status is None:
        return "is being evaluated"
    if trial.operator == "tune" and trial.status is Status.REJECTED:
        return span(trial.message)  # a sentence of the run itself
    if trial.status is not Status.OK:
        words = _WORDS.get(trial.status, trial.status.value)
        return f"{words}: {span(shortened(trial.message, _MOST_MESSAGE_CHARS))}" if trial.message else words
    parts = [measure.value(trial.gap)]
    if measure.note:
        return f"{parts[0]} ({measure.difference(trial.effect.mean)})" if trial.effect else parts[0]
    if effect := trial.effect:
        error = f" \u00b1 {_points(effect.error)}" if math.isfinite(effect.error) else ""
        noise_ = ", within noise" if effect.within_noise and math.isfinite(effect.error) else ""
        parts.append(f"({_points(effect.mean, signed=True)}{error}{noise_})")
        parts += [f"better on {_names(effect.helped)}"] if effect.helped else []
        parts += [f"worse on {_names(effect.hurt)}"] if effect.hurt else []
    if trial.seconds:
        parts.append(f"{trial.seconds.median:.2g} s, longest {trial.seconds.longest:.2g} s")
    return " ".join(parts[:2]) + "".join(f"; {part}" for part in parts[2:]) if trial.effect else "; ".join(parts)


def _names(classes: Sequence[str]) -> str:
    more = len(classes) - _MOST_CLASSES
    return ", ".join(map(span, classes[:_MOST_CLASSES])) + (f" and {more} more" if more > 0 else "")


def _points(difference: float, *, signed: bool = False) -> str:
    size = abs(difference) * 100
    digits = 1 if size >= 10 else 2 if size >= 0.1 else 3
    return f"{difference * 100:{'+' if signed else ''}.{digits}f}"
