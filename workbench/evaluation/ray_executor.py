"""Evaluation on a Ray cluster: an actor for each CPU, with a warm worker of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ray
from ray.exceptions import RayError

from workbench.errors import SandboxError, WorkbenchError
from workbench.evaluation import remote
from workbench.evaluation.cluster import connect, free_cpus, living
from workbench.evaluation.handle import HANGS, START_SECONDS
from workbench.evaluation.jobs import Fault, Job, VerifierError, limit_of
from workbench.evaluation.parcel import pack
from workbench.formatting import counted
from workbench.model import Report
from workbench.problem.catalog import LoadedProblem
from workbench.sandbox import FULL, NONE, SECCOMP_ONLY

_TRIES = 2
"""How often an evaluation is begun at most: repeated once, on another node if there is one."""
_STARTS = 3
"""Deaths in a row while it starts after which an actor is not replaced any more."""
_GRACE_SECONDS = 10.0
"""How long a run waits at its start for one more worker: the cluster may lack CPUs, and workers that come later join it."""
_NOBODY_SECONDS = 300.0
"""How long evaluations wait for a worker once the last one is lost: nodes may come back."""
_TICK_SECONDS, _PING_SECONDS, _NEWS_SECONDS = 0.5, 5.0, 5.0
_LATE, _LATE_SECONDS, _KNOWN = 3.0, 10.0, 20
"""An evaluation is late once it takes so many times the longest of the last ones, and so many seconds, if that many are known."""
_WORSE = {FULL: 0, SECCOMP_ONLY: 1, NONE: 2}


@dataclass(eq=False, slots=True)
class _Hand:
    """One actor. `node` and `host` are empty until it is ready."""

    actor: Any
    deaths: int
    node: str = ""
    host: str = ""
    flight: _Flight | None = None
    began: float = 0.0


@dataclass(eq=False, slots=True)
class _Flight:
    """One evaluation that was asked for."""

    job: Job
    future: Future[Report]
    limit: float
    tries: int = 0
    hands: set[_Hand] = field(default_factory=set)
    avoid: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)


class RayExecutor:
    """Actors on a Ray cluster, one a CPU, each with a warm worker. Lost ones are replaced, and their evaluations repeated once.

    Parameters
    ----------
    workers
        Number of actors; 0: one for each CPU of the cluster that is free.
    allow_unsafe, isolation
        Passed to `open_sandbox` on each node.
    address
        As for `connect`.

    Raises
    ------
    UsageError
        There is no such cluster.
    ProblemError
        No other machine can load the problem.
    SandboxError
        No worker can start, or one cannot isolate programs as asked.
    """

    def __init__(
        self,
        loaded: LoadedProblem,
        workers: int = 0,
        *,
        allow_unsafe: bool = False,
        isolation: str | None = None,
        address: str | None = None,
    ) -> None:
        self._loaded = loaded
        parcel = pack(loaded)
        self._disconnects = connect(address, workers)
        self._content = ray.put(parcel.content)
        self._arguments = (parcel.digest, tuple(parcel.source[:3]), allow_unsafe, isolation)
        self._remote = _by_value()
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._waiting: deque[_Flight] = deque()
        self._again: list[_Flight] = []
        self._hands: set[_Hand] = set()
        self._idle: deque[_Hand] = deque()
        self._recent: deque[float] = deque(maxlen=100)
        self._gone: Counter[tuple[str, str]] = Counter()
        self._repeated = 0
        self._levels: set[str] = set()
        self.isolation, self.workers = "", 0
        self._here = remote.packages()
        self._opened: Future[None] = Future()
        self._alive: set[str] = set()
        self._began = self._joined = self._manned = self._asked = time.monotonic()
        self._closing = 0.0
        self._finished = False
        wanted = workers or free_cpus()
        self._thread = threading.Thread(target=self._serve, args=(wanted,), name="ray", daemon=True)
        self._thread.start()
        try:
            self._opened.result()
        except BaseException:
            self.close()
            raise

    def submit(self, job: Job) -> Future[Report]:
        """Queue a job. The future raises `VerifierError` or `SandboxError` for failures not caused by the candidate."""
        flight = _Flight(job, Future(), limit_of(job, self._loaded))
        if self._thread.is_alive():
            self._events.put(partial(self._queue, flight))
        else:
            flight.future.set_exception(SandboxError("the connection to the Ray cluster has ended"))
        return flight.future

    def news(self) -> list[str]:
        """Return what has happened to workers and nodes since the last call, a line each."""
        if self._gone and self._thread.is_alive():  # losses since the last call are summed up: a node may have many workers
            told = threading.Event()
            self._events.put(partial(self._tell, told))
            told.wait(_NEWS_SECONDS)
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._news.get_nowait())
        return found

    def close(self) -> None:
        """Cancel queued jobs, finish current ones, and end all actors; a cluster that was started here ends too."""
        if self._finished:
            return
        self._finished = True
        self._events.put(self._end)
        self._thread.join(timeout=90)
        if self._disconnects:
            ray.shutdown()

    def __enter__(self) -> RayExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ all below runs in one thread, which owns the state

    def _serve(self, wanted: int) -> None:
        try:
            for _ in range(wanted):
                self._hire()
            ticked = time.monotonic()
            while not self._closing or (self._flying() and time.monotonic() - self._closing < 60):
                with contextlib.suppress(queue.Empty):
                    self._events.get(timeout=_TICK_SECONDS)()
                if time.monotonic() - ticked >= _TICK_SECONDS:
                    self._tick()
                    ticked = time.monotonic()
        except BaseException as error:  # else whoever waits would wait for ever
            if not self._opened.done():
                self._opened.set_exception(error)
            for flight in self._flying() | {*self._waiting, *self._again}:
                self._settle(flight, SandboxError(f"evaluation on the Ray cluster failed: {type(error).__name__}: {error}"))
        finally:
            for hand in list(self._hands):
                self._dismiss(hand)

    def _hire(self, deaths: int = 0) -> None:
        """Start an actor; it stays pending until the cluster has a CPU for it."""
        hand = _Hand(self._remote.options(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD").remote(), deaths)
        self._hands.add(hand)
        self._follow(hand.actor.start.remote([self._content], *self._arguments), partial(self._started, hand))

    def _follow(self, reference: Any, then: Callable[[Future[Any]], None]) -> None:
        # Ray calls back in a thread of its own, in which nothing else may be asked of it.
        reference.future().add_done_callback(lambda done: self._events.put(partial(then, done)))

    def _started(self, hand: _Hand, future: Future[Any]) -> None:
        if hand not in self._hands:
            return
        try:
            node, host, packages, level = future.result()
        except Exception as error:
            self._dismiss(hand)
            if hand.deaths + 1 < _STARTS:
                self._hire(hand.deaths + 1)
            else:
                why = _line(getattr(error, "cause", None) or error)
                self._refuse(f"a worker on the Ray cluster failed {_STARTS} times to start: {why}")
            return
        if isinstance(level, Fault):
            self._dismiss(hand)
            self._refuse(f"node {host}: {level.message}")
            return
        if self._opened.done() and _WORSE[level] > max(_WORSE[known] for known in self._levels):
            self._dismiss(hand)
            self._say(f"node {host} is not used: its isolation is {level}, worse than what this run shows")
            return
        if packages != self._here:
            self._say(f"note: node {host} has {packages}, this machine {self._here}: scores may differ in the last digits")
        hand.node, hand.host, hand.deaths = node, host, 0
        self._joined = time.monotonic()
        self._levels.add(level)
        self._idle.append(hand)
        if not self._opened.done():
            self._see_whether_open(time.monotonic())
        self._dispatch()

    def _refuse(self, words: str) -> None:
        """A worker cannot be had: no run begins so, and one that is under way goes on with the others."""
        if self._opened.done():
            self._say(f"{words}; the run goes on without it")
        else:
            self._opened.set_exception(SandboxError(words))

    def _queue(self, flight: _Flight) -> None:
        if self._closing:
            flight.future.cancel()
            return
        self._waiting.append(flight)
        self._dispatch()

    def _dispatch(self) -> None:
        for flight in list(self._again):
            if (hand := self._elsewhere(flight)) is not None:
                self._again.remove(flight)
                self._give(flight, hand)
        while self._idle and self._waiting:
            flight = self._waiting.popleft()
            if flight.future.set_running_or_notify_cancel():
                self._give(flight, self._idle.popleft())

    def _elsewhere(self, flight: _Flight) -> _Hand | None:
        """Take an idle actor on another node than those where an evaluation was lost; on one of those if there are no others."""
        others = any(hand.node and hand.node not in flight.avoid for hand in self._hands)
        for hand in self._idle:
            if not others or hand.node not in flight.avoid:
                self._idle.remove(hand)
                return hand
        return None

    def _give(self, flight: _Flight, hand: _Hand) -> None:
        flight.tries += 1
        flight.hands.add(hand)
        hand.flight, hand.began = flight, time.monotonic()
        self._follow(hand.actor.run.remote(flight.job, flight.limit), partial(self._answered, hand, flight))

    def _answered(self, hand: _Hand, flight: _Flight, future: Future[Any]) -> None:
        try:
            answer = future.result()
        except RayError:
            answer = None
        except Exception as error:  # it cannot be read here
            answer = Fault(f"{self._loaded.slug}: the answer of node {hand.host} cannot be read: {_line(error)}", fatal=False)
        if hand not in self._hands:  # given up before it answered
            if isinstance(answer, Report):
                self._settle(flight, answer)
            return
        if answer is None or (isinstance(answer, Fault) and answer.fatal):
            self._lose(hand)
            return
        self._recent.append(time.monotonic() - hand.began)
        hand.flight = None
        flight.hands.discard(hand)
        self._idle.append(hand)
        self._settle(flight, VerifierError(answer.message) if isinstance(answer, Fault) else answer)
        self._dispatch()

    def _settle(self, flight: _Flight, answer: Report | WorkbenchError) -> None:
        if flight.future.done():  # a second copy
            return
        if flight in self._again:
            self._again.remove(flight)
        if isinstance(answer, Report):
            flight.future.set_result(answer)
        elif flight.future.running() or flight.future.set_running_or_notify_cancel():
            flight.future.set_exception(answer)

    def _lose(self, hand: _Hand) -> None:
        """Replace an actor, and repeat what it was doing unless it is done elsewhere, or has been lost twice."""
        self._dismiss(hand)
        self._gone[hand.node, hand.host] += 1
        flight = hand.flight
        if flight and not flight.future.done():
            flight.hands.discard(hand)
            flight.avoid.add(hand.node)
            flight.lost.append(hand.host)
            if not flight.hands and flight.tries < _TRIES:
                self._repeated += 1
                self._again.append(flight)
            elif not flight.hands:
                where = ", then on ".join(flight.lost)
                self._settle(flight, VerifierError(f"{self._loaded.slug}: the evaluation was lost with its worker on {where}"))
        if not self._closing:
            self._hire()
        self._dispatch()

    def _dismiss(self, hand: _Hand) -> None:
        self._hands.discard(hand)
        with contextlib.suppress(ValueError):
            self._idle.remove(hand)
        with contextlib.suppress(Exception):  # it may be dead, or the cluster gone
            ray.kill(hand.actor)

    def _flying(self) -> set[_Flight]:
        return {hand.flight for hand in self._hands if hand.flight and not hand.flight.future.done()}

    def _tick(self) -> None:
        now = time.monotonic()
        if not self._opened.done():
            self._see_whether_open(now)
        for hand in [h for h in self._hands if h.flight and now - h.began > HANGS * h.flight.limit + START_SECONDS]:
            self._lose(hand)  # its worker would have ended the evaluation by itself
        if now - self._asked > _PING_SECONDS:
            self._asked = now
            self._ping()
        self._help_late(now)
        if any(hand.node for hand in self._hands):
            self._manned = now
        elif self._opened.done() and (not self._hands or now - self._manned > _NOBODY_SECONDS):
            for flight in [*self._waiting, *self._again]:
                self._settle(flight, SandboxError("no worker of the Ray cluster is left, and none has come back: see `ray status`"))
            self._waiting.clear()

    def _see_whether_open(self, now: float) -> None:
        ready, waited = sum(bool(hand.node) for hand in self._hands), now - self._began
        if ready and (ready == len(self._hands) or now - self._joined > _GRACE_SECONDS):
            if missing := len(self._hands) - ready:
                self._say(f"{counted(missing, 'worker')} will join when the Ray cluster has a free CPU")
            self.isolation = max(self._levels, key=_WORSE.__getitem__)
            self.workers = ready
            nodes = len({hand.node for hand in self._hands if hand.node})
            self._say(f"Ray cluster: {counted(ready, 'worker')} on {counted(nodes, 'node')}, isolation {self.isolation}")
            self._opened.set_result(None)
        elif waited > START_SECONDS:
            cpus, free = (found.get("CPU", 0) for found in (ray.cluster_resources(), ray.available_resources()))
            self._opened.set_exception(
                SandboxError(
                    f"no worker has started within {waited:.0f} s: the Ray cluster has {cpus:g} CPUs, {free:g} of them free"
                )
            )

    def _help_late(self, now: float) -> None:
        """Give what takes far longer than other evaluations to an idle actor too; whichever answers first counts."""
        if self._waiting or self._again or not self._idle or len(self._recent) < _KNOWN:
            return
        late = max(_LATE_SECONDS, _LATE * max(self._recent))
        for hand in [h for h in self._hands if h.flight and now - h.began > late]:
            flight = hand.flight
            if flight and flight.tries < _TRIES and not flight.future.done() and self._idle:
                flight.avoid.add(hand.node)
                if (other := self._elsewhere(flight)) is not None:
                    self._say(
                        f"an evaluation on node {hand.host} takes {now - hand.began:.0f} s: a second copy runs on {other.host}"
                    )
                    self._give(flight, other)

    def _ping(self) -> None:
        """See whether idle actors live, which nothing else would tell before they are given an evaluation."""
        for hand in self._idle:
            self._follow(hand.actor.ping.remote(), partial(self._pinged, hand))

    def _pinged(self, hand: _Hand, future: Future[Any]) -> None:
        if future.exception() is not None and hand in self._hands:
            self._lose(hand)

    def _tell(self, told: threading.Event) -> None:
        with contextlib.suppress(Exception):
            self._alive = living()
        for (node, host), count in self._gone.items():
            with_it = "" if node in self._alive else " with their node" if count > 1 else " with its node"
            self._say(f"{counted(count, 'worker')} on {host} lost{with_it}")
        if self._repeated:
            self._say(f"{counted(self._repeated, 'evaluation')} repeated elsewhere")
        self._gone.clear()
        self._repeated = 0
        told.set()

    def _end(self) -> None:
        self._closing = time.monotonic()
        for flight in self._waiting:
            flight.future.cancel()
        self._waiting.clear()
        for flight in list(self._again):
            self._settle(flight, SandboxError("the run ended before the evaluation was repeated"))

    def _say(self, line: str) -> None:
        self._news.put(line)


def _by_value() -> Any:
    """Return the class of the actors, sent by value: a node need not have this project."""
    ray.cloudpickle.register_pickle_by_value(remote)
    return ray.remote(remote.Remote)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
