"""The file of a program for a foreign task: the program as it is, below comments that say what its scores are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.formatting import measure_of, visible
from workbench.model import Program
from workbench.problem.catalog import LoadedProblem
from workbench.values import NOT_VERIFIED


def foreign_file(loaded: LoadedProblem, program: Program, gaps: Mapping[str, float]) -> str:
    """Return the text of the file.

    Parameters
    ----------
    gaps
        By split, as the run has them; empty if nobody measured the program.
    """
    measure = measure_of(loaded.slug)
    scores = ", ".join(f"{measure.value(gap)} ({split})" for split, gap in gaps.items()) or "not measured"
    lines = [
        f"A program for the task {loaded.slug} (version {loaded.version}), exported by evolve.",
        f"Score: {scores}; higher is better.",
        f"{NOT_VERIFIED.capitalize()}: the task's own evaluator gave them.",
    ]
    head = "".join(f"# {' '.join(visible(line).split())}\n" for line in lines)
    kept = re.match(r"(?:#!.*\n)?(?:#.*coding[:=].*\n)?", program.source)  # only the first two lines can say these
    first = kept[0] if kept else ""
    return f"{first}{head}#\n{program.source[len(first) :]}"
