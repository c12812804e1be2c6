"""A heuristic as a standalone Python module with provenance, measured gaps and a self-check."""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from workbench.certificate import Verdict
from workbench.errors import Infeasible, PolicyFailure, UsageError
from workbench.exporting.readable import entry_of, quoted, with_docstring
from workbench.formatting import percent
from workbench.model import Instance, Program, Split
from workbench.problem.catalog import LoadedProblem
from workbench.program.names import modules, of_module, read
from workbench.program.source import EXPORT_HEAD, EXPORT_TAIL, parse, split_block
from workbench.protocols import Policy, Sandbox

CALL = "__call__"
BEGIN = "__init__"
_CASE_BYTES = 4_000
"""A recorded episode is cut after the call with which it exceeds this."""
_CASES_BYTES = 20_000
"""No further case is recorded once all exceed this together: people read the module."""
_WIDTH = 100
_RESERVED = frozenset({"PROVENANCE", "MEASURED", "CASES", "_same", "_replay", "_recheck"})

Table = Mapping[str, Mapping[str, float]]
"""Mean gap by program and split, the exported program first."""


@dataclass(frozen=True, slots=True)
class Step:
    """A candidate of the lineage and the operator that made it."""

    candidate: int
    operator: str
    gap: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a heuristic comes from.

    Attributes
    ----------
    problem, version
        Slug and content hash of the problem.
    lineage
        From the seed to the exported candidate.
    models
        Names of the language models that wrote it; empty where none did.
    date
        ISO date of the export.
    verdict, reason
        Verdict of its certificate, and when and why; empty where there is none.
    licence
        One line for those who use the module in their own code.
    """

    problem: str
    version: str
    run: str
    candidate: int
    lineage: tuple[Step, ...]
    models: tuple[str, ...]
    date: str
    verdict: str = ""
    reason: str = ""
    licence: str = "derived from the problem's seed program, whose licence applies"


@dataclass(frozen=True, slots=True)
class Case:
    """The calls that a program got for one instance, and its answers.

    Attributes
    ----------
    calls
        Method (`__call__` for a function, `__init__` for a new object), arguments, answer.
    total
        Number of calls of the whole episode, of which `calls` may be only the first.
    objective
        Of the whole episode, as the verifier computed it.
    """

    instance: str
    family: str
    calls: tuple[tuple[str, Sequence[Any], Any], ...]
    total: int
    objective: float


def record_cases(loaded: LoadedProblem, program: Program, sandbox: Sandbox, count: int = 3) -> list[Case]:
    """Run a program on the smallest instances of train and validation, families in turn, and record its decisions.

    At most `count` instances; fewer, but at least one, where they are large.

    Raises
    ------
    UsageError
        When the program fails on one of them.
    """
    cases: list[Case] = []
    kept = 0
    for instance in _smallest(loaded, count):
        if kept > _CASES_BYTES:
            break
        try:
            with sandbox.open(program, loaded.problem.limits) as session:
                session.next_instance()
                recorder = _Recorder(session)
                objective = float(loaded.problem.verifier.run(instance, recorder).objective)
        except (PolicyFailure, Infeasible) as error:
            raise UsageError(f"the program cannot be exported: it fails on {instance.id}: {error}") from error
        kept += recorder.bytes
        cases.append(Case(instance.id, instance.family, tuple(recorder.calls), recorder.total, objective))
    return cases


def render(loaded: LoadedProblem, program: Program, provenance: Provenance, table: Table, cases: Sequence[Case]) -> str:
    """Write the module: a docstring, the program, and below it provenance, figures and the self-check.

    The program stays as it is, but for its own docstring, which becomes a part of the module's, and that of its entry,
    which gains the contract, problem, objective and reference.

    Raises
    ------
    UsageError
        When there is no case to check it by, or the program binds a name that the module needs for itself.
    """
    if not cases:
        raise UsageError("the self-test of an exported module needs at least one recorded case")
    problem = loaded.problem
    own, text = with_docstring(program, _entry_docstring(loaded, program, loaded.program(problem.seeds[0])))
    names = of_module(text)
    clash = sorted(names.bound & _RESERVED) if names else []
    if clash:
        raise UsageError(f"the program defines {', '.join(clash)}, which is reserved in exported modules; rename it")
    return (
        f"{quoted(_module_docstring(loaded, provenance, table, cases, own, text))}\n\n"
        f"{EXPORT_HEAD}\n{text}\n\n"
        f"{EXPORT_TAIL}\nPROVENANCE = {_literal(_provenance_data(provenance))}\n\n"
        "# Mean gap to the reference by program and split: 0 is the reference, lower is better.\n"
        f"MEASURED = {_literal({name: dict(row) for name, row in table.items()})}\n\n"
        "# Calls of the program on small instances, and its answers at the time of the export.\n"
        f"CASES = {_literal([asdict(case) for case in cases])}\n"
        f"{_SELF_CHECK.replace('SEEDING', _seeding(text)).replace('ENTRY', problem.entry)}"
    )


class _Recorder:
    """A policy that passes every call on and records it."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.bytes = 0
        self.calls: list[tuple[str, Sequence[Any], Any]] = []
        self.total = 0

    def __call__(self, *args: Any) -> Any:
        given = json.dumps(args)
        return self._keep(CALL, given, self._policy(*args))

    def begin(self, *args: Any) -> None:
        given = json.dumps(args)
        self._policy.begin(*args)
        self._keep(BEGIN, given, None)

    def call(self, method: str, *args: Any) -> Any:
        given = json.dumps(args)
        return self._keep(method, given, self._policy.call(method, *args))

    def _keep(self, method: str, given: str, answer: Any) -> Any:
        self.total += 1
        if self.bytes <= _CASE_BYTES:
            kept = json.dumps(answer)  # copies: the verifier may go on to change its own
            self.bytes += len(given) + len(kept)
            self.calls.append((method, json.loads(given), json.loads(kept)))
        return answer


def _smallest(loaded: LoadedProblem, count: int) -> list[Instance]:
    """The smallest instances, one of each family before a second one of any."""
    instances = [i for split in (Split.TRAIN, Split.VALIDATION) for i in loaded.instances(split)]
    ranks: dict[str, int] = {}
    ordered = []
    for size, instance in sorted(((len(json.dumps(dict(i.data))), i) for i in instances), key=lambda pair: pair[0]):
        ranks[instance.family] = ranks.get(instance.family, 0) + 1
        ordered.append((ranks[instance.family], size, instance))
    return [instance for _, _, instance in sorted(ordered, key=lambda o: o[:2])[:count]]


def _entry_docstring(loaded: LoadedProblem, program: Program, contract: Program) -> str:
    """The docstring of the program, what that of the initial program adds to it, then problem, objective and reference."""
    problem, own, agreed = loaded.problem, entry_of(program), entry_of(contract)
    words = []
    if not own.docstring or not all(name in own.docstring for name in own.parameters):
        words.append(agreed.docstring)
    words += [f"`{name}`: {text}" for name, text in agreed.methods.items() if not own.methods.get(name)]
    facts = (
        f"Problem: {problem.title} ({problem.slug}, version {loaded.version}). {problem.question}",
        f"Objective: {'minimised' if problem.sense == 'min' else 'maximised'}, in {problem.unit}.",
        f"Reference: {problem.bound}",
    )
    wrapped = (_fill(fact, _WIDTH - 8) for fact in facts)
    # A module that is exported again already has them.
    return "\n\n".join([own.docstring, *(w for w in dict.fromkeys((*words, *wrapped)) if w not in own.docstring)]).strip()


def _module_docstring(
    loaded: LoadedProblem, provenance: Provenance, table: Table, cases: Sequence[Case], own: str, text: str
) -> str:
    problem = loaded.problem
    written = ", ".join(provenance.models) if provenance.models else "AST mutation operators (no model)"
    line = provenance.lineage
    steps = f"; {len(line)} steps from gap {percent(line[0].gap)} to {percent(line[-1].gap)}" if len(line) > 1 else ""
    certificate = f"{Verdict(provenance.verdict).words} ({provenance.reason})" if provenance.verdict else "none"
    whose = f"Candidate {provenance.candidate} of run {provenance.run}" if line else f"From {provenance.run}"
    origin = (
        f"{whose}, written by: {written}{steps}. "
        f"Exported {provenance.date}. Certificate: {certificate}. Licence: {provenance.licence}."
    )
    evolved = "The EVOLVE-BLOCK comments enclose the part that the search was asked to change." if split_block(text) else ""
    main = any(isinstance(n, ast.If) and "__name__" in read([n.test]) for n in parse(text).body)
    cut = sum(len(case.calls) < case.total for case in cases)
    counted = f"{len(cases)} small instance{'s' if len(cases) > 1 else ''}"
    check = (
        f"`python {problem.slug.partition('/')[2]}.py` (this file) repeats the calls recorded on {counted} "
        f"and compares the answers{f'; of {cut} long episodes, the beginning' if cut else ''}."
        f"{' The program itself has a `__main__` part, which runs before that.' if main else ''}"
    )
    paragraphs = [
        f"{problem.title}: a heuristic for {problem.slug}.",
        _fill(f"{problem.question} Call `{problem.entry}`; its docstring describes arguments and result."),
        own,
        _fill(f"Mean gap to the reference ({problem.bound}); 0 is the reference, lower is better:"),
        textwrap.indent(_table(table), "    "),
        _fill(f"{origin} {evolved}".strip()),
        _fill(check),
    ]
    return "\n\n".join(p for p in paragraphs if p)


def _fill(words: str, width: int = _WIDTH) -> str:
    return textwrap.fill(words, width, break_on_hyphens=False, break_long_words=False)


def _table(table: Table) -> str:
    splits = list(dict.fromkeys(split for row in table.values() for split in row))
    width = max(map(len, ["program", *table]))
    lines = ["  ".join(["program".ljust(width), *(s.rjust(10) for s in splits)])]
    for name, row in table.items():
        lines.append("  ".join([name.ljust(width), *(percent(row.get(s)).rjust(10) for s in splits)]))
    return "\n".join(lines)


def _provenance_data(provenance: Provenance) -> dict[str, Any]:
    fields = asdict(replace(provenance, lineage=()))
    fields["lineage"] = [(s.candidate, s.operator, s.gap) for s in provenance.lineage]
    return fields | {"models": list(provenance.models) or "no LLM"}


def _literal(value: Any, indent: int = 0) -> str:
    """Python text of plain values: on one line where it fits, otherwise several short items on a line."""
    flat = _flat(value)
    if len(flat) + indent <= _WIDTH or not isinstance(value, dict | list | tuple):
        return flat
    pad, brackets = " " * (indent + 4), "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else "()"
    if isinstance(value, dict):
        items = [f"{_flat(key)}: {_literal(item, indent + 4)}," for key, item in value.items()]
    else:
        items = [f"{_literal(item, indent + 4)}," for item in value]
    lines = [""]
    for item in items:
        joined = f"{lines[-1]} {item}" if lines[-1] else item
        if indent and "\n" not in joined and len(pad) + len(joined) <= _WIDTH:
            lines[-1] = joined
        else:
            lines.append(item)
    inside = "\n".join(pad + line for line in lines if line)
    return f"{brackets[0]}\n{inside}\n{' ' * indent}{brackets[1]}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        items = ", ".join(map(_flat, value))
        return f"[{items}]" if isinstance(value, list) else f"({items}{',' if len(value) == 1 else ''})"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _seeding(source: str) -> str:
    """Lines that seed the global generators as the sandbox does."""
    imported = modules(parse(source))
    lines = ["import random", "random.seed(0)"] if "random" in imported else []
    if "numpy" in imported and "random" in source:
        lines += ["import numpy", "numpy.random.seed(0)"]
    return "".join(f"    {line}\n" for line in lines)


_SELF_CHECK = '''

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
    """Repeat the calls of a case; returns the first answer that differs from the recorded one, or nothing."""
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
    """Replay every case and say how many came out as recorded."""
    wrong = 0
    for case in CASES:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(CASES) - wrong} of {len(CASES)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
'''
"""Imports stand within the functions, so that they replace no name of the program."""
