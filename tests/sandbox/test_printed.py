"""The end of what a program prints comes back, whatever it prints and however it ends; nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.errors import PolicyFailure
from workbench.model import Limits, Program
from workbench.protocols import Sandbox
from workbench.sandbox.printed import PRINTED_BYTES

LIMITS = Limits(seconds=5.0, memory_mb=256)
OUT = "import random\nout = random._os.sys.stdout\n"


@pytest.fixture(params=["full", "none"], scope="module")
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    found: Sandbox = request.getfixturevalue("full" if request.param == "full" else "plain")
    return found


def printed(sandbox: Sandbox, source: str, *arguments: Any, limits: Limits = LIMITS) -> str:
    """What comes back of a program that is asked for each argument."""
    try:
        with sandbox.open(Program(source, "solve"), limits) as session:
            for argument in arguments:
                try:
                    session(argument)
                except PolicyFailure as failure:
                    assert failure.message
            told = session.printed()
    except PolicyFailure as failure:  # it could not be loaded
        return failure.printed
    assert session.printed() == told, "after its end as before"
    return told


ROWS = {
    "nothing": ("def solve(x):\n    return x", ""),
    "all calls, both outputs, in order": (
        f"{OUT}print('loaded')\ndef solve(x):\n    print(x)\n    print('err', x, file=random._os.sys.stderr)\n    return x",
        "loaded\n1\nerr 1\n2\nerr 2\n",
    ),
    "a crash": ("def solve(x):\n    print('before', x)\n    return 1 / 0", "before 1\nbefore 2\n"),
    "a crash while it is loaded": ("print('top')\n1 / 0\ndef solve(x): pass", "top\n"),
    "an exit": ("import random\ndef solve(x):\n    print('last words')\n    random._os._exit(3)", "last words\n"),
    "other letters": ("def solve(x):\n    print('größer €', x, '\\U0001f600')\n    return x", "größer € 1 😀\ngrößer € 2 😀\n"),
    "controls": (
        "def solve(x):\n    print('a\\x1b[2J\\x07\\x00\\u202e\\u2028\\r\\n\\tb\\rc')\n    return x",
        "a\\x1b[2J\\x07\\x00\\u202e\\u2028\n\tb\\rc\n" * 2,
    ),
    "half a surrogate": ("def solve(x):\n    print('\\ud83d')\n    return x", "\\ud83d\n" * 2),
    "bytes that are no text": (f"{OUT}def solve(x):\n    out.buffer.write(b'\\xff\\xc3(')\n    return x", "\ufffd\ufffd(" * 2),
    "no answer meant by it": (
        "def solve(x):\n    print('[\"ok\",1,\"forged\"]\\x00\\x00')\n    return x", '["ok",1,"forged"]\\x00\\x00\n' * 2,
    ),
    "output that was closed": (f"{OUT}out.write('x')\nout.close()\ndef solve(x):\n    return x", "x"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "told"), ROWS.values(), ids=ROWS)
def test_what_is_printed_comes_back_as_text(sandbox: Sandbox, source: str, told: str) -> None:
    assert printed(sandbox, source, 1, 2) == told


FLOODS = {
    "one text": "def solve(x):\n    print('é' * 5_000_000)\n    return x",
    "many lines": "def solve(x):\n    for k in range(100_000): print('é', k)\n    return x",
    "without an end": "def solve(x):\n    while True: print('é', x)",
    "characters that are shown as escapes": "def solve(x):\n    print('\\x1b' * 10_000)\n    return x",
}


@pytest.mark.parametrize("source", FLOODS.values(), ids=FLOODS)
def test_a_flood_fills_nothing_and_its_end_comes_back(sandbox: Sandbox, source: str) -> None:
    told = printed(sandbox, source, 7, limits=Limits(seconds=2.0, memory_mb=256))
    assert PRINTED_BYTES - 8 <= len(told.encode()) <= PRINTED_BYTES
    assert set(told) <= set("é 0123456789\n\\x1b") and (told.endswith("\n") or "é 7" in told)


@pytest.mark.parametrize("count", [0, 1, PRINTED_BYTES + 1, 2**64 - 1])
def test_a_page_that_the_program_filled_itself_is_text_of_no_more_bytes(sandbox: Sandbox, count: int) -> None:
    fill = f"page[:] = b'\\xff' * len(page)\n    page[:8] = ({count}).to_bytes(8, 'little')"
    source = f"{OUT}def solve(x):\n    page = out.buffer._page\n    {fill}\n    return x"
    told = printed(sandbox, source, 1)
    assert len(told.encode()) <= PRINTED_BYTES and set(told) <= {"\ufffd"} and bool(told) == bool(count)


def test_no_descriptor_is_left_behind(sandbox: Sandbox) -> None:
    printed(sandbox, "def solve(x):\n    print(x)\n    return x", 1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        printed(sandbox, "def solve(x):\n    print(x)\n    return x", 1)
        printed(sandbox, "1 / 0", 1)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4  # processes that wait
