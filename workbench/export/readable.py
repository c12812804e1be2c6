"""Program text for people: markers gone, imports in order, hints and docstring in place, every comment kept.

The tree says where things are; the text is what is edited. Unparsing the tree would lose comments and layout.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from workbench.model import Program
from workbench.program.source import BLOCK_END, BLOCK_START, parse

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Examples: TypeAlias = Mapping[str, Sequence[tuple[Sequence[Any], Any]]]
"""Recorded calls by method (`__call__` for a function): arguments and answer of each."""


@dataclass(frozen=True, slots=True)
class Module:
    """A program taken apart.

    Attributes
    ----------
    docstring
        The module's own; empty without.
    imports
        Lines, grouped and sorted, `from __future__` first; what is never used is left out.
    body
        Everything else.
    names
        What the body defines at its top level.
    """

    docstring: str
    imports: str
    body: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """Docstrings and parameters of the entry function, or of the entry class and its methods.

    Attributes
    ----------
    docstring
        Without its indentation; empty without.
    parameters
        Names of a function's parameters; empty for a class.
    methods
        Docstring by public method of a class, with its parameters: `decide(now)`.
    """

    docstring: str = ""
    parameters: tuple[str, ...] = ()
    methods: Mapping[str, str] = field(default_factory=dict)


def entry_of(program: Program) -> Entry:
    """Look at the entry of a program; a variable that holds a function tells nothing.

    Raises
    ------
    Rejected
        The source is no Python.
    """
    node = _entry(parse(program.source), program.entry)
    if node is None:
        return Entry()
    words = ast.get_docstring(node) or ""
    if isinstance(node, Function):
        return Entry(words, tuple(a.arg for a in _arguments(node)))
    public = [m for name, m in _methods(node).items() if not name.startswith("_")]
    signatures = {f"{m.name}({', '.join(a.arg for a in _arguments(m)[1:])})": ast.get_docstring(m) or "" for m in public}
    return Entry(words, (), signatures)


def take_apart(
    program: Program, docstring: str, *, contract: Program | None = None, examples: Examples | None = None, also: Iterable[str] = ()
) -> Module:
    """Make a program's text fit to be read and imported.

    Parameters
    ----------
    docstring
        Put in place of the entry's own.
    contract
        A program whose entry has the hints that this one may have lost.
    examples
        From which hints are inferred where the contract has none either.
    also
        Import lines that are needed besides the program's own.

    Raises
    ------
    Rejected
        The source is no Python.
    """
    source = re.sub(r"\r\n?", "\n", program.source).rstrip() + "\n"
    tree = parse(source)
    text = _Text(source)
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    lines = list(also)
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            lines += _import_lines(node, used)
            text.drop(node)
        elif _is_main_guard(node) or _exports(node):
            text.drop(node)
    own = ast.get_docstring(tree) or ""
    if own:
        text.drop(tree.body[0])
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        marker = token.type == tokenize.COMMENT and (BLOCK_START in token.string or BLOCK_END in token.string)
        if marker and token.line.lstrip().startswith("#"):
            text.drop_lines(token.start[0] - 1, token.start[0])
    entry = _entry(tree, program.entry)
    if entry is not None:
        known = _bound(tree.body) | set(dir(builtins)) | _imported("\n".join(lines))
        hinted = _hints(entry, contract, examples or {}, known, text)
        if "Any" in hinted and "Any" not in _bound(tree.body):
            lines.append("from typing import Any")
        text.put_docstring(entry, docstring)
    imports = _grouped(lines)
    body = re.sub(r"\n{4,}", "\n\n\n", text.result()).strip("\n") + "\n"
    return Module(own, imports, body, frozenset(_bound(tree.body)))


class _Text:
    """Source with pending edits; positions are those of the tree (lines from 1, columns in UTF-8 bytes)."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._edits: list[tuple[int, int, bytes]] = []

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def insert(self, offset: int, words: str) -> None:
        self._edits.append((offset, offset, words.encode()))

    def drop_lines(self, first: int, end: int) -> None:
        self._edits.append((self._starts[first], self._starts[end], b""))

    def drop(self, node: ast.stmt) -> None:
        """Take a statement out, with its line where it has that for itself."""
        begin, end = self.at(node.lineno, node.col_offset), self.at(node.end_lineno or node.lineno, node.end_col_offset or 0)
        rest = self._bytes[end : self._starts[node.end_lineno or node.lineno]]
        if re.fullmatch(rb"\s*(#.*)?\n?", rest) and not self._bytes[self._starts[node.lineno - 1] : begin].strip():
            self.drop_lines(node.lineno - 1, node.end_lineno or node.lineno)
        else:  # `import a; import b`: up to the semicolon
            self._edits.append((begin, end + len(re.match(rb"[ ]*;?[ ]*", rest)[0]), b""))  # type: ignore[index]

    def put_docstring(self, node: Function | ast.ClassDef, docstring: str) -> None:
        """Replace the docstring of a definition, or give it one."""
        first, *others = node.body
        line = min(n.lineno for n in (first, *getattr(first, "decorator_list", [])))
        margin = _margin(self._bytes[self._starts[line - 1] :])
        begin = self._starts[line - 1] + len(margin)
        if line == first.lineno and first.col_offset != len(margin):  # `def f(): return 0`
            margin, begin = b" " * (node.col_offset + 4), self.at(first.lineno, first.col_offset)
            self._edits.append((len(self._bytes[:begin].rstrip(b" ")), begin, b"\n" + margin))
        indent = margin.decode()
        words = quoted(docstring, indent)
        if ast.get_docstring(node, clean=False) is not None and all(n.lineno > (first.end_lineno or 0) for n in others):
            self._edits.append((begin, self.at(first.end_lineno or 0, first.end_col_offset or 0), words.encode()))
        else:
            self.insert(begin, f"{words}\n{indent}")

    def parameters_end(self, node: Function) -> int:
        """Offset after the `)` that closes the parameters."""
        begin = self.at(node.lineno, node.col_offset)
        lines = iter(self._bytes[begin:].decode().splitlines(keepends=True))
        depth = 0
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            depth += (token.string in {"(", "[", "{"}) - (token.string in {")", "]", "}"})
            if token.string == ")" and depth == 0:
                row, column = token.end
                text = self._bytes[begin:].decode().splitlines(keepends=True)
                return begin + len("".join([*text[: row - 1], text[row - 1][:column]]).encode())
        raise AssertionError("a function's parameters end")

    def result(self) -> str:
        parts, position = [], 0
        for begin, end, words in sorted(self._edits, key=lambda e: (e[0], e[1])):
            if begin >= position:  # an edit inside a dropped part is dropped with it
                parts += [self._bytes[position:begin], words]
                position = end
        return b"".join([*parts, self._bytes[position:]]).decode()


def by_kind(name: str) -> tuple[int, str]:
    """Order of names in imports and `__all__`: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def _margin(line: bytes) -> bytes:
    return line[: len(line) - len(line.lstrip(b" \t"))]


def quoted(words: str, indent: str = "") -> str:
    """A docstring literal; its first line is not indented."""
    text = words.strip().replace("\\", "\\\\").replace('"""', "'''")
    body = "\n".join(f"{indent}{line}".rstrip() for line in text.splitlines()).strip()
    if "\n" in body:
        return f'"""{body}\n{indent}"""'
    return f'"""{body}{" " if body.endswith(chr(34)) else ""}"""'


def _entry(tree: ast.Module, name: str) -> Function | ast.ClassDef | None:
    found = [n for n in tree.body if isinstance(n, Function | ast.ClassDef) and n.name == name]
    return found[-1] if found else None


def _arguments(node: Function) -> list[ast.arg]:
    a = node.args
    return [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]


def _methods(node: Function | ast.ClassDef) -> dict[str, Function]:
    if isinstance(node, Function):
        return {"__call__": node}
    return {n.name: n for n in node.body if isinstance(n, Function)}


def _hints(entry: Function | ast.ClassDef, contract: Program | None, examples: Examples, known: set[str], text: _Text) -> str:
    """Add the hints that the entry's functions lack, from the contract or from recorded calls; returns all that was added."""
    model = _entry(parse(contract.source), contract.entry) if contract else None
    others = _methods(model) if model is not None else {}
    added = []
    for name, function in _methods(entry).items():
        calls = examples.get(name, ())
        other = others.get(name)
        theirs = {a.arg: a.annotation for a in _arguments(other)} if other else {}
        bound = not isinstance(entry, Function) and not any(_is_name(d, "staticmethod") for d in function.decorator_list)
        positional = [*function.args.posonlyargs, *function.args.args][bound:]
        for index, argument in enumerate(positional):
            if argument.annotation is None:
                hint = _known_hint(theirs.get(argument.arg), known) or _inferred([args[index : index + 1] for args, _ in calls])
                if hint:
                    added.append(hint)
                    text.insert(text.at(argument.end_lineno or 0, argument.end_col_offset or 0), f": {hint}")
        if function.returns is None:
            answers = [[answer] for _, answer in calls]
            hint = "None" if name == "__init__" else _known_hint(other.returns if other else None, known) or _inferred(answers)
            if hint:
                added.append(hint)
                text.insert(text.parameters_end(function), f" -> {hint}")
    return " ".join(added)


def _known_hint(annotation: ast.expr | None, known: set[str]) -> str:
    """An annotation's text, where every name in it means something here."""
    if annotation is None or any(isinstance(n, ast.Name) and n.id not in known for n in ast.walk(annotation)):
        return ""
    return ast.unparse(annotation)


def _inferred(values: Sequence[Sequence[Any]]) -> str:
    """The narrowest hint for plain values; empty where none were seen. Each value comes alone in a sequence, or not at all."""
    seen = [v for some in values for v in some]
    if not seen:
        return ""
    optional = " | None" if None in seen else ""
    kinds = {type(v) for v in seen if v is not None}
    if not kinds:
        return "None"
    if kinds <= {int, float}:
        hint = "float" if float in kinds else "int"
    elif kinds == {list}:
        hint = f"list[{_inferred([[item] for v in seen if v for item in v]) or 'Any'}]"
    elif kinds == {dict}:
        hint = "dict[str, Any]"
    else:
        hint = next(iter(kinds)).__name__ if len(kinds) == 1 else "Any"
    return hint + (optional if hint != "Any" else "")


def _import_lines(node: ast.Import | ast.ImportFrom, used: set[str]) -> list[str]:
    """One line for each used name (`import a`) or all of a module's (`from a import b, c`)."""
    if isinstance(node, ast.Import):
        kept = [a for a in node.names if (a.asname or a.name.partition(".")[0]) in used]
        return [ast.unparse(ast.Import([a])) for a in kept]
    kept = [a for a in node.names if node.module == "__future__" or a.name == "*" or (a.asname or a.name) in used]
    return [ast.unparse(ast.ImportFrom(node.module, kept, node.level))] if kept else []


def _imported(lines: str) -> set[str]:
    """Names that import lines define."""
    nodes = [n for n in ast.parse(lines).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return {(a.asname or a.name).partition(".")[0] for n in nodes for a in n.names}


def _grouped(lines: Iterable[str]) -> str:
    """Import lines as people order them: future, standard library, others; `import` before `from` in each."""
    groups: tuple[list[str], list[str], list[str]] = [], [], []
    merged: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, _, names = line[5:].partition(" import ")
            merged.setdefault(module, set()).update(["*"] if names == "*" else names.split(", "))
    plain = {line for line in lines if line.startswith("import ")}
    ordered = sorted(plain)
    for module, members in sorted(merged.items()):
        renamed = {n for n in members if " as " in n or n == "*"}
        together = [", ".join(sorted(members - renamed, key=by_kind))] if members - renamed else []
        ordered += [f"from {module} import {some}" for some in (*together, *sorted(renamed))]
    for line in ordered:
        module = line.split()[1].partition(".")[0]
        groups[0 if module == "__future__" else 1 if module in sys.stdlib_module_names else 2].append(line)
    return "\n\n".join("\n".join(group) for group in groups if group)


def _bound(body: Iterable[ast.stmt]) -> set[str]:
    """Names that statements define at their own level."""
    names = set()
    for node in body:
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _exports(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(_is_name(t, "__all__") for t in node.targets)


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and _is_name(node.test.left, "__name__")
