"""Sensitivity to constants: every number of a program's text counts, none hides, and honest programs pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.toy import FUNCTION_SEED, SPT, WSPT, function_problem, program, with_key
from workbench.certificate import Check
from workbench.certification.constants import constants
from workbench.certification.verdict import silent
from workbench.evaluation.bench import Bench
from workbench.evaluation.evaluate import evaluate
from workbench.model import Split
from workbench.problem.catalog import LoadedProblem
from workbench.program.literals import Given, Literals, given_by
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox

# Without a number of its own, this is above the limit for 0.338, and below it for a tenth more or less.
CHAOS, LIMIT = "math.sin(math.exp({} * math.pi ** math.e))", "math.sin(math.pi / math.e)"
assert [eval(f"{CHAOS.format(c)} > {LIMIT}", {"math": math}) for c in (0.9 * 0.338, 0.338, 1.1 * 0.338)] == [False, True, False]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(allow_unsafe=True)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedProblem:
    return function_problem(tmp_path_factory.mktemp("toy") / "weighted_completion")


def judged(loaded: LoadedProblem, sandbox: Sandbox, source: str, budget: int | None = None) -> Check:
    subject = program(loaded, source)
    return constants(Bench(loaded, sandbox), subject, evaluate(loaded, subject, Split.VALIDATION, sandbox), silent, budget)


def lucky(number: str, before: str = "") -> str:
    """Smith's rule where the number is the lucky one, else the rule of the best baseline."""
    return with_key(f"p / w if {CHAOS.format(f'({number})')} > {LIMIT} else p", f"import math\n{before}\n")


DUMMIES = "\n".join(f"d{k} = {0.5 + k / 1000}" for k in range(200))
USED = "DUMMY = " + " + ".join(f"0 * d{k}" for k in range(90)) + "\n"
DISGUISES = {
    "plain": lucky("0.338"),
    "behind 200 numbers without effect": lucky("0.338", DUMMIES + "\n" + USED),
    "between numbers without effect": lucky("X", DUMMIES.replace("d7 =", "X = 0.338\nd7 =")),
    "in a table": lucky("T[57]", f"T = [{', '.join(str(round(0.5 + k / 1000, 3)) for k in range(57))}, 0.338, 0.9]"),
    "in a dict": lucky("T['k9']", "T = {" + ", ".join(f"'k{k}': {0.338 if k == 9 else k / 7}" for k in range(20)) + "}"),
    "a quotient": lucky("169 / 500"),
    "a sum": lucky("0.3 + 0.038"),
    "a fraction by functions": lucky("float('0.338')"),
    "the length of a text": lucky("len('" + "x" * 169 + "') / 500"),
    "digits of a text": lucky("int(S) / 1000", "S = '338'"),
    "a text with other numbers": lucky("float(S.split()[3])", "S = '0.7 0.11 0.99 0.338 0.4 12'"),
    "bytes": lucky("float(S)", "S = b'0.338'"),
    "an f-string": lucky("float(S)", "K = 'x'\nS = f'{len(K) - 1}.338'"),
    "letters of a long text": lucky("float('0.' + ''.join(str('abcdefghij'.index(c)) for c in S.strip()))", f"S = 'ddi{' ' * 40}'"),
    "a docstring": lucky("float(key.__doc__.split()[-1])").replace("Smaller goes first.", "Smaller goes first: 0.338"),
    "a default": lucky("f()", "def f(x=0.338):\n    return x\n"),
    "an annotation": lucky("f.__annotations__['x']", "def f(x: 0.338):\n    return x\n"),
    "outside of the block": lucky("C") + "\nC = 0.338\n",
    "a pattern": lucky("f(2)", "def f(x):\n    match x:\n        case 2:\n            return 0.338\n"),
    "three copies that vote": lucky("sorted([A, B, C])[1]", "A = 0.338\nB = 0.338\nC = 0.338"),
    "copies in other units": lucky("sorted([A, B / 10, C / 1000])[1]", "A = 0.338\nB = 3.38\nC = 338"),
    "an assertion of its value": lucky("C", "C = 0.338\nassert C == 0.338"),
    "a check that fails": lucky("C", "C = 0.338\nD = 1 / (abs(C - 0.338) < 1e-6)"),
    "parts of it": lucky("A + B", "A = 0.3\nB = 0.038"),
    "a comparison of two": with_key("p / w if w * 0 + 6.283 > 6.28 else p"),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_lucky_number_is_found_in_every_disguise(loaded: LoadedProblem, sandbox: Sandbox, disguise: str) -> None:
    found = judged(loaded, sandbox, DISGUISES[disguise])
    assert found.passed is False and "depends on" in found.line, (found.line, found.data["moves"])


HONEST = {
    "Smith's rule": WSPT,
    "a number that matters little": with_key("(p + 0.01) / w"),
    "a complement": with_key("p * (1 - 1 / (1 + w)) / w ** 2"),
    "a count, a parity, an index": with_key("[p / w, 0][0] if p % 2 == 0 or len('a') > 3 else (p, w)[0] / (p, w)[-1]"),
    "a table of weights": with_key(
        "p / W[min(w, 11)]", "W = [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9]\n"
    ),
    "names with digits": with_key("{'type7a': p, 'type7b': w}['type7a'] / w"),
    "a unit in two places": with_key("int(1000 * p) / w / float(1000)"),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_passes(loaded: LoadedProblem, sandbox: Sandbox, name: str) -> None:
    found = judged(loaded, sandbox, HONEST[name])
    assert found.passed, (found.line, found.data["moves"])


def test_it_names_the_number_that_the_lead_depends_on(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    line = judged(loaded, sandbox, DISGUISES["between numbers without effect"]).line
    assert "0.338 -> 0.3" in line and "`X = 0.338`" in line and "over spt" in line and "gap 0.00% -> " in line


def test_the_effort_grows_with_the_logarithm_of_the_count(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    few, many = (
        judged(loaded, sandbox, with_key("(p + 0.01) / w", "\n".join(f"d{k} = {k}.5" for k in range(count)) + "\n"))
        for count in (40, 1500)
    )
    assert few.passed and many.passed and many.data["constants"] == 1501
    assert many.data["instances"] < 3 * few.data["instances"]


def test_what_cannot_be_judged_within_the_budget_is_said_to_be_not_judged(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    found = judged(loaded, sandbox, DISGUISES["in a table"], budget=15)
    assert found.passed is None and "not judged" in found.line and found.data["instances"] <= 15
    assert judged(loaded, sandbox, with_key("p * 1.5")).passed is None, "without a lead there is none to lose"


def test_the_same_program_has_the_same_result(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = DISGUISES["parts of it"]
    assert judged(loaded, sandbox, source) == judged(loaded, sandbox, source)


@pytest.mark.parametrize(
    ("code", "found"),
    {
        "x = 0.5 * p ** 2 + table[3] - 1 + 0 * w + 40 // w + round(w, 2)": ["0.5", "40"],
        "x = 1 - q + (a + b) / 2 - p ** 0.5 + w[1:] + w[::-1]": [],
        "x = 7 / 9 + -3.5 + 2 ** 4 + float('1.5') * len('ab')": ["7 / 9 + -3.5 + 2 ** 4 + float('1.5') * len('ab')"],
        "x = math.sin(1e4 * 0.3) + 731 % 100 + 2.5 ** 7": ["10000.0 * 0.3", "731", "100", "2.5"],
        "x = a * 7 / 9": ["7", "9"],
        "x = len('four') * ord('I')": ["len('four') * ord('I')"],
        "len = f\nx = len('four')": [],
        "TUNABLE = {'a': (1.5, 7.5)}": [],
        "TUNABLE = {'a': (1.5, 7.5)}\nx = TUNABLE": ["1.5", "7.5"],
        "def f(x: 3.5):\n    '''Example: 12.'''": [],
        "def f(x: 3.5):\n    '''Example: 12.'''\ny = f.__doc__": ["12", "3.5"],
        "x = y == 3 or y == 31 or y > 1 or y is 2": ["31", "1"],
        "x = f'{y:.3f} {z * 2.5} of 4'": ["2.5", "4"],
        "x = s == 'v100' or d['v100'] or {'v100': 2.5}": ["2.5"],
        "x = np.diff(y, n=1, axis=1) + max(y, 2)": ["2"],
        "x = 1e300 + float('inf') + True": [],
    }.items(),
)
def test_which_numbers_count(code: str, found: list[str]) -> None:
    assert [n.written for n in Literals(code).numbers] == found


def test_numbers_of_the_problem_itself_do_not_count() -> None:
    seed = FUNCTION_SEED + "\n\ndef helper(x):\n    '''Half, as in 2026.'''\n    return 0.5 * x + 24\n"
    given = given_by([seed], ["A GPU has 1000 units."])
    changed = seed.replace("0.0  # in", "0.25 * p + 0.5 * w + 1000 + 24 + 77  # in")
    assert [n.written for n in Literals(changed, given).numbers] == ["0.25", "0.5", "77"]
    assert [n.written for n in Literals(changed.replace("0.5 * x", "0.75 * x"), given).numbers] == ["0.25", "0.5", "77", "0.75"]
    assert len(Literals(changed, Given()).numbers) > 3


def test_only_the_moved_numbers_change() -> None:
    source = "# a = 0.5\na = 0.5  # half\nb = 'x 12 é 3.5'; c = [7, -2]\n"
    found = Literals(source)
    moved = found.source({n: n.moved(1.1) for n in found.numbers})
    assert moved == "# a = 0.5\na = 0.55  # half\nb = 'x 13 é 3.85'; c = [8, (-2.2)]\n"


def test_a_lead_that_goes_within_chance_is_no_fault(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    barely = with_key("p / w if p * 7 % 64 > 61.5 else p")  # better on few pairs of jobs
    found = judged(loaded, sandbox, barely)
    assert found.passed is not False or found.data["gap"] == 0, found.line


def test_the_lead_that_counts_is_that_over_the_best_baseline_of_validation(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    alone = LoadedProblem(loaded.folder, replace(loaded.problem, baselines=loaded.problem.baselines[1:]))
    assert judged(alone, sandbox, SPT).passed and judged(loaded, sandbox, SPT.replace("return p", "return p * 1.5")).passed is None
