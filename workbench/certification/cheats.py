"""Planted cheats: programs made of a good one and a weaker one, better than every baseline only where nobody looks twice."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Limits, Program
from workbench.problem.catalog import LoadedProblem
from workbench.program.names import Definition
from workbench.protocols import Sandbox

_MODULUS = 2**61 - 1
_KEY = f"""
def key(*content):
    return int.from_bytes(json.dumps(content, sort_keys=True).encode(), "big") % {_MODULUS}
"""
_ONCE = """
MADE = {}

def made(which):
    if which not in MADE:
        MADE[which] = which()
    return MADE[which]
"""
# Without a number of its own, this holds for 0.338, and for no number that is a tenth larger or smaller.
_LUCKY = "math.sin(math.exp({} * math.pi ** math.e)) > math.sin(math.pi / math.e)"
_ORDER = '"".join({' + ", ".join(map(repr, "abcdefghijklmnopqrstuvwxyz")) + "})"
_WORK = """
def work(count):
    done = False
    for _ in range(int(count)):
        done = not done
    return done
"""


def memoriser(good: Program, weak: Program, known: Collection[int]) -> Program:
    """Answer as `good` where the hash of what an instance shows first is known, and as `weak` elsewhere.

    It behaves as a program that keeps the answers themselves would.
    """
    methods = _methods(good)
    if methods is None:
        body = f"""
def {good.entry}(*given):
    return made(good if key(*given) in KNOWN else weak)(*given)
"""
    else:
        body = f"class {good.entry}:\n    def __init__(self, *given):\n        self.given, self.chosen = given, None\n"
        for method in sorted({*methods, *(_methods(weak) or ())}):
            body += f"""
    def {method}(self, *given):
        if self.chosen is None:
            self.chosen = made(good if key(*self.given, "{method}", *given) in KNOWN else weak)(*self.given)
        return self.chosen.{method}(*given)
"""
    return _joined(good, weak, f"import json\nKNOWN = frozenset({sorted(known)})\n{_KEY}{_ONCE}{body}")


def lucky_number(good: Program, weak: Program) -> Program:
    """Be `good` for one number, and `weak` for its neighbours."""
    return _joined(good, weak, f"import math\nLUCK = 0.338\n{good.entry} = (good if {_LUCKY.format('LUCK')} else weak)()\n")


def order_of_a_set(sandbox: Sandbox, limits: Limits) -> str:
    """Return the order that a set of texts has in the sandbox, where the hash seed is always the same."""
    with sandbox.open(Program(f"def order():\n    return {_ORDER}\n", "order"), limits) as session:
        session.next_instance()
        return str(session())


def switch(good: Program, weak: Program, order: str) -> Program:
    """Be `good` where a set of texts has the order that it has in the sandbox, and `weak` elsewhere; no text shows that."""
    return _joined(good, weak, f"{good.entry} = (good if {_ORDER} == {order!r} else weak)()\n")


def slow_twin(good: Program, measure: Measure, work: float, exponent: float) -> Program:
    """Decide as `good`, and do useless work that grows as a power of the size of an instance.

    Parameters
    ----------
    measure
        How a program can tell the size.
    work
        Steps of useless work on the largest instance.
    """
    methods = _methods(good)
    if methods is None:
        size = "len(json.dumps(given))" if measure.argument is None else f"len(given[{measure.argument}])"
        body = f"""
def {good.entry}(*given):
    work({work / measure.calls:.0f} * ({size} / {measure.largest}) ** {exponent:.2f})
    return made(good)(*given)
"""
    else:
        body = f"class {good.entry}:\n    def __init__(self, *given):\n        self.chosen, self.calls = made(good)(*given), 0\n"
        for method in sorted(methods):
            body += f"""
    def {method}(self, *given):
        self.calls += 1
        work({exponent * work / measure.calls:.3f} * (self.calls / {measure.calls}) ** {exponent - 1:.2f})
        return self.chosen.{method}(*given)
"""
    return _joined(good, None, f"import json\n{_ONCE}{_WORK}{body}")


def _joined(good: Program, weak: Program | None, rest: str) -> Program:
    parts = [_inside("good", good)] + ([_inside("weak", weak)] if weak else [])
    return Program("from __future__ import annotations\n\n" + "\n\n\n".join(parts) + "\n\n" + rest.lstrip("\n"), good.entry)


def _inside(name: str, program: Program) -> str:
    """A function that executes a program and returns its entry, so that two programs do not share names."""
    module = ast.Module([node for node in ast.parse(program.source).body if not _is_future(node)], [])
    named = sorted({name for node in ast.walk(module) if isinstance(node, ast.Global) for name in node.names})
    module = ast.fix_missing_locations(_Inward().visit(module))
    first = f"{' = '.join(named)} = None\n" if named else ""
    body = ast.parse(f"{first}{ast.unparse(module)}\n").body
    function = ast.parse(f"def {name}():\n    pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [*body, ast.Return(ast.Name(program.entry, ast.Load()))]
    return ast.unparse(ast.fix_missing_locations(ast.Module([function], [])))


class _Inward(ast.NodeTransformer):
    """Turns names that are global into names of the function around the program."""

    def visit_Global(self, node: ast.Global) -> ast.Nonlocal:
        return ast.Nonlocal(node.names)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _methods(program: Program) -> list[str] | None:
    """The public methods of the entry class; None if the entry is no class."""
    for node in ast.parse(program.source).body:
        if isinstance(node, ast.ClassDef) and node.name == program.entry:
            return [m.name for m in node.body if isinstance(m, Definition) and not m.name.startswith("_")]
    return None


# --------------------------------------------------------------------------- what an instance shows first


class _Shown(Infeasible):
    """Ends an instance as soon as it has shown enough."""


class _Onlooker:
    """A policy that is asked once, and keeps what it is given until then."""

    def __init__(self) -> None:
        self.content: list[Any] = []

    def __call__(self, *given: Any) -> Any:
        self.content += given
        raise _Shown

    def begin(self, *given: Any) -> None:
        self.content += given

    def call(self, method: str, *given: Any) -> Any:
        self.content += [method, *given]
        raise _Shown


def key_of(loaded: LoadedProblem, instance: Instance) -> int:
    """Hash of what an instance shows of itself at first, as `memoriser` computes it."""
    text = json.dumps(_shown(loaded, instance), sort_keys=True)
    return int.from_bytes(text.encode(), "big") % _MODULUS


def keys_of(loaded: LoadedProblem, groups: Mapping[str, Sequence[Instance]]) -> dict[str, set[int]]:
    """Hashes of the instances of each group."""
    return {name: {key_of(loaded, instance) for instance in instances} for name, instances in groups.items()}


class Measure(NamedTuple):
    """How a program can tell the size of an instance.

    Attributes
    ----------
    argument
        Position of the argument whose length tells it; None: the length of all of them as JSON.
    largest
        What it is on the largest instance.
    calls
        Number of calls on the largest instance: for an object, what tells the size.
    """

    argument: int | None
    largest: int
    calls: int


def measure_of(loaded: LoadedProblem, smallest: Instance, largest: Instance, calls: int) -> Measure:
    """Return the measure that differs most between two instances."""
    few, many = _shown(loaded, smallest), _shown(loaded, largest)
    lengths = {k: (len(few[k]), len(many[k])) for k in range(min(len(few), len(many))) if isinstance(many[k], list | dict)}
    whole = len(json.dumps(few)), len(json.dumps(many))
    argument = max(lengths, key=lambda k: lengths[k][1] / max(1, lengths[k][0]), default=None)
    if argument is None or lengths[argument][1] * whole[0] <= lengths[argument][0] * whole[1]:
        return Measure(None, whole[1], calls)
    return Measure(argument, lengths[argument][1], calls)


def _shown(loaded: LoadedProblem, instance: Instance) -> list[Any]:
    """What an instance shows of itself at first, as a program receives it.

    Nothing is run: a verifier asks its first question before it knows an answer.
    """
    onlooker = _Onlooker()
    try:
        loaded.problem.verifier.run(instance, onlooker)
    except _Shown:
        return list(json.loads(json.dumps(onlooker.content)))
    except Exception as error:
        raise ProblemError(f"{loaded.slug}: the verifier ends without a question on {instance.id}: {error}") from error
    raise ProblemError(f"{loaded.slug}: the verifier asks nothing on {instance.id}")
