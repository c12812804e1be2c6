"""The check of a run's models, made while its workers start and its initial programs are evaluated."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from workbench.errors import UsageError
from workbench.loop.snapshot import Display
from workbench.model import Call, Report
from workbench.options import RunOptions
from workbench.protocols import Proposer
from workbench.store import Origin, Store

CHECK = "check"
"""Operator of calls that only check whether a model answers: they cost money but make no attempt."""


class Check:
    """Lets a proposer check its models in the background, so that a wrong key or an unknown price is found before the run starts.

    The client library alone takes seconds to start.
    """

    def __init__(self, proposer: Proposer, options: RunOptions) -> None:
        self._label = proposer.label
        self._calls: Future[Sequence[Call]] = Future()
        work = threading.Thread(target=self._work, args=(proposer, options), name="check", daemon=True)
        work.start()

    def _work(self, proposer: Proposer, options: RunOptions) -> None:
        try:
            check = getattr(proposer, "check", None)
            calls: Sequence[Call] = check() if check else ()
            refuse_unpriced(calls, options)
        except BaseException as error:
            self._calls.set_exception(error)
        else:
            self._calls.set_result(calls)

    def reports(self, futures: Sequence[Future[Report]]) -> list[Report]:
        """Wait for evaluations and return their reports; end at once if the check fails meanwhile."""
        while not all(future.done() for future in futures):
            everything: list[Future[Any]] = [self._calls, *futures]
            wait([future for future in everything if not future.done()], return_when=FIRST_COMPLETED)
            if self._calls.done():
                self._calls.result()
        return [future.result() for future in futures]

    def finish(self, display: Display) -> Sequence[Call]:
        """Wait for the calls that were made, and say so if they are not there yet.

        Raises
        ------
        UsageError, ModelError
            A model cannot be called, or a limit in dollars cannot be kept.
        """
        if not self._calls.done():
            display.line(f"waiting for {self._label} to answer")
        return self._calls.result()


def refuse_unpriced(calls: Sequence[Call], options: RunOptions) -> None:
    """Refuse a limit in dollars for a model whose price is unknown."""
    unpriced = next((call.model for call in calls if call.cost_usd is None and not call.error), None)
    if options.max_usd is not None and unpriced is not None:
        raise UsageError(
            f"--max-usd cannot be kept: what {unpriced} costs is unknown; give its price with --price IN/OUT, in dollars for a "
            "million tokens, or use --max-tokens"
        )


def keep(store: Store, run: str, calls: Sequence[Call]) -> None:
    """Record the calls of a check: they cost money."""
    for call in calls:
        store.add_call(run, -1, Origin(), CHECK, call)
