"""What every sandbox keeps to, isolated or not: answers, state, clocks, caps, and failures in one helpful line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import PolicyFailure, SandboxError
from workbench.model import Limits, Program, Status
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox
from workbench.sandbox import session as session_module

LIMITS = Limits(seconds=2.0, memory_mb=512)
SHORT = Limits(seconds=0.25, memory_mb=256)


@pytest.fixture(params=["full", "none"], scope="module")
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    found: Sandbox = request.getfixturevalue("full" if request.param == "full" else "plain")
    assert found.isolation == request.param
    return found


def ask(sandbox: Sandbox, source: str, *args: Any, limits: Limits = LIMITS) -> Any:
    with sandbox.open(Program(source, "solve"), limits) as session:
        return session(*args)


def fails(sandbox: Sandbox, source: str, *args: Any, limits: Limits = LIMITS) -> tuple[Status, str]:
    with pytest.raises(PolicyFailure) as caught, sandbox.open(Program(source, "solve"), limits) as session:
        session(*args)
    assert "\n" not in caught.value.message and caught.value.message.isprintable()
    return caught.value.status, caught.value.message


# --------------------------------------------------------------------------- answers

ANSWERS = [
    ("return x", {"a": [1, 2.5, "ü€", None, True], "b": {}}, {"a": [1, 2.5, "ü€", None, True], "b": {}}),
    ("return x, (1, (2,))", 0, [0, [1, [2]]]),
    ("return -x", 2**70, -(2**70)),
    ("return [0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308]", None, [0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308]),
    ("import numpy as np\n    return np.argsort(x)", [3, 1, 2], [1, 2, 0]),
    ("import numpy as np\n    return np.float32(0.5), np.int64(7), np.bool_(True), np.eye(2)", 0, [0.5, 7, True, [[1, 0], [0, 1]]]),
    ("return {'order': tuple(reversed(x))}", [1, 2], {"order": [2, 1]}),
    ("return '\\U0001f600\\u202e'", 0, "\U0001f600\u202e"),
]  # fmt: skip


@pytest.mark.parametrize("body, argument, expected", ANSWERS, ids=[b[0][:30] for b in ANSWERS])
def test_an_answer_arrives_as_plain_values(sandbox: Sandbox, body: str, argument: Any, expected: Any) -> None:
    answer = ask(sandbox, f"def solve(x):\n    {body}", argument)
    assert answer == expected
    assert repr(answer) == repr(expected) or body.startswith("import numpy")  # 1 and True and 1.0 are not the same


def test_large_arguments_and_answers_cross_in_full(sandbox: Sandbox) -> None:
    numbers = list(range(200_000))
    assert ask(sandbox, "def solve(x):\n    return x[::-1]", numbers) == numbers[::-1]


def test_printing_is_harmless(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    source = "import random\ndef solve(x):\n    print('noise' * 10**5)\n    print(x, file=random._os.sys.stderr)\n    return x"
    assert ask(sandbox, source, 1) == 1
    assert capfd.readouterr() == ("", "")


POLICY = """
class solve:
    def __init__(self, capacity):
        self.left = capacity
    def take(self, size):
        self.left -= size
        return self.left
"""


def test_a_class_keeps_its_state_until_it_begins_anew(sandbox: Sandbox) -> None:
    with sandbox.open(Program(POLICY, "solve"), LIMITS) as session:
        assert session.begin(10) is None
        assert [session.call("take", 3), session.call("take", 3)] == [7, 4]
        session.begin(100)
        assert session.call("take", 1) == 99


def test_a_method_before_begin_is_told(sandbox: Sandbox) -> None:
    with sandbox.open(Program(POLICY, "solve"), LIMITS) as session, pytest.raises(PolicyFailure, match="before `begin`"):
        session.call("take", 3)


def test_each_open_starts_from_nothing(sandbox: Sandbox) -> None:
    source = "import random, math\nseen = []\ndef solve(x):\n    seen.append(x)\n    math.tau = 0\n    return seen, random.random()"
    first, second = ask(sandbox, source, 1), ask(sandbox, source, 2)
    assert (first[0], second[0]) == ([1], [2])
    assert first[1] == second[1], "the global generators start from one known state"
    assert ask(sandbox, "import math\ndef solve():\n    return math.tau") > 6


def test_what_the_language_offers_works(sandbox: Sandbox) -> None:
    source = """
from __future__ import annotations
import collections.abc, decimal, enum, fractions, heapq, json, queue, re, statistics
from dataclasses import dataclass, field
from functools import lru_cache, singledispatch
from typing import NamedTuple
import numpy as np

@dataclass(order=True)
class Job:
    key: float
    tags: list[str] = field(default_factory=list)

class Pair(NamedTuple):
    a: int
    b: int

class Mode(enum.Enum):
    ON = 1

@singledispatch
def show(x): return "other"
@show.register
def _(x: int): return "int"

@lru_cache(None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)

def solve():
    np.log(np.array([0.0]))  # a warning goes nowhere
    waiting = queue.PriorityQueue()
    waiting.put((2, "b")); waiting.put((1, "a"))
    rng = np.random.default_rng(0)
    return [min(Job(2.0), Job(1.0)).key, Pair(1, 2), Mode.ON.value, show(3), fib(80), waiting.get()[1],
            float(np.linalg.norm([3, 4])), rng.permutation(3).shape[0], re.findall(r"\\N{DIGIT ONE}|b", "1b"),
            float(fractions.Fraction(1, 2)), str(decimal.Decimal("1.10")), "é".encode("latin-1").hex(),
            statistics.median([1, 3]), json.loads("[1]"), np.fft.fft([1, 1]).real, np.polynomial.Polynomial([1, 2])(2.0),
            isinstance([], collections.abc.Sequence), heapq.nsmallest(1, [3, 2])]
"""  # fmt: skip
    expected = [1.0, [1, 2], 1, "int", 23416728348467685, "a", 5.0, 3, ["1", "b"], 0.5, "1.10", "e9", 2, [1], [2, 0], 5, True, [2]]
    assert ask(sandbox, source) == expected


# --------------------------------------------------------------------------- failures

CRASHES = [
    ("def solve(x):\n    a = [1]\n    return a[x]", "IndexError: list index out of range (line 3: `return a[x]`)"),
    ("def helper(d):\n    return d['k']\ndef solve(x):\n    return helper({})", "KeyError: 'k' (line 2: `return d['k']`)"),
    ("def solve(a, b):\n    return a", "TypeError: solve() missing 1 required positional argument: 'b'"),
    ("def solve(x):\n    assert x == 1, 'x must be 1'", "AssertionError: x must be 1 (line 2: `assert x == 1, 'x must be 1'`)"),
    ("import numpy as np\ndef solve(x):\n    return np.ones(3) @ np.ones(4)", "(line 3: `return np.ones(3) @ np.ones(4)`)"),
    ("def solve(x:\n    pass", "SyntaxError: '(' was never closed (line 1: `def solve(x:`)"),
    ("y = 1 / 0", "ZeroDivisionError: division by zero (line 1: `y = 1 / 0`)"),
    ("import socket\ndef solve(x): pass", "ImportError: a program may not import 'socket'; allowed: __future__, abc,"),
    ("from . import x\ndef solve(x): pass", "ImportError: a program may not import '.'"),
    ("def solve(x):\n    return solve(x)", "RecursionError: maximum recursion depth exceeded"),
    ("def solve(x):\n    raise SystemExit(3)", "SystemExit: 3; a program must return its answer, not exit (line 2"),
    ("import random\ndef solve(x):\n    random._os._exit(3)", "the program exited with code 3"),
    ("import random\ndef solve(x):\n    random._os.abort()", "the program's process died with"),
    ("class E(Exception):\n    def __str__(self): raise E\ndef solve(x):\n    raise E", "E: message unavailable (line 4"),
    ("def solve(x):\n    raise ValueError('a\\n\\x1b[2Jb\\u202e' + 'c' * 10**6)", "ValueError: a [2Jb ccc"),
    ("def solve(x):\n    \r\n    return 1 / 0\r", "ZeroDivisionError: division by zero (line 3: `return 1 / 0`)"),
    ("x = 1\n\x00", "null bytes"),
    ("x = '\ud800'", "UnicodeEncodeError"),
]


@pytest.mark.parametrize("source, message", CRASHES, ids=[c[1][:40] for c in CRASHES])
def test_a_crash_names_the_error_and_the_line(sandbox: Sandbox, source: str, message: str) -> None:
    status, told = fails(sandbox, source, 5)
    assert status is Status.CRASH
    assert message in told and len(told) < 600


BREACHES = [
    ("return float('nan')", "NaN or infinity"),
    ("import numpy as np\n    return np.array([1.0, np.inf])", "NaN or infinity"),
    ("return {1: 2}", "the key 1; keys must be strings"),
    ("return {'a': [{None: 2}]}", "the key None"),
    ("return {1, 2}", "contains a set"),
    ("return solve", "contains a function"),
    ("return 1j", "contains a complex"),
    ("a = []\n    a.append(a)\n    return a", "contains itself"),
    ("a = []\n    for _ in range(70): a = [a]\n    return a", "nested too deeply"),
    ("a = []\n    for _ in range(10**5): a = [a]\n    return a", "nested too deeply"),
    ("return 10**400", "401 digits"),
    ("return 10**5000", "digits"),
    ("return '\\ud800'", "surrogate"),
    ("return 'x' * 5_000_000", "exceed 4,194,304 bytes"),
]


@pytest.mark.parametrize("body, message", BREACHES, ids=[b[1][:30] + b[0][:12] for b in BREACHES])
def test_an_answer_that_is_no_json_breaks_the_protocol(sandbox: Sandbox, body: str, message: str) -> None:
    status, told = fails(sandbox, f"def solve(x):\n    {body}", 5)
    assert (status, message in told) == (Status.PROTOCOL, True), told


def test_a_missing_entry_is_told(sandbox: Sandbox) -> None:
    assert fails(sandbox, "solve = 3") == (Status.PROTOCOL, "the program defines no function or class `solve`")


SLOW = {
    "busy": ("def solve(x):\n    while True: pass", "no answer within 0.25 s"),
    "asleep": ("import queue\ndef solve(x):\n    queue.time(); queue.threading.Event().wait(60)", "no answer within 0.25 s"),
    "in one C call": ("def solve(x):\n    return (10**10**7) ** 9", "no answer within 0.25 s"),
    "while loading": ("while True: pass", "the program's top-level code did not finish within 0.25 s"),
    "a slow pattern": ("import re\ndef solve(x):\n    re.match('(a+)+b', 'a' * 50)", "no answer within 0.25 s"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_deadline_is_kept(sandbox: Sandbox, name: str) -> None:
    source, message = SLOW[name]
    began = time.perf_counter()
    status, told = fails(sandbox, source, 0, limits=SHORT)
    assert (status, message in told) == (Status.TIMEOUT, True), told
    assert time.perf_counter() - began < 5


MEMORY = {
    "a list": ("def solve(x):\n    return [0] * 10**9", "MemoryError: the program needed more than 256 MiB (line 2: `return [0]"),
    "an array": ("import numpy as np\ndef solve(x):\n    return np.ones(10**9)", "256 MiB (line 3: `return np.ones(10**9)`)"),
    "bit by bit": ("def solve(x):\n    a = []\n    while True: a.append(bytes(10**6))", "256 MiB (line 3"),
    "while loading": ("a = bytearray(10**9)\ndef solve(x): pass", "256 MiB (line 1"),
}


@pytest.mark.parametrize("name", MEMORY)
def test_memory_is_capped(sandbox: Sandbox, name: str) -> None:
    source, message = MEMORY[name]
    status, told = fails(sandbox, source, 0, limits=Limits(2.0, 256))
    assert (status, message in told) == (Status.MEMORY, True), told


# --------------------------------------------------------------------------- clocks and caps over several calls

TICK = """
import queue
def solve(seconds):
    end = queue.time() + seconds
    while queue.time() < end: pass
    return "x" * 1000
"""


def test_the_clock_counts_the_program_alone_and_restarts_with_each_instance(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "PATIENCE", 1)  # it sleeps, and so has no CPU time
    monkeypatch.setattr(session_module, "_waited", lambda _: 0.0)  # nor is it given back what a busy machine takes
    with sandbox.open(Program(TICK, "solve"), Limits(seconds=0.6)) as session:
        assert session.seconds == 0, "loading has its own allowance"
        session(0.3)
        time.sleep(0.7)  # the simulator's time
        assert 0.3 <= session.seconds < 0.6
        session.next_instance()
        assert session.seconds == 0
        session(0.35)
        with pytest.raises(PolicyFailure, match=r"within 0\.6 s") as caught:
            session(0.35)
        assert caught.value.status is Status.TIMEOUT


def test_bytes_are_counted_over_one_instance(sandbox: Sandbox) -> None:
    with sandbox.open(Program(TICK, "solve"), Limits(reply_bytes=2500)) as session:
        for _ in range(3):
            session.next_instance()
            session(0)
            session(0)
        with pytest.raises(PolicyFailure, match="exceed 2,500 bytes"):
            session(0)


def test_a_program_that_raised_can_be_asked_again_and_one_that_was_killed_cannot(sandbox: Sandbox) -> None:
    source = "def solve(x):\n    while x > 1: pass\n    return 1 / x"
    with sandbox.open(Program(source, "solve"), SHORT) as session:
        with pytest.raises(PolicyFailure, match="ZeroDivisionError"):
            session(0)
        assert session(1) == 1
        for argument in (2, 1):
            with pytest.raises(PolicyFailure) as caught:
                session(argument)
            assert caught.value.status is Status.TIMEOUT


@pytest.mark.parametrize("wrong", [float("nan"), {1, 2}, b"x"], ids=repr)
def test_arguments_that_are_no_json_are_the_callers_mistake(sandbox: Sandbox, wrong: Any) -> None:
    with sandbox.open(Program("def solve(x):\n    return x", "solve"), LIMITS) as session:
        with pytest.raises((TypeError, ValueError)):
            session(wrong)
        assert session(1) == 1


def test_an_error_in_the_block_passes_through(sandbox: Sandbox) -> None:
    with pytest.raises(KeyError), sandbox.open(Program("def solve(x):\n    return x", "solve"), LIMITS):
        raise KeyError


def test_a_closed_sandbox_says_so(sandbox: Sandbox) -> None:
    other = open_sandbox(isolation=sandbox.isolation)
    other.close()
    other.close()
    with pytest.raises(SandboxError, match="closed"), other.open(Program("", "solve"), LIMITS):
        pass


def test_program_kept_from_its_cpu_gets_what_it_has_not_had(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program("def f(n):\n    total = 0\n    for k in range(n):\n        total += k\n    return total\n", "f")
    with sandbox.open(program, Limits(seconds=0.2)) as session:
        monkeypatch.setattr(session_module, "PATIENCE", 200)
        monkeypatch.setattr(session_module, "_cpu_seconds", lambda pid: 0.0)  # as if others had the machine meanwhile
        session.next_instance()
        assert session(12_000_000) > 0 and session.seconds > 0.2
        monkeypatch.setattr(session_module, "_cpu_seconds", lambda pid: 1e9)
        session.next_instance()
        with pytest.raises(PolicyFailure) as failed:
            session(12_000_000)
        assert failed.value.status is Status.TIMEOUT


HOG = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); print(flush=True)\nwhile True: pass"


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel does not count who stands in line")
def test_neighbours_on_its_cpu_do_not_cost_a_program_its_time() -> None:
    cpu = min(os.sched_getaffinity(0))
    program = Program("def f(n):\n    total = 0\n    for k in range(n):\n        total += k\n    return total\n", "f")
    with contextlib.closing(open_sandbox(allow_unsafe=True, cpu=cpu)) as own:
        with own.open(program, Limits(seconds=30.0)) as session:  # how much work half a second of this machine is
            session(1_000_000)
            used = session.usage()
        count = int(1_000_000 * 0.3 / max(0.001, used.cpu_seconds if used else 0.05))
        command = [sys.executable, "-c", HOG, str(cpu)]
        hogs = [subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) for _ in range(12)]
        try:
            for hog in hogs:
                assert hog.stdout
                hog.stdout.readline()
            with own.open(program, Limits(seconds=0.5)) as session:
                assert session(count) > 0
                assert session.seconds > 3 * 0.5, "the hogs were felt"
        finally:
            for hog in hogs:
                hog.kill()
                hog.communicate()
