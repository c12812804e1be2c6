"""OR-Tools beside HiGHS: the call goes where it can work."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import pytest

from evaluators.own_process import call_ortools


def test_without_the_clash_the_call_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "highspy", raising=False)
    assert call_ortools(os.getpid) == os.getpid()


def test_where_highs_is_loaded_first_the_calls_go_to_one_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", ModuleType("highspy"))  # stands for the real one, which need not be installed
    monkeypatch.delitem(sys.modules, "ortools.sat.python.cp_model", raising=False)
    first, second = (call_ortools(os.getpid) for _ in range(2))
    assert first == second != os.getpid()


def test_ortools_answers_after_pulp_was_imported() -> None:
    program = (
        "import pulp\n"
        "from evaluators.prism.verifier import Cluster\n"
        "from evaluators.prism.exact import brute_force, least_pressure\n"
        "if __name__ == '__main__':\n"
        "    cluster = Cluster(2, 80, (20, 21, 22, 10, 12), (9, 8, 7, 9, 1), 5)\n"
        "    result = least_pressure(cluster)\n"
        "    assert (result.status, result.value) == ('optimal', brute_force(cluster)), result\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr[-500:]
