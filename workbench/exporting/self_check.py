"""The part of an exported module that repeats recorded calls and compares the answers."""

from __future__ import annotations

import functools
import hashlib

from workbench.program.names import modules, of_module
from workbench.program.source import parse

REPLAY = "_replay"
"""Name of the function that repeats the calls of one case; it returns an empty text if all answers are as recorded."""
SUFFIX = ".cases.json"
"""Ending of the file of cases beside a module."""
_DATA = frozenset({"PROVENANCE", "MEASURED", "CASES", "CASES_SHA256"})


def self_check(entry: str, program: str, cases: str | None) -> str:
    """Return the functions that check a module, and the `__main__` part that calls them.

    Parameters
    ----------
    program
        The program's text.
    cases
        Content of the file of cases; None: the module holds them itself, as CASES.
    """
    if cases is None:
        kept = _HELD
    else:
        kept = _BESIDE.replace("SUFFIX", repr(SUFFIX).replace("'", '"')).replace("HASH", hashlib.sha256(cases.encode()).hexdigest())
    return kept + _CHECK.replace("SEEDING", _seeding(program)).replace("ENTRY", entry)


@functools.cache
def needed() -> frozenset[str]:
    """Return names that a program must not bind at its top level: those of the self-check, and built-ins that it uses."""
    names = of_module(_HELD + _BESIDE + _CHECK.replace("SEEDING", ""))
    assert names, "this text can be compiled"
    return _DATA | (names.read | names.bound) - {"ENTRY", "__name__", "__file__"}


def _seeding(program: str) -> str:
    """Return lines that seed the global generators as the sandbox does."""
    imported = modules(parse(program))
    lines = ["import random", "random.seed(0)"] if "random" in imported else []
    if "numpy" in imported and "random" in program:
        lines += ["import numpy", "numpy.random.seed(0)"]
    return "".join(f"    {line}\n" for line in lines)


_HELD = '''

def _cases():
    """Return the recorded calls, or None and why they are missing."""
    return CASES, ""
'''
_BESIDE = '''CASES_SHA256 = "HASH"


def _cases():
    """Return the recorded calls, or None and why they are missing."""
    import hashlib
    import json
    import pathlib

    path = pathlib.Path(__file__).with_suffix(SUFFIX)
    if not path.is_file():
        return None, f"the self-check needs {path.name}, which was exported beside this module"
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != CASES_SHA256:
        return None, f"{path.name} is not the file that was exported beside this module"
    return json.loads(content), ""
'''
_CHECK = '''

def _same(answer, expected):
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    import math

    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case):
    """Repeat the calls of a case; return the first answer that differs from the recorded one, or nothing."""
    import json

SEEDING    target = ENTRY
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = ENTRY(*given)
            continue
        answer = getattr(target, method)(*given)
        answer = json.loads(json.dumps(answer, default=lambda value: value.tolist()))
        if not _same(answer, expected):
            return f"call {number} ({method}) answered {answer!r:.200}, recorded was {expected!r:.200}"
    return ""


def _recheck():
    """Repeat all cases and print how many agree; return 0 if all do, 1 if not, 2 if they are missing."""
    cases, why = _cases()
    if cases is None:
        print(f"not checked: {why}")
        return 2
    wrong = 0
    for case in cases:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(cases) - wrong} of {len(cases)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
'''
"""Imports are inside the functions, so that they replace no name of the program."""
