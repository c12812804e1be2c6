"""Finished work of other threads and processes, handled in the loop's thread."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias

from workbench.loop.attempt import Flight

Then: TypeAlias = Callable[[Flight, Future[Any]], None]


class Inbox:
    """Calls what follows a piece of work, in the thread that receives."""

    def __init__(self) -> None:
        self._finished: queue.SimpleQueue[tuple[Then, Flight, Future[Any]]] = queue.SimpleQueue()

    def track(self, future: Future[Any], flight: Flight, then: Then) -> None:
        """Have `then` called once a piece of work of an attempt is finished."""
        future.add_done_callback(lambda done: self._finished.put((then, flight, done)))

    def receive(self, timeout: float) -> None:
        """Handle finished work; wait at most `timeout` seconds for the first."""
        try:
            then, flight, future = self._finished.get(timeout=timeout)
            while True:
                then(flight, future)
                then, flight, future = self._finished.get_nowait()
        except queue.Empty:
            pass
