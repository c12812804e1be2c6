"""Evaluation of one program on a set of instances: runs the verifier with a sandboxed policy."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence

from workbench.errors import Infeasible, PolicyFailure
from workbench.evaluation.racing import Race, race_order
from workbench.formatting import with_error
from workbench.model import Effect, Instance, InstanceResult, Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import family_gaps, mean_gap
from workbench.problem.measuring import measure
from workbench.problem.references import GapScale
from workbench.protocols import Sandbox, Session
from workbench.sandbox.printed import folded, last_bytes

NOT_RUN = "not run: an earlier instance failed"
"""Message of the instances that a program was not run on."""


def evaluate(
    loaded: LoadedProblem,
    program: Program,
    split: Split,
    sandbox: Sandbox,
    *,
    instances: Iterable[Instance] | None = None,
    fresh: bool = False,
    stop_on_failure: bool = False,
    scale: GapScale | None = None,
    rival: Sequence[float] | None = None,
    stop_equal: bool = False,
    prints: bool = False,
    on_result: Callable[[InstanceResult], None] | None = None,
) -> Report:
    """Evaluate a program on a split.

    Parameters
    ----------
    instances
        Subset of the split, in this order; default: the whole split.
    fresh
        Start a new process for every instance, so that no state of the program carries over.
    stop_on_failure
        After the first failure, give all further instances the penalty without running them: a failed program does not
        enter a population anyway.
    scale
        Gap scale to use instead of that of the split.
    rival
        Gaps of another program on the whole split, in its order. The evaluation ends with the status `behind` as soon as the
        program is clearly worse.
    stop_equal
        It also ends where the program is no different from the other one.
    prints
        Keep the end of what the program prints. On any other split than train nothing is kept: it could tell of instances.
    on_result
        Called with the result of every instance that was run.

    Raises
    ------
    ProblemFault
        The verifier is at fault, not the program.
    """
    began = time.perf_counter()
    scale = scale or loaded.references.scale(split)
    results: list[InstanceResult] = []
    failure: InstanceResult | None = None
    chosen = list(loaded.instances(split) if instances is None else instances)
    order = list(range(len(chosen))) if rival is None else race_order(chosen)
    race = None if rival is None else Race([chosen[k].family for k in order], [rival[k] for k in order], stop_equal=stop_equal)
    lost: Effect | None = None
    sessions = _Sessions(sandbox, loaded, program, fresh, prints and split is Split.TRAIN)
    with sessions:
        for instance in (chosen[k] for k in order):
            reference = scale.value[instance.id]
            if failure and stop_on_failure:
                result = InstanceResult(
                    instance.id, instance.family, failure.status, scale.penalty[instance.family], None, reference,
                    message=NOT_RUN,
                )  # fmt: skip
            else:
                result = _run(loaded, sessions, instance, reference, scale.penalty[instance.family], scale.gap)
                if result.status is not Status.OK and failure is None:
                    failure = result
                if on_result:
                    on_result(result)
            results.append(result)
            if race and not failure and (lost := race.lost(result.gap)):
                break
    results = [result for _, result in sorted(zip(order, results, strict=False), key=lambda pair: pair[0])]
    families = family_gaps(results)
    status, message = _outcome(failure, lost, f"after {len(results)} of {len(chosen)} instances")
    seconds = time.perf_counter() - began
    return Report(split, status, mean_gap(families), families, tuple(results), message, seconds, folded(sessions.printed))


def _outcome(failure: InstanceResult | None, lost: Effect | None, when: str) -> tuple[Status, str]:
    """Status of a report, and why it is not `ok`."""
    if failure:
        return failure.status, f"instance {failure.id}: {failure.message}"
    if lost is None:
        return Status.OK, ""
    if lost.mean:
        return Status.BEHIND, f"clearly worse than its parent {when}: {with_error(lost.mean, lost.error)}"
    return Status.BEHIND, f"no different from its parent {when}"


def _run(
    loaded: LoadedProblem,
    sessions: _Sessions,
    instance: Instance,
    reference: float,
    penalty: float,
    gap: Callable[[Instance, float], float],
) -> InstanceResult:
    began = time.perf_counter()
    try:
        session = sessions.ready()
        measurement = measure(loaded, instance, session)
    except (Infeasible, PolicyFailure) as error:
        if isinstance(error, PolicyFailure):
            sessions.drop()
        status = error.status if isinstance(error, PolicyFailure) else Status.INFEASIBLE
        return InstanceResult(
            instance.id,
            instance.family,
            status,
            penalty,
            None,
            reference,
            message=str(error),
            seconds=time.perf_counter() - began,
        )
    objective = float(measurement.objective)
    seconds = sessions.used()
    seconds = session.seconds if seconds is None else seconds
    return InstanceResult(
        instance.id,
        instance.family,
        Status.OK,
        gap(instance, objective),
        objective,
        reference,
        measurement.metrics,
        "",
        seconds,
    )


class _Sessions:
    """Manages the program's process: one for all instances, replaced after a failure; with `fresh`, a new one each time."""

    def __init__(self, sandbox: Sandbox, loaded: LoadedProblem, program: Program, fresh: bool, prints: bool) -> None:
        self._sandbox, self._program, self._limits = sandbox, program, loaded.problem.limits
        self._fresh, self._prints = fresh, prints
        self.printed = ""
        self._before: float | None = None
        self._stack = contextlib.ExitStack()
        self._session: Session | None = None

    def ready(self) -> Session:
        """Return a session with reset time and reply limits."""
        if self._fresh:
            self.drop()
        if self._session is None:
            try:
                self._session = self._stack.enter_context(self._sandbox.open(self._program, self._limits))
            except PolicyFailure as failure:
                self._keep(failure.printed)
                raise
        self._session.next_instance()
        self._before = self._session.cpu_seconds
        return self._session

    def used(self) -> float | None:
        """CPU time of the program since the last `ready`, which the load of the machine hardly changes; None if not known."""
        used = self._session.cpu_seconds if self._session else None
        return None if used is None or self._before is None else used - self._before

    def drop(self) -> None:
        """Kill the process; the next instance gets a new one."""
        session, self._session = self._session, None
        self._stack.close()
        if session and self._prints:
            self._keep(session.printed())

    def _keep(self, printed: str) -> None:
        if self._prints and printed:
            self.printed = last_bytes(self.printed + printed)

    def __enter__(self) -> _Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()
