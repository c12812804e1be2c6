"""GEPA's own optimizer and prompts as an engine."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

from workbench.engines.protocol import Desk, NoAnswer, Outcome, Start
from workbench.errors import UsageError
from workbench.values import scored

_NEEDS = (0, 1, 4)


class Gepa:
    """GEPA: reflection on a few train instances at a time, and a Pareto front over all of them, with its own defaults.

    It begins with the best initial program, or the best program of a resumed run. Written for `optimize_anything` of gepa 0.1.4.

    Parameters
    ----------
    minibatch
        Train instances that a prompt tells of; 0: GEPA's default, 3.
    merge
        Whether programs of the front are merged too.
    """

    concurrency = 1

    def __init__(self, *, minibatch: int = 0, merge: bool = False) -> None:
        if minibatch < 0:
            raise UsageError(f"engine gepa: minibatch must be at least 0, got {minibatch}")
        self.label = f"GEPA {_installed()}"
        self._minibatch, self._merge = minibatch, merge

    def run(self, start: Start, desk: Desk) -> None:
        """Run GEPA's optimizer."""
        gepa: Any = importlib.import_module("gepa.optimize_anything")
        best = max(start.programs, key=lambda known: known.outcome.score)
        judge = _Judge(start, desk)
        counted = scored(start.instances)
        examples = [k for k, name in enumerate(start.instances) if name in counted]
        config = gepa.GEPAConfig(
            engine=gepa.EngineConfig(seed=start.seed, parallel=False, raise_on_exception=True, use_cloudpickle=False),
            reflection=gepa.ReflectionConfig(reflection_lm=judge.ask, reflection_minibatch_size=self._minibatch or None),
            tracking=gepa.TrackingConfig(logger=_Quiet()),
            merge=gepa.MergeConfig() if self._merge else None,
            stop_callbacks=_never,
        )
        gepa.optimize_anything(
            seed_candidate=best.source,
            evaluator=judge.one if examples else judge.whole,
            dataset=examples or None,
            objective="Raise the mean score of the program below, which is Python source code. Higher is better.",
            background=start.task,
            config=config,
        )


class _Judge:
    """Scores programs for GEPA from outcomes on the whole train split, and remembers which program a question is about."""

    def __init__(self, start: Start, desk: Desk) -> None:
        self._start, self._desk = start, desk
        self._parent = ""

    def whole(self, candidate: str) -> tuple[float, dict[str, Any]]:
        """Score a program as a whole."""
        outcome = self._outcome(candidate)
        return outcome.score, _told(outcome)

    def one(self, candidate: str, example: int) -> tuple[float, dict[str, Any]]:
        """Score a program on a train instance."""
        outcome = self._outcome(candidate)
        score = outcome.scores[example] if outcome.valid else outcome.score
        return score, {"Instance class": self._start.instances[example], "Score": score, **_told(outcome)}

    def ask(self, prompt: str | list[dict[str, Any]]) -> str:
        """Ask the run's model until a call does not fail: GEPA has no word for one that does."""
        text = prompt if isinstance(prompt, str) else "\n\n".join(str(message["content"]) for message in prompt)
        while True:
            try:
                return self._desk.ask("", text, self._parent)
            except NoAnswer:
                continue

    def _outcome(self, candidate: str) -> Outcome:
        outcome = self._desk.evaluate(candidate)
        self._parent = candidate
        return outcome


class _Quiet:
    """A log that nobody reads."""

    def log(self, message: str) -> None:
        """Do nothing."""


def _never(state: object) -> bool:
    """Whether GEPA should stop: the run ends it."""
    return False


def _told(outcome: Outcome) -> dict[str, Any]:
    told = {"Failure": outcome.message, "Printed": outcome.printed}
    return {name: text for name, text in told.items() if text}


def _installed() -> str:
    try:
        version = importlib.metadata.version("gepa")
    except importlib.metadata.PackageNotFoundError as error:
        raise UsageError("engine gepa needs the package gepa: pip install 'evolve-workbench[gepa]'") from error
    if tuple(int(part) for part in version.split(".")[:3]) < _NEEDS:
        raise UsageError(f"engine gepa needs gepa 0.1.4 or newer, found {version}: pip install 'evolve-workbench[gepa]'")
    return version
