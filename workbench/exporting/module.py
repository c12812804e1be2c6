"""A heuristic as a standalone Python module with provenance, measured gaps and a self-check."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workbench.certificate import Verdict
from workbench.errors import UsageError
from workbench.exporting.cases import Case, as_file
from workbench.exporting.entry import entry_of
from workbench.exporting.self_check import SUFFIX, needed, self_check
from workbench.formatting import percent, visible
from workbench.model import Program
from workbench.problem.catalog import LoadedProblem
from workbench.program.exported import unwrap, wrap
from workbench.program.names import of_module, read
from workbench.program.source import identity, parse, split_block

WIDTH = 100
_INLINE = 5_000
"""Maximum size in bytes of cases inside a module; larger ones go to a file beside it, because people read modules."""
_LINTERS = "# ruff: noqa\n# mypy: ignore-errors\n"
"""Comments for linters: the program is kept as the search found it, and was judged by its decisions alone."""
_LINE_END = re.compile(r"\r\n|\r|\n")

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
    date
        ISO date of the export.
    found_by
        Who or what found it.
    verdict, reason
        Verdict of its certificate, and when and why; empty where there is none.
    certificate
        SHA-256 of the certificate's evidence; empty where there is none.
    licence
        One line for those who use the module in their own code.
    """

    problem: str
    version: str
    run: str
    candidate: int
    lineage: tuple[Step, ...]
    date: str
    found_by: str
    verdict: str = ""
    reason: str = ""
    certificate: str = ""
    licence: str = "derived from the problem's seed program, whose licence applies"


@dataclass(frozen=True, slots=True)
class Module:
    """An exported module.

    Attributes
    ----------
    name
        Its file name.
    cases
        What its self-check repeats.
    sidecar
        Content of the file of cases beside it; None: it holds them itself.
    """

    name: str
    text: str
    cases: tuple[Case, ...]
    sidecar: str | None

    @property
    def bytes(self) -> bytes:
        """The file's content."""
        return self.text.encode()

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's content, in hexadecimal."""
        return hashlib.sha256(self.bytes).hexdigest()


def beside(name: str) -> str:
    """Return the name of the file of cases beside a module."""
    return Path(name).with_suffix(SUFFIX).name


def render(
    loaded: LoadedProblem, program: Program, provenance: Provenance, table: Table, cases: Sequence[Case], name: str
) -> Module:
    """Return the module: a description in comments; the program, byte for byte; provenance, figures and the self-check.

    Parameters
    ----------
    name
        Name of the file that it is for.

    Raises
    ------
    UsageError
        There is no case to check it by, or the program binds a name that the self-check needs.
    """
    if not cases:
        raise UsageError("the self-test of an exported module needs at least one recorded case")
    names = of_module(program.source)
    clash = sorted(names.bound & needed()) if names else []
    if clash:
        raise UsageError(f"the program defines {', '.join(clash)}, which the self-check of exported modules needs; rename it")
    held = _literal([case.to_json() for case in cases])
    sidecar = as_file(cases) if len(held) > _INLINE else None
    tail = (
        f"PROVENANCE = {_literal(_provenance_data(program, provenance))}\n\n"
        "# Mean gap to the reference by program and split: 0 is the reference, lower is better.\n"
        f"MEASURED = {_literal({name: dict(row) for name, row in table.items()})}\n\n"
        "# Calls of the program on small instances, and its answers at the time of the export"
        f"{'.' if sidecar is None else f', in {chr(10)}# {beside(name)}, whose SHA-256 is:'}\n"
        f"{f'CASES = {held}' + chr(10) if sidecar is None else ''}"
        f"{self_check(program.entry, program.source, sidecar)}"
    )
    head = _commented(_head(loaded, program, provenance, table, cases, name, sidecar is not None))
    text = wrap(f"{head}#\n{_LINTERS}", program.source, tail)
    assert unwrap(text) == unwrap(program.source), "what is taken back is the program"
    return Module(name, text, tuple(cases), sidecar)


def _head(
    loaded: LoadedProblem, program: Program, provenance: Provenance, table: Table, cases: Sequence[Case], name: str, apart: bool
) -> str:
    """Describe the module in paragraphs. The first line is fixed, because Python reads an encoding from the first two."""
    problem = loaded.problem
    sense = "minimised" if problem.sense == "min" else "maximised"
    paragraphs = [
        "A heuristic, exported by evolve as one module.",
        _fill(f"{name}: {problem.title} ({problem.slug}). {problem.question}"),
        f"Entry: `{program.entry}`.{_contract(loaded, program)}",
        _fill(f"Objective: {sense}, in {problem.unit}. Version of the problem: {loaded.version}."),
        _fill(f"Mean gap to the reference ({problem.bound}); 0 is the reference, lower is better:"),
        textwrap.indent(_table(table), "    "),
        *([] if next(iter(table.values()), {}) else ["This program was not measured: `evolve eval` measures it."]),
        *map(_fill, _origin(provenance)),
        _fill(_check(program, cases, name, apart)),
    ]
    return "\n\n".join(paragraphs)


def _origin(provenance: Provenance) -> list[str]:
    """Return finder, verdict, and where the program comes from, one paragraph each."""
    line = provenance.lineage
    steps = f"; {len(line)} steps from train gap {percent(line[0].gap)} to {percent(line[-1].gap)}" if len(line) > 1 else ""
    whose = f"candidate {provenance.candidate} of run {provenance.run}" if line else provenance.run
    verdict = f"{Verdict(provenance.verdict).words} ({provenance.reason})" if provenance.verdict else "none"
    return [
        f"Found by: {provenance.found_by} ({whose}{steps}).",
        f"Certificate: {verdict}.",
        f"Exported {provenance.date}. Licence: {provenance.licence}.",
    ]


def _check(program: Program, cases: Sequence[Case], name: str, apart: bool) -> str:
    """Describe how the module checks itself."""
    cut = sum(len(case.calls) < case.total for case in cases)
    counted = f"{len(cases)} small instance{'s' if len(cases) > 1 else ''}"
    check = (
        f"`python {shlex.quote(name)}` repeats the calls recorded on {counted}{f' in {beside(name)}' if apart else ''} "
        f"and compares the answers{f'; of {cut} long episodes, the beginning' if cut else ''}."
    )
    if any(isinstance(n, ast.If) and "__name__" in read([n.test]) for n in parse(program.source).body):
        check += " The program itself has a `__main__` part, which runs before that"
        stem = Path(name).stem
        check += f'; without it: `python -c "import {stem} as m; raise SystemExit(m._recheck())"`.' if stem.isidentifier() else "."
    if split_block(program.source):
        check += " The EVOLVE-BLOCK comments enclose the part that the search was asked to change."
    return check


def _contract(loaded: LoadedProblem, program: Program) -> str:
    """Return what the docstring of the first initial program says of the entry beyond the program's own."""
    own, agreed = entry_of(program), entry_of(loaded.program(loaded.problem.seeds[0]))
    words = []
    if not own.docstring or not all(name in own.docstring for name in own.parameters):
        words.append(agreed.docstring)
    words += [f"`{name}`: {text}" for name, text in agreed.methods.items() if not own.methods.get(name)]
    told = "\n\n".join(w for w in words if w and w not in own.docstring)
    if told:
        return f"\n\n{textwrap.indent(told, '    ')}"
    return " Its docstring says what goes in and what comes out." if own.docstring or own.methods else ""


def _commented(words: str) -> str:
    """Return comment lines that nothing in `words` can end: names, labels and reasons come from anywhere."""
    return "".join(f"{f'# {line}'.rstrip()}\n" for line in _LINE_END.split(visible(words)))


def _fill(words: str, width: int = WIDTH) -> str:
    return textwrap.fill(words, width, break_on_hyphens=False, break_long_words=False)


def _table(table: Table) -> str:
    splits = list(dict.fromkeys(split for row in table.values() for split in row))
    width = max(map(len, ["program", *table]))
    lines = ["  ".join(["program".ljust(width), *(s.rjust(10) for s in splits)])]
    for name, row in table.items():
        lines.append("  ".join([name.ljust(width), *(percent(row.get(s)).rjust(10) for s in splits)]))
    return "\n".join(lines)


def _provenance_data(program: Program, provenance: Provenance) -> dict[str, Any]:
    fields = {**asdict(replace(provenance, lineage=())), "program": identity(program)}
    fields["lineage"] = [(s.candidate, s.operator, s.gap) for s in provenance.lineage]
    return fields


def _literal(value: Any, indent: int = 0) -> str:
    """Python text of plain values: on one line where it fits, otherwise several short items on a line."""
    flat = _flat(value)
    if len(flat) + indent <= WIDTH or not isinstance(value, dict | list | tuple):
        return flat
    pad, brackets = " " * (indent + 4), "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else "()"
    if isinstance(value, dict):
        items = [f"{_flat(key)}: {_literal(item, indent + 4)}," for key, item in value.items()]
    else:
        items = [f"{_literal(item, indent + 4)}," for item in value]
    lines = [""]
    for item in items:
        joined = f"{lines[-1]} {item}" if lines[-1] else item
        if indent and "\n" not in joined and len(pad) + len(joined) <= WIDTH:
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
