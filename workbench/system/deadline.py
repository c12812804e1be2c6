"""Time limits on code that runs in this process."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_AGAIN = 1.0  # seconds after which code that has caught the first exception is interrupted once more


class Late(BaseException):
    """Raised in code whose time is over. Not an `Exception`, so that the handlers of that code let it pass."""


@contextmanager
def deadline(seconds: float, excused: Callable[[], float]) -> Iterator[None]:
    """Interrupt the enclosed code after a time.

    In the main thread it is interrupted even while it sleeps or waits; in another thread, only once it executes Python
    code again.

    Parameters
    ----------
    excused
        Returns the seconds since the start that do not count.

    Raises
    ------
    Late
        In the enclosed code.
    """
    began = time.monotonic()

    def left() -> float:
        return seconds + excused() - (time.monotonic() - began)

    if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM"):
        with _by_signal(seconds, left):
            yield
    else:
        with _by_thread(seconds, left):
            yield


@contextmanager
def _by_signal(seconds: float, left: Callable[[], float]) -> Iterator[None]:
    over = False

    def ring(number: int, frame: object) -> None:
        if over:
            return
        more = left()
        signal.setitimer(signal.ITIMER_REAL, more if more > 0 else _AGAIN)
        if more <= 0:
            raise Late

    handler, began = signal.signal(signal.SIGALRM, ring), time.monotonic()
    outer, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, outer - (time.monotonic() - began)), interval)


@contextmanager
def _by_thread(seconds: float, left: Callable[[], float]) -> Iterator[None]:
    ended, lock, thread = threading.Event(), threading.Lock(), ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def watch() -> None:
        wait = seconds
        while not ended.wait(wait):
            more = left()
            with lock:
                if more <= 0 and not ended.is_set():
                    interrupt(thread, ctypes.py_object(Late))
            wait = more if more > 0 else _AGAIN

    threading.Thread(target=watch, name="deadline", daemon=True).start()
    try:
        yield
    finally:
        with lock:
            ended.set()
            interrupt(thread, None)  # one that was sent but has not arrived
