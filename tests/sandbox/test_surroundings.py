"""What a program can see of the place where it runs is what the host says, and nothing else."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from workbench.errors import PolicyFailure
from workbench.model import Limits, Program, Surroundings
from workbench.sandbox import open_sandbox, probe

pytestmark = pytest.mark.usefixtures("without_numpy")

LIMITS = Limits(seconds=5.0, memory_mb=256)
LEVELS = ["none", *([] if probe() == "none" else [probe()])]

SEES = """
'''told'''
import random
def deeper():
    try:
        return 1 + deeper()
    except RecursionError:
        return 1
class Here: pass
def solve():
    names = globals()
    return {
        "hash": hash("a") % 1000003, "name": __name__, "class": repr(Here), "file": names.get("__file__"),
        "spec": names["__spec__"] and [names["__spec__"].name, names["__spec__"].origin], "code": solve.__code__.co_filename,
        "drawn": random.random(), "depth": deeper(), "debug": __debug__, "doc": __doc__,
    }
"""


def look(isolation: str, **fields: Any) -> dict[str, Any]:
    """What the program finds."""
    opened = contextlib.closing(open_sandbox(isolation=isolation, surroundings=Surroundings(**fields)))
    with opened as sandbox, sandbox.open(Program(SEES, "solve"), LIMITS) as session:
        found: dict[str, Any] = session()
    return found


@pytest.mark.parametrize("isolation", LEVELS)
def test_a_program_finds_the_surroundings_that_were_asked_for(isolation: str) -> None:
    here, again = look(isolation), look(isolation)
    assert here == again
    assert (here["name"], here["file"], here["spec"], here["doc"]) == ("candidate", None, None, "told") and here["debug"]
    there = look(isolation, hash_seed=7, module="rule", file="/home/ada/rule.py", generators=3, depth=20, optimize=2)
    assert there["hash"] != here["hash"] and there["drawn"] != here["drawn"] and here["depth"] - there["depth"] == 20
    assert (there["name"], there["class"]) == ("rule", "<class 'rule.Here'>")
    assert there["file"] == there["code"] == "/home/ada/rule.py" and there["spec"] == ["rule", "/home/ada/rule.py"]
    assert not there["debug"] and there["doc"] is None
    script = look(isolation, module="__main__", file="/home/ada/rule.py")
    assert (script["name"], script["file"], script["spec"]) == ("__main__", "/home/ada/rule.py", None)


@pytest.mark.parametrize("isolation", LEVELS)
def test_the_faulty_line_is_named_wherever_it_runs(isolation: str) -> None:
    around = Surroundings(module="rule", file="/home/ada/rule.py")
    with contextlib.closing(open_sandbox(isolation=isolation, surroundings=around)) as sandbox:
        for source, words in (("def solve():\n    return 1 / 0", r"line 2: `return 1 / 0`"), ("x = (", "line 1")):
            with (
                pytest.raises(PolicyFailure, match=words),
                sandbox.open(Program(source, "solve"), LIMITS) as session,
            ):
                session()
