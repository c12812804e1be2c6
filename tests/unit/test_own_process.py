"""OR-Tools beside HiGHS: the call goes where it can work."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from evaluators.own_process import call_ortools


def test_without_the_clash_the_call_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "highspy", raising=False)
    assert call_ortools(os.getpid) == os.getpid()


def test_ortools_answers_after_pulp_was_imported() -> None:
    program = (
        "import os, pulp\n"
        "from evaluators.own_process import call_ortools\n"
        "from evaluators.kv_pressure import Cluster\n"
        "from evaluators.kv_pressure_exact import brute_force, least_pressure\n"
        "if __name__ == '__main__':\n"
        "    cluster = Cluster(2, 80, (20, 21, 22, 10, 12), (9, 8, 7, 9, 1), 5)\n"
        "    result = least_pressure(cluster)\n"
        "    assert (result.status, result.value) == ('optimal', brute_force(cluster)), result\n"
        "    first, second = (call_ortools(os.getpid) for _ in range(2))\n"
        "    assert first == second != os.getpid()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr[-500:]
