"""Numbers of a program moved in groups; a group that matters is halved until a single one is to blame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.analysis.compare import Standing, compare, of_report
from workbench.certification.trials import Trials, in_turn, lead, merged, on_instances_of, screen
from workbench.certification.verdict import Progress
from workbench.formatting import percent
from workbench.model import Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.program.literals import Literals, Number, Value

STEP = 0.1
"""By which share of itself a number is moved, up and down."""
_KEPT_AT_ONCE = 0.5
"""A group that keeps this share of the lead on the first instances is not evaluated on the others."""
_PROBED = 2
"""Instances on which numbers are found that have to stay as they are."""
_MOST_PROBED = 300
"""Numbers of which each may have to be found to have to stay; a program with more such numbers is not judged."""
_EQUAL = 1e-12


class Outcome(StrEnum):
    """What moving some numbers does: the lead stays, or goes, or goes within chance, or the program fails."""

    KEPT = "kept"
    LOST = "lost"
    WITHIN_CHANCE = "lost within chance"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Move:
    """Numbers that are moved by the same factor, up or down."""

    numbers: tuple[Number, ...]
    up: bool

    @property
    def factor(self) -> float:
        """What each is multiplied by."""
        return 1 + STEP if self.up else 1 - STEP


class Loss(Exception):
    """One move costs the program its lead: the move, the new values of its numbers, and the report with them."""

    def __init__(self, move: Move, values: Mapping[Number, Value], report: Report) -> None:
        super().__init__(move)
        self.move, self.values, self.report = move, values, report


class Analysis:
    """One sensitivity analysis of a program.

    Parameters
    ----------
    found
        Its numbers.
    own
        Its report on validation.
    rival
        Gaps of the baseline that it leads, by instance.
    trials
        What evaluates.
    """

    def __init__(
        self, loaded: LoadedProblem, program: Program, found: Literals, own: Report, rival: Mapping[str, float], trials: Trials
    ) -> None:
        self._program, self._found, self._own, self._rival, self._trials = program, found, own, rival, trials
        self._instances = in_turn(loaded.instances(Split.VALIDATION))
        self._settled: dict[frozenset[Move], Outcome] = {}
        self._whole = set[Number]()
        self.made: list[dict[str, Any]] = []

    @staticmethod
    def enough(numbers: int, instances: int) -> int:
        """Budget in instances: all combinations, halving several of them, and trying numbers one by one on a few instances."""
        doublings = (numbers - 1).bit_length()
        return 10 * (doublings + 1) * instances + 4 * _PROBED * min(numbers, _MOST_PROBED)

    def run(self, on_progress: Progress) -> int:
        """Move all numbers in every combination; returns how many there were.

        Raises
        ------
        Loss
            A single number, its copies, or a table hold the lead.
        BudgetSpent
            There are not enough instances in the budget.
        """
        numbers = self._found.numbers
        bundles: dict[str, list[Number]] = {}
        for number in numbers:
            bundles.setdefault(number.bundle, []).append(number)
        patterns = [[Move(tuple(bundle), up) for bundle in bundles.values()] for up in (True, False)]
        for bit in range((len(numbers) - 1).bit_length()):
            # Any two numbers differ in some bit of their places, and there they move in opposite directions, both ways.
            patterns += [[Move((n,), bool(k >> bit & 1) is up) for k, n in enumerate(numbers)] for up in (True, False)]
        for up in (True, False):
            self._probe([Move(tuple(bundle), up) for bundle in bundles.values()])
            self._probe([Move((number,), up) for number in numbers])
        for done, pattern in enumerate(patterns):
            on_progress("constants", done, len(patterns))
            self._settle(pattern)
        self._settle_failed()
        on_progress("constants", len(patterns), len(patterns))
        return len(patterns)

    def worst(self) -> str:
        """The worst gap with a single number moved, in words; empty if none was moved singly."""
        single = [m for m in self.made if m["outcome"] != Outcome.FAILED and "value" in m]
        if not single:
            return ""
        worst = max(single, key=lambda m: m["gap"])
        words = f"; the worst of one: {worst['value']} in `{worst['code']}` (line {worst['line']}): gap {percent(worst['gap'])}"
        return words + (", within chance" if worst["outcome"] == Outcome.WITHIN_CHANCE else "")

    # ----------------------------------------------------------------------- halving

    def _probe(self, moves: Sequence[Move]) -> None:
        """Find numbers that have to stay as they are, on few instances: each would make every combination fail."""
        moves = self._open(moves)
        if not moves or (report := self._evaluated(moves, _PROBED)).status is Status.OK:
            return
        if len(moves) > 1:
            for half in _halves(moves):
                self._probe(half)
        elif counts := {n for n in moves[0].numbers if n.counts and n not in self._whole}:
            self._whole |= counts
            self._probe(moves)
        else:
            self._keep(moves, Outcome.FAILED, report)

    def _settle(self, moves: Sequence[Move]) -> None:
        """Move numbers together; where that costs the lead, find out which of them does."""
        moves = self._open(moves)
        if not moves or frozenset(moves) in self._settled:
            return
        outcome, report = self._outcome(moves)
        self._keep(moves, outcome, report)
        if outcome in (Outcome.LOST, Outcome.FAILED) and len(moves) > 1:
            for half in _halves(moves):
                self._settle(half)
        elif outcome is Outcome.LOST:
            raise Loss(moves[0], self._values(moves), report)

    def _settle_failed(self) -> None:
        """Judge numbers with which the program fails when they are moved alone.

        A number that counts something, or is part of a name, may have to stay as it is, unless it and others like it can be
        moved together. One that measures something may not.
        """
        failed = [move for key, outcome in self._settled.items() if outcome is Outcome.FAILED and len(key) == 1 for move in key]
        for move in failed:
            measures = any(isinstance(n.value, float) or n.value is None for n in move.numbers)
            if measures and Move(move.numbers, not move.up) in failed:
                raise Loss(move, self._values([move]), self._evaluated([move], len(self._instances)))
        for up in (True, False):
            alone = [n for move in failed if move.up is up and len(move.numbers) == 1 for n in move.numbers if n.counts]
            if len(alone) < 2:
                continue
            moves = [Move(tuple(alone), up)]
            outcome, report = self._outcome(moves)
            self._keep(moves, outcome, report)
            if outcome is Outcome.LOST:
                raise Loss(moves[0], self._values(moves), report)

    def _open(self, moves: Sequence[Move]) -> list[Move]:
        """Moves that change something, and do not make the program fail by themselves."""
        return [
            m
            for m in moves
            if self._settled.get(frozenset({m})) is not Outcome.FAILED
            and any(n.moved(m.factor, whole=n in self._whole) is not None for n in m.numbers)
        ]

    # ----------------------------------------------------------------------- evaluating

    def _outcome(self, moves: Sequence[Move]) -> tuple[Outcome, Report]:
        """Try the first instances, then all: what keeps much of the lead there, or surely loses it, is not tried on the others."""
        first, every = screen(self._instances), len(self._instances)
        report = self._evaluated(moves, first)
        if report.status is Status.OK and first < every:
            now, before = lead(report, self._rival), lead(on_instances_of(report, self._own), self._rival)
            if now >= _KEPT_AT_ONCE * before > 0:
                return Outcome.KEPT, report
            if now <= 0 and len(moves) > 1 and self._is_surely_worse(report):
                return Outcome.LOST, report
            report = merged([report, self._evaluated(moves, every, first)])
        if report.status is not Status.OK:
            return Outcome.FAILED, report
        if lead(report, self._rival) > _EQUAL:
            return Outcome.KEPT, report
        return (Outcome.LOST if self._is_surely_worse(report) else Outcome.WITHIN_CHANCE), report

    def _evaluated(self, moves: Sequence[Move], until: int, since: int = 0) -> Report:
        changed = Program(self._found.source(self._values(moves)), self._program.entry)
        return self._trials.run(changed, Split.VALIDATION, self._instances[since:until])

    def _values(self, moves: Sequence[Move]) -> dict[Number, Value]:
        moved = {n: n.moved(move.factor, whole=n in self._whole) for move in moves for n in move.numbers}
        return {number: value for number, value in moved.items() if value is not None}

    def _is_surely_worse(self, report: Report) -> bool:
        """Whether the moved program is worse than the unchanged one.

        Not corrected for the number of moves: a true lead that is lost altogether is beyond chance already.
        """
        own = on_instances_of(report, self._own)
        return compare(of_report("moved", 0, report), of_report("program", 0, own)).verdict is Standing.WORSE

    def _keep(self, moves: Sequence[Move], outcome: Outcome, report: Report) -> None:
        """Note what came of a group."""
        self._settled[frozenset(moves)] = outcome
        made: dict[str, Any] = {
            "numbers": sum(len(m.numbers) for m in moves), "outcome": outcome.value, "status": report.status.value,
            "gap": report.gap, "instances": len(report.results),
        }  # fmt: skip
        if len(moves) == 1:
            one, values = moves[0].numbers[0], self._values(moves)
            made |= {
                "line": one.line, "code": one.code, "value": one.written, "factor": round(moves[0].factor, 2),
                "moved": values.get(one) if one.value is not None else None, "message": report.message,
            }  # fmt: skip
        self.made.append(made)


def _halves(moves: Sequence[Move]) -> tuple[Sequence[Move], Sequence[Move]]:
    middle = len(moves) // 2
    return moves[:middle], moves[middle:]
