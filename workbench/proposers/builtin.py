"""Proposes children by AST mutation and crossover operators, without a model."""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from workbench.errors import Rejected
from workbench.model import Brief, Candidate, Program, Reply, Task
from workbench.plugins import keeps_its_options
from workbench.program import tunables
from workbench.program.evolving import open_program
from workbench.program.source import fingerprint, screen
from workbench.program.tunables import DECLARATION
from workbench.proposers.operators import expressions
from workbench.proposers.operators.crossover import cross
from workbench.proposers.operators.decisions import decide
from workbench.proposers.operators.kinds import key
from workbench.proposers.operators.places import Places, find_places
from workbench.proposers.operators.protect import protect, trusted
from workbench.proposers.operators.statements import rearrange

ATTEMPTS = 20
"""Tries to make a child that is new; the last child is returned even if it is not."""

COMFORTABLE_SIZE = 60
"""Nodes of the evolving part above which operators that shorten it are preferred to those that lengthen it."""

WEIGHTS = {
    "constant": 0.24,
    "arithmetic": 0.12,
    "feature": 0.22,
    "condition": 0.1,
    "crossover": 0.14,
    "statement": 0.06,
    "simplify": 0.12,
    "tunable": 0.06,
}
"""Probability of each family of operators, for a program of at most `COMFORTABLE_SIZE`."""

_DONORS_KEPT = 64
_GROWING = frozenset({"arithmetic", "feature", "condition", "crossover", "statement"})


@dataclass(slots=True)
class _Donor:
    """A second parent, whose code is copied and never changed."""

    places: Places
    trust: set[str]


@keeps_its_options
class Builtin:
    """AST mutation and crossover operators, without a model.

    Each child has 1 to 5 changes, most often one, inside the markers, or anywhere in a program without markers. All other
    text is preserved, except constants that the program declares as tunable. New code reads only names that are bound at
    that position, and new divisions, powers and exponentials are protected for all finite values; most children therefore run.

    New terms are built from the problem's features. Programs that the run already has are skipped if a new one can be found.

    Parameters
    ----------
    bold
        Scale of the number of changes and of step sizes; the default of 1 was tuned, 2 explores more.
    """

    label = "no LLM"
    concurrency = 1
    repairs = False
    uses_model = False
    ordered = True

    def __init__(self, bold: float = 1.0) -> None:
        self._bold = bold

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Read the features from which new terms are built."""
        self._brief, self._known = brief, known
        self._donors: dict[str, _Donor] = {}
        self._features = {k: meaning for name, meaning in brief.features.items() if (k := _kept(name)) is not None}

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Create one child of the task's parent; the same task and generator state give the same child.

        Raises
        ------
        ValueError
            The parent has no program.
        """
        parent = task.selection.parent
        if parent.program is None:
            raise ValueError(f"candidate {parent.number} has no program to mutate")
        unchanged = _mark(parent.program)
        reply = Reply("constant", program=parent.program, parents=(parent.number,))
        for attempt in range(ATTEMPTS):
            try:
                child = self._child(parent.program, task, rng, attempt)
                if child is None or child.program is None:
                    continue
                reply = child
                if _mark(child.program) != unchanged and not self._known(child.program):
                    break
            except Rejected:
                continue
        return reply

    def close(self) -> None:
        """Nothing to close."""

    def _child(self, parent: Program, task: Task, rng: random.Random, attempt: int) -> Reply | None:
        """Create a child in one try; None if no operator applies or a name would be unbound."""
        evolving = open_program(parent.source)
        places = find_places(evolving, self._features)
        loose, trust = set(places.loose), trusted(evolving.run)
        parents = [task.selection.parent.number]
        done: list[str] = []
        others = [c for c in task.selection.inspirations if c.program is not None and c.program.source != parent.source]
        donor = rng.choice(others) if others else None
        moved = 0
        for _ in range(self._changes(task.stagnation, attempt, rng)):
            operator = self._operator(places, donor is not None, DECLARATION in parent.source, rng)
            if operator == "tunable":
                moved += 1
                done.append(operator)
            elif self._apply(operator, places, donor, rng, trust):
                done.append(operator)
                if operator == "crossover" and donor is not None:
                    parents = [parents[0], donor.number]
                places = find_places(evolving, self._features, places.kinds)
        if not done or not evolving.run or not places.loose <= loose:
            return None
        program = parent
        if done.count("tunable") < len(done):
            protect(evolving.run, trust)
            program = Program(evolving.text(), parent.entry)
        for _ in range(moved):
            program = tunables.perturbed(program, rng, 0.15 * self._bold) or program
        idea = ", ".join(f"{n} x {name}" if n > 1 else name for name, n in Counter(done).items())
        program = screen(program.source, program.entry, self._brief.modules)
        return Reply(
            done[0],
            program=program,
            parents=tuple(parents),
            idea=f"{idea}, with {donor.number}" if len(parents) > 1 and donor else idea,
        )

    def _changes(self, stagnation: int, attempt: int, rng: random.Random) -> int:
        """1 to 5, geometrically distributed; more after long stagnation or failed tries."""
        more = min(0.7, self._bold * (0.3 + 0.2 * min(1.0, stagnation / 300)) + 0.02 * attempt)
        count = 1
        while count < 5 and rng.random() < more:
            count += 1
        return count

    def _operator(self, places: Places, paired: bool, declares: bool, rng: random.Random) -> str:
        excess = max(0.0, places.size / COMFORTABLE_SIZE - 1)
        weights = dict(WEIGHTS)
        if not paired:
            weights["crossover"] = 0.0
        if not declares:
            weights["tunable"] = 0.0
        # Bounded: an inherently large program should be improved, not dismantled.
        for operator in _GROWING:
            weights[operator] /= 1 + 2 * min(excess, 2.0)
        weights["simplify"] *= 1 + min(excess, 1.0)
        return rng.choices(list(weights), list(weights.values()))[0]

    def _apply(self, operator: str, places: Places, donor: Candidate | None, rng: random.Random, trust: set[str]) -> bool:
        if operator == "constant":
            return expressions.constant(places, rng, 0.35 * self._bold)
        if operator == "crossover":
            if donor is None or donor.program is None:
                return False
            given = self._given(donor.program.source)
            trust |= given.trust
            return cross(places, given.places, rng)
        act = {
            "arithmetic": expressions.arithmetic,
            "feature": expressions.insert,
            "condition": decide,
            "statement": rearrange,
            "simplify": expressions.simplify,
        }[operator]
        return act(places, rng)

    def _given(self, source: str) -> _Donor:
        if source not in self._donors:
            while len(self._donors) >= _DONORS_KEPT:
                del self._donors[next(iter(self._donors))]
            evolving = open_program(source)
            self._donors[source] = _Donor(find_places(evolving, self._features), trusted(evolving.run))
        return self._donors[source]


@lru_cache(maxsize=256)
def _mark(program: Program) -> str | None:
    try:
        return fingerprint(program)
    except Rejected:
        return None


def _kept(feature: str) -> str | None:
    """The key of a feature (see `kinds.key`); None where it is not a name."""
    try:
        return key(ast.parse(feature, mode="eval").body)
    except (SyntaxError, ValueError):
        return None
