"""Program text: screening before a run, EVOLVE-BLOCK markers, identity, and fingerprints of equivalent programs."""

from __future__ import annotations

import ast
import functools
import hashlib
import re
import unicodedata
import warnings
from collections.abc import Collection, Iterable
from types import CodeType
from typing import Any, NamedTuple

from workbench.errors import Rejected
from workbench.model import Program
from workbench.program.exported import unwrap

MAX_SOURCE_BYTES = 64_000
"""Maximum size of a source. Longer text is never parsed: 10 MB would take the parser half a minute."""

MAX_DEPTH = 200
"""Maximum depth of the syntax tree. Recursive visitors use two or three of Python's 1,000 frames per level."""
MAX_COMPILED_NODES = 500_000
"""Maximum size of the compiled program, in syntax-tree nodes. The compiler copies each `finally` to every exit of its `try`:
compiling one kilobyte of source with twenty nested `finally` blocks would exhaust the memory."""

MODULES = frozenset(
    "__future__ abc array bisect cmath collections copy dataclasses decimal enum fractions functools heapq itertools "
    "json math numbers numpy operator queue random re statistics string types typing".split()
)
"""Modules that every program may import: pure modules of the standard library and numpy."""

ANY_MODULE = "*"
"""Among the modules that a program may import: any. What is then not there fails when it runs."""

BLOCK_START, BLOCK_END = "EVOLVE-BLOCK-START", "EVOLVE-BLOCK-END"


class Block(NamedTuple):
    """A program split at its marker lines; `before` ends with the start marker, `after` begins with the end marker."""

    before: str
    inside: str
    after: str


def split_block(source: str) -> Block | None:
    """Split `source` at its first pair of EVOLVE-BLOCK marker comments; None if there is no pair."""
    lines = source.splitlines(keepends=True)
    start = next((i for i, s in enumerate(lines) if s.lstrip().startswith("#") and BLOCK_START in s), None)
    if start is None:
        return None
    end = next((i for i in range(start + 1, len(lines)) if lines[i].lstrip().startswith("#") and BLOCK_END in lines[i]), None)
    if end is None:
        return None
    return Block("".join(lines[: start + 1]), "".join(lines[start + 1 : end]), "".join(lines[end:]))


def join_block(block: Block, inside: str) -> str:
    """Replace the text between the markers."""
    return block.before + inside.strip("\n") + "\n" + block.after


def parse(source: str) -> ast.Module:
    """Parse a source; every defect raises `Rejected`.

    Raises
    ------
    Rejected
        The source is too long, cannot be encoded in UTF-8, is not valid Python, or is nested too deeply.
    """
    try:
        size = len(source.encode())
    except UnicodeEncodeError as error:
        at = source.count("\n", 0, error.start) + 1
        raise Rejected(f"line {at} of the source contains characters that UTF-8 cannot encode") from error
    if size > MAX_SOURCE_BYTES:
        raise Rejected(f"the source has {size:,} bytes; at most {MAX_SOURCE_BYTES:,} are allowed")
    if "\0" in source:
        raise Rejected(
            f"line {source.count(chr(10), 0, source.index(chr(0))) + 1} of the source cannot be parsed: it contains null bytes"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        if not _is_flat(tree):
            raise Rejected(f"the source is nested more than {MAX_DEPTH} levels deep: split long chains of operators or `elif`")
        if "finally" in source and (size := _compiled(tree.body).nodes) > MAX_COMPILED_NODES:
            raise Rejected(f"nested `finally` blocks would compile to {size:.0e} nodes; use fewer, or do not nest them")
        return tree
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise Rejected(f"SyntaxError: {error.msg} (line {error.lineno}){f': {line[:80]}' if line else ''}") from error
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        raise Rejected(f"the source cannot be parsed: {type(error).__name__}") from error


@functools.lru_cache(maxsize=8)  # the parts of a reply and their parent are read several times
def parsed(source: str) -> ast.Module:
    """As `parse`; the tree is shared with other callers and must not be changed."""
    return parse(source)


def _is_flat(tree: ast.AST) -> bool:
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:  # as `ast.iter_child_nodes`, which takes five times as long
            for value in vars(node).values():
                kind = type(value)
                if kind is list:
                    below += [item for item in value if type(item) not in _WITHOUT_NODES]
                elif kind not in _WITHOUT_NODES:
                    below.append(value)
        if not below:
            return True
        level = below
    return False


_WITHOUT_NODES = frozenset(
    [int, str, bytes, float, complex, bool, type(None), type(...), tuple, frozenset, ast.Load, ast.Store, ast.Del]
    + [kind for group in (ast.operator, ast.unaryop, ast.cmpop, ast.boolop) for kind in group.__subclasses__()]
)
"""Types of what a syntax tree holds that is no node, or a node without nodes within."""


class _Compiled(NamedTuple):
    """Size of compiled statements: nodes including copies, and exits from the enclosing block."""

    nodes: int
    exits: int


def _compiled(nodes: Iterable[ast.AST]) -> _Compiled:
    size = exits = 0
    for node in nodes:
        size, exits = size + 1, exits + isinstance(node, ast.Return | ast.Break | ast.Continue)
        if isinstance(node, ast.Try | ast.TryStar) and node.finalbody:
            inside = _compiled([*node.body, *node.handlers, *node.orelse])
            last = _compiled(node.finalbody)
            copies = 2 + inside.exits
            size, exits = size + inside.nodes + copies * last.nodes, exits + inside.exits + copies * last.exits
        else:
            inside = _compiled(ast.iter_child_nodes(node))
            size, exits = size + inside.nodes, exits + inside.exits
    return _Compiled(size, exits)


def screen(source: str, entry: str, modules: Collection[str] = ()) -> Program:
    """Check a source before running it and return it as a program; an exported module is reduced to its program.

    Parameters
    ----------
    modules
        Modules allowed in addition to `MODULES`.

    Raises
    ------
    Rejected
        The source cannot be parsed, does not define `entry`, or imports a module that is not allowed. This check saves
        time and gives a clear reason; the security boundary is the sandbox.
    """
    source = unwrap(source)
    tree = parsed(source)
    if not defines(tree, entry):
        raise Rejected(f"the program does not define `{entry}` at its top level")
    allowed = MODULES.union(modules)
    for node in ast.walk(tree) if "import" in source and ANY_MODULE not in allowed else ():
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."] if node.level == 0 else ["."]
        else:
            continue
        for name in names:
            if name.partition(".")[0] not in allowed:
                raise Rejected(f"line {node.lineno} imports {name!r}; allowed: {', '.join(sorted(allowed - {'__future__'}))}")
    return Program(source, entry)


def defines(tree: ast.Module, name: str) -> bool:
    """Whether a function, class or variable `name` is defined at the top level."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            return True
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return True
    return False


def identity(program: Program) -> str:
    """Return the SHA-256 of a program's text in UTF-8, in hexadecimal; certificates and counts identify programs by it."""
    return text_hash(program.source)


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_READS_ITSELF = re.compile(
    r"(?<!\w)__(?!(init|post_init|call|name|main|future|slots|repr|str|hash|eq|ne|lt|le|gt|ge|len|bool|iter|next|contains|getitem|setitem"
    r"|add|sub|mul|truediv|neg)__)"
    r"|\b(getattr|vars|dir|eval|exec|compile|globals|locals|help|attrgetter|methodcaller|format|format_map|vformat|get_type_hints"
    r"|ForwardRef|_?inspect|_?sys|getdoc|shortDescription|info|lookfor)\b"
    r"|\b(gi|cr|ag|tb|co)_|\bf_(back|code|frame|globals|lineno|locals)\b|lineno"
)
"""Names through which a program can read its own docstrings or line numbers. A false match costs one evaluation."""
_PARTS_OF_THEM = (
    "__", "getattr", "vars", "dir", "eval", "exec", "compile", "globals", "locals", "help", "attrgetter", "methodcaller", "format",
    "get_type_hints", "ForwardRef", "inspect", "sys", "getdoc", "shortDescription", "info", "lookfor", "gi_", "cr_", "ag_", "tb_",
    "co_", "f_", "lineno",
)  # fmt: skip
"""Each match of `_READS_ITSELF` contains one of these; looking for them takes a tenth of the time of the pattern."""


def reads_itself(source: str) -> bool:
    """Return whether a program might read its own docstrings, annotations or line numbers."""
    text = _as_parsed(source)
    return any(part in text for part in _PARTS_OF_THEM) and _READS_ITSELF.search(text) is not None


def _as_parsed(source: str) -> str:
    return source if source.isascii() else unicodedata.normalize("NFKC", source)  # as the parser reads names


def fingerprint(program: Program) -> str:
    """Hash the compiled program, to recognise duplicates; valid within one Python version.

    Layout, comments and docstrings do not matter, unless the program might read its own docstrings or line numbers.
    Programs with the same fingerprint behave alike; only `identity` says that their text is the same.

    Raises
    ------
    Rejected
        The compiler refuses source that the parser accepts, for example `return` outside a function.
    """
    if "finally" in program.source:
        parsed(program.source)  # rejects source that would exhaust the compiler's memory
    reading = reads_itself(program.source)
    # The sandbox runs assertions and keeps docstrings; level 2 drops both, so it is used only where neither can matter.
    level = 0 if reading or "assert" in _as_parsed(program.source) else 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(program.source, "<candidate>", "exec", dont_inherit=True, optimize=level)
        shown = repr(_bare(code, reading))
        if "('frozenset', " in shown:
            shown += repr(_iterated_sets(program.source))
        return hashlib.sha256(shown.encode()).hexdigest()[:32]
    except SyntaxError as error:
        raise Rejected(f"SyntaxError: {error.msg} (line {error.lineno})") from error
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        raise Rejected(f"the source cannot be compiled: {type(error).__name__}") from error


def _iterated_sets(source: str) -> list[str]:
    """Set literals, except on the right of a comparison, as written: {0, 8} and {8, 0} are iterated in different orders."""
    tree = ast.parse(source)
    members = {id(c) for n in ast.walk(tree) if isinstance(n, ast.Compare) for c in n.comparators}
    return [ast.dump(n) for n in ast.walk(tree) if isinstance(n, ast.Set) and id(n) not in members]


def _bare(code: CodeType, with_lines: bool) -> tuple[object, ...]:
    # Everything but line tables and first lines affects behaviour. Constants are typed: 1, 1.0 and True differ.
    constants = tuple(_bare(c, with_lines) if isinstance(c, CodeType) else (type(c).__name__, _constant(c)) for c in code.co_consts)
    protected = (code.co_exceptiontable,) if code.co_exceptiontable else ()  # the instructions covered by each `try`
    lines = (code.co_firstlineno, code.co_linetable) if with_lines else ()
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_name,
            code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags, *protected, *lines)  # fmt: skip


def _constant(value: object) -> str:
    # `x in {"a", "b"}` contains a frozenset, whose order differs between processes.
    return f"frozenset({sorted(map(_constant, value))})" if isinstance(value, frozenset) else repr(value)
