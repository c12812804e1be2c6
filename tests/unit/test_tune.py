"""Constants that a program declares: read without running, written exactly, tuned to an optimum that is known."""

import math

import pytest

from workbench.errors import UsageError
from workbench.loop.tune import declared, tune, with_constants
from workbench.model import Program
from workbench.program.source import parse

TEXT = '''"""Größe: two constants and a table."""
TUNABLE = {"alpha": (0.0, 2.0), "beta": (-5.0, 5.0)}
alpha = 0.5   # é before and after: 0.5
beta: float = -1.25


def f(x: float, alpha_like=0.5) -> float:
    alpha = 0.5
    return alpha * x + beta
'''


def program(text: str = TEXT) -> Program:
    return Program(text, "f")


def constants(candidate: Program) -> dict[str, float]:
    namespace: dict[str, float] = {}
    exec(candidate.source, namespace)
    return namespace


def bowl(candidate: Program) -> float:
    values = constants(candidate)
    return (values["alpha"] - 1.3) ** 2 + 0.1 * (values["beta"] - 2.0) ** 2 + 0.25


def test_bounds_are_read_from_the_text():
    assert declared(program()) == {"alpha": (0.0, 2.0), "beta": (-5.0, 5.0)}


@pytest.mark.parametrize(
    "table",
    [
        "dict(a=(0, 1))",
        "{'a': (1, 0)}",
        "{'a': (0, float('inf'))}",
        "{'a': (0, 1e999)}",
        "{'a': ('0', 1)}",
        "{'a': (True, 2)}",
        "{'a': (0, 1, 2)}",
        "{'a': 1}",
        "{'b': (0, 1)}",
        "{[]: 1}",
        "[1, 2]",
    ],
)
def test_a_faulty_declaration_declares_nothing(table):
    assert declared(program(f"a = 0.5\nTUNABLE = {table}\ndef f(): return a\n")) == {}


def test_a_table_inside_a_function_declares_nothing():
    assert declared(program("a = 0.5\ndef f():\n    TUNABLE = {'a': (0, 1)}\n    return a\n")) == {}


def test_one_faulty_entry_does_not_hide_the_others():
    assert declared(program("a = 1.5\nb = 2.0\nTUNABLE = {'a': (0, 3), 'b': None}\n")) == {"a": (0.0, 3.0)}


def test_bounds_are_integers_only_where_table_and_constant_are():
    found = declared(program("n = 3\nx = 0.5\nTUNABLE = {'n': (1, 9), 'x': (0, 1)}\n"))
    assert [type(v) for bounds in found.values() for v in bounds] == [int, int, float, float]


def test_only_the_literals_change():
    changed = with_constants(program(), {"beta": 3.0, "alpha": -0.125})
    assert changed.source == TEXT.replace("alpha = 0.5   #", "alpha = -0.125   #").replace("= -1.25", "= 3.0")
    assert changed.entry == "f"


def test_line_ends_that_only_str_knows_do_not_shift_the_literals():
    text = 'note = "a\x0cb\u2028c"\r\nalpha = 1\r\n'
    assert with_constants(program(text), {"alpha": 7}).source == text.replace("= 1", "= 7")


def test_the_last_assignment_counts():
    assert with_constants(program("a = 1.0\na = 2.0\n"), {"a": 3.0}).source == "a = 1.0\na = 3.0\n"


def test_constants_that_are_not_there_are_refused():
    with pytest.raises(UsageError, match="gamma"):
        with_constants(program(), {"gamma": 1.0})
    with pytest.raises(UsageError, match="finite"):
        with_constants(program(), {"alpha": math.nan})


def test_floats_reach_the_optimum():
    tuned = tune(program(), bowl, trials=150, seed=1)
    assert tuned.gap == pytest.approx(0.25, abs=1e-3)
    assert tuned.values["alpha"] == pytest.approx(1.3, abs=0.05)
    assert tuned.values["beta"] == pytest.approx(2.0, abs=0.1)
    assert bowl(tuned.program) == tuned.gap
    assert tuned.trials == 150


def test_integers_stay_integers_and_reach_the_optimum():
    text = "TUNABLE = {'n': (1, 20), 'x': (0.0, 1.0)}\nn = 2\nx = 0.9\ndef f(): return n + x\n"

    def gap(candidate: Program) -> float:
        values = constants(candidate)
        assert isinstance(values["n"], int)
        assert isinstance(values["x"], float)
        return abs(values["n"] - 13) + (values["x"] - 0.25) ** 2

    tuned = tune(program(text), gap, trials=80, seed=3)
    assert tuned.values["n"] == 13
    assert tuned.gap < 0.05


def test_one_constant_alone_is_tuned():
    text = "TUNABLE = {'a': (0.0, 10.0)}\na = 1.0\n"
    assert tune(program(text), lambda c: abs(constants(c)["a"] - 7), trials=60, seed=0).gap < 0.05


@pytest.mark.parametrize("text", [TEXT, "TUNABLE = {'alpha': (0, 20), 'beta': (0.0, 4.0)}\nalpha = 1\nbeta = 1.0\n"])
def test_the_seed_decides_everything(text):
    runs: list[list[str]] = []
    for seed in (5, 5, 6):
        tried: list[str] = []
        tune(program(text), lambda c, tried=tried: tried.append(c.source) or bowl(c), trials=25, seed=seed)
        runs.append(tried)
    assert runs[0] == runs[1] != runs[2]


def test_the_program_as_it_is_comes_first_and_wins_ties():
    tried: list[Program] = []
    tuned = tune(program(), lambda c: tried.append(c) or 1.0, trials=10, seed=0)
    assert tried[0] == tuned.program == program()
    assert tuned.values == {"alpha": 0.5, "beta": -1.25}


def test_values_outside_their_bounds_are_brought_inside():
    text = "TUNABLE = {'alpha': (0.0, 1.0), 'beta': (0.0, 4.0)}\nalpha = 9.0\nbeta = 1.0\n"
    tried: list[Program] = []
    tuned = tune(program(text), lambda c: tried.append(c) or bowl(c), trials=40, seed=0)
    assert constants(tried[1])["alpha"] == 1.0
    assert all(0 <= constants(c)["alpha"] <= 1 for c in tried[1:])
    assert tuned.values["alpha"] == pytest.approx(1.0, abs=0.05)


def test_failures_are_survived():
    def gap(candidate: Program) -> float:
        alpha = constants(candidate)["alpha"]
        return math.inf if alpha < 0.8 else math.nan if alpha > 1.9 else bowl(candidate)

    tuned = tune(program(), gap, trials=100, seed=2)  # the program itself fails
    assert tuned.gap == pytest.approx(0.25, abs=0.02)
    assert tune(program(), lambda c: math.inf, trials=8, seed=2) == tune(program(), lambda c: math.nan, trials=8, seed=2)
    assert tune(program(), lambda c: math.inf, trials=8, seed=2).program == program()


def test_stopping_ends_with_what_there_is():
    tried: list[float] = []
    tuned = tune(program(), lambda c: tried.append(bowl(c)) or tried[-1], trials=1000, seed=0, stop=lambda: len(tried) >= 12)
    assert len(tried) == tuned.trials == 12
    assert tuned.gap == min(tried)


def test_nothing_declared_means_one_evaluation():
    tuned = tune(program("x = 1\ndef f(): return x\n"), lambda c: 0.5, trials=100, seed=0)
    assert (tuned.gap, tuned.trials, tuned.values) == (0.5, 1, {})


def test_zero_trials_are_refused():
    with pytest.raises(UsageError, match="trial"):
        tune(program(), bowl, trials=0, seed=0)


def test_optuna_says_nothing_and_keeps_its_verbosity(capfd, recwarn):
    import optuna

    before = optuna.logging.get_verbosity()
    tune(program(), bowl, trials=5, seed=0)
    assert capfd.readouterr() == ("", "")
    assert not list(recwarn)
    assert optuna.logging.get_verbosity() == before


def test_a_tuned_program_still_parses():
    parse(tune(program(), bowl, trials=20, seed=4).program.source)


def test_constants_without_effect_are_named():
    text = TEXT.replace("5.0)}", '5.0), "gamma": (0.0, 1.0)}').replace("beta: float", "gamma = 0.5\nbeta: float")
    found = tune(program(text), bowl, trials=60, seed=1)
    assert found.idle == ("gamma",) and found.trials == 60
    assert (
        found.before == pytest.approx(bowl(program(text)))
        and found.gap < found.before
        and found.own["gamma"] == found.values["gamma"] == 0.5
    )
    assert tune(program(text), bowl, trials=8, seed=1).idle == (), "too few trials to judge"


def test_nothing_is_idle_where_nothing_was_better():
    found = tune(program(), lambda candidate: 1.0, trials=20, seed=0)
    assert found.idle == () and found.gap == found.before == 1.0
