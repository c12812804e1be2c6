"""Merging of definitions from a reply into the parent program."""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Set
from itertools import pairwise
from typing import NamedTuple

from workbench.errors import Rejected
from workbench.model import Program
from workbench.program import source as text_of
from workbench.program.edits import Edit, Positions, apply, first_line
from workbench.program.evolving import is_text
from workbench.program.names import Definition, free, movable, read, unbound
from workbench.program.source import BLOCK_END, BLOCK_START, MODULES, Block

_IMPORTS = {
    "np": "import numpy as np",
    **{name: f"from math import {name}" for name in ("sqrt", "exp", "log", "ceil", "floor", "inf")},
    **{name: f"from collections import {name}" for name in ("deque", "defaultdict", "Counter")},
    **{name: f"from heapq import {name}" for name in ("heappush", "heappop", "heapify")},
    **{name: f"from typing import {name}" for name in ("List", "Dict", "Tuple", "Optional", "Any", "Sequence", "Callable")},
}


class Frame(NamedTuple):
    """Analysis of a parent program, shared by all pieces of a reply.

    Attributes
    ----------
    block, inside
        The program split at its markers, and the syntax tree of the evolving part.
    whole
        Syntax tree of the whole program.
    marked
        Whether the program has the markers.
    evolving
        Names bound by the evolving part.
    everything
        Names bound at the program's top level.
    fixed
        Functions and classes outside the evolving part.
    called
        Names used by the rest of the program or by the verifier; their parameters must not change.
    """

    program: Program
    block: Block
    inside: ast.Module
    whole: ast.Module
    marked: bool
    evolving: Set[str]
    everything: Set[str]
    fixed: Set[str]
    called: Set[str]


@functools.lru_cache(maxsize=32)  # good candidates are parents repeatedly
def frame(parent: Program) -> Frame:
    """Analyse a parent; without an EVOLVE-BLOCK that can be parsed on its own, the whole program counts as the block."""
    whole = text_of.parse(parent.source)
    block = text_of.split_block(parent.source)
    inside = _tree(block.inside) if block else None
    marked = block is not None and inside is not None
    if block is None or inside is None:  # the part between markers inside a body may not be valid Python on its own
        block, inside = Block("", parent.source, ""), whole
    evolving, everything = set(bound_at_top(inside)), bound_at_top(whole)
    fixed = {name for name, node in everything.items() if name not in evolving and isinstance(node, Definition)}
    called = {parent.entry} | read(n for n in whole.body if not (movable(n) & evolving))
    return Frame(parent, block, inside, whole, marked, evolving, set(everything), fixed, called)


def splice(code: str, tree: ast.Module, parent: Frame, elsewhere: Set[str] = frozenset()) -> str:
    """Merge the definitions of a reply into the parent; a reply that is a whole program is returned unchanged.

    Definitions replace those of the same name in the parent's EVOLVE-BLOCK, together with what they need; usage examples
    and definitions outside the block are dropped. If no name matches, definitions anywhere in the parent are replaced, and
    a single function with the right parameters but a wrong name is renamed. A whole program without markers gets them
    around the same definitions as in the parent.

    Parameters
    ----------
    code, tree
        The code of the reply and its syntax tree.
    elsewhere
        Names that other parts of the reply define.

    Raises
    ------
    Rejected
        The reply defines no name of the parent, or changes the parameters of a function that is called from outside.
    """
    defined = bound_at_top(tree).keys()
    if is_whole(code, defined, parent, elsewhere):
        return _marked(code, tree, parent.evolving) if parent.marked and text_of.split_block(code) is None else code
    if not defined & parent.evolving:
        if defined & parent.fixed:
            return _replace(code, tree, parent.program.source, parent.whole, set(), parent.called)
        code = ast.unparse(_renamed(tree, parent.inside, parent.called))
        tree = ast.parse(code)  # line numbers of the tree must match `code`
    return text_of.join_block(parent.block, _replace(code, tree, parent.block.inside, parent.inside, parent.fixed, parent.called))


def is_whole(code: str, defined: Set[str], parent: Frame, elsewhere: Set[str] = frozenset()) -> bool:
    """Whether a code that binds the names `defined` at its top level is a whole program, but for names defined `elsewhere`."""
    if parent.program.entry not in defined:
        return False
    # An unbound name other than a missing import indicates a part that only makes sense within the parent.
    missing = unbound(code)
    known = MODULES | _IMPORTS.keys() | elsewhere
    if missing is None or any(name in parent.everything or name not in known for name in missing):
        return False
    return BLOCK_START in code or not parent.fixed or bool(parent.fixed & defined)


def _replace(code: str, tree: ast.Module, region: str, inside: ast.Module, fixed: Collection[str], called: Collection[str]) -> str:
    old = bound_at_top(inside)
    new = {name: node for name, node in bound_at_top(tree).items() if not (name in fixed and isinstance(node, Definition))}
    wanted = {name for name in new if name in old}
    pending = list(wanted)
    while pending:  # include the dependencies of wanted definitions
        needed = (free(new[pending.pop()]) & new.keys()) - wanted
        wanted |= needed
        pending += needed
    text, answer = Positions(region), Positions(code)
    kept = [node for node in tree.body if any(new.get(name) is node and name in wanted for name in movable(node))]
    crowded = _sharing_lines(tree)
    extra: list[str] = []
    replaced: dict[int, ast.stmt] = {}
    instead: dict[int, list[str]] = {}
    for node in kept:
        changed = _restore_parameters(node, old, called)
        as_text = None if changed or id(node) in crowded else _lines(answer, first_line(node), node.end_lineno)
        shown = _shown(node, as_text, old, text)
        targets = {id(old[name]): old[name] for name in sorted(movable(node)) if name in old}
        replaced |= targets
        if targets:
            instead.setdefault(next(iter(targets)), []).extend(shown)
        else:
            extra += [*shown, ""] if isinstance(node, Definition) else shown
    named = {name for node in kept for name in movable(node)}
    edits = []
    for id_, target in replaced.items():
        lines = instead.get(id_, [])
        if isinstance(target, ast.Assign) and not movable(target) <= named:  # `a, b = 1, 2` where only `a` is redefined
            lines = [text.cut(text.span(target))[1], *lines]
        edits.append(text.instead(target, "\n".join(lines)))
    if extra:
        edits.append(text.insertion(min(edit.span.start for edit in edits), "\n".join(extra)))
    return apply(region, edits)


def _lines(text: Positions, first: int, last: int | None) -> list[str]:
    """Return the lines of a statement."""
    return text.cut(text.lines(first, last or first))[1].rstrip("\n").split("\n")


def _shown(node: ast.stmt, as_text: list[str] | None, old: dict[str, ast.stmt], region: Positions) -> list[str]:
    """Return the lines of a definition; a docstring omitted in the reply is restored, because it is the contract."""
    before = old.get(node.name) if isinstance(node, ast.FunctionDef) else None
    if isinstance(node, ast.FunctionDef) and isinstance(before, ast.FunctionDef):
        docstring = before.body[0]
        if ast.get_docstring(before) is not None and ast.get_docstring(node) is None:
            header = (as_text or [])[: node.body[0].lineno - first_line(node)]
            end = next((i for i, s in enumerate(header, 1) if s.rstrip().endswith(":")), None)
            if as_text and end and docstring.col_offset == node.body[0].col_offset and docstring.lineno > before.lineno:
                return [*as_text[:end], *_lines(region, docstring.lineno, docstring.end_lineno), *as_text[end:]]
            node.body.insert(0, docstring)
            as_text = None
    return ast.unparse(node).split("\n") if as_text is None else as_text


def _renamed(tree: ast.Module, inside: ast.Module, called: Collection[str]) -> ast.Module:
    """Rename the only function of a reply to the expected name."""
    targets = [n for n in inside.body if isinstance(n, Definition) and n.name in called] or [
        n for n in inside.body if isinstance(n, Definition)
    ]
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    wanted = " and ".join(f"`{n.name}`" for n in targets) or "the names of the program"
    if len(targets) == 1 and len(functions) == 1 and isinstance(targets[0], ast.FunctionDef):
        target, function = targets[0], functions[0]
        if function.args.args and len(function.args.args) == len(target.args.args):
            wrong = function.name
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and node.id == wrong:
                    node.id = target.name
            function.name = target.name
            return tree
    names = [n for node in tree.body if isinstance(node, Definition) for n in movable(node)]
    found = f"the reply defines {', '.join(f'`{n}`' for n in names[:4])}" if names else "the reply defines no function"
    raise Rejected(f"{found}; it does not define {wanted}")


def _restore_parameters(node: ast.stmt, old: dict[str, ast.stmt], called: Collection[str]) -> bool:
    """Restore parameters omitted in a reply; return whether `node` was changed."""
    if not isinstance(node, ast.FunctionDef) or node.name not in called:
        return False
    before = old.get(node.name)
    if not isinstance(before, ast.FunctionDef) or node.args.vararg is not None:
        return False
    should = [a.arg for a in before.args.posonlyargs + before.args.args]
    does = [a.arg for a in node.args.posonlyargs + node.args.args]
    required = does[: len(does) - len(node.args.defaults)]
    loose = [a for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is None]
    if len(required) <= len(should) <= len(does) and not loose and (does[: len(should)] == should or not set(does) & set(should)):
        return False
    if set(required) <= set(should) and not loose:
        node.args = before.args
        return True
    if len(required) == len(should) and not loose:
        return False
    raise Rejected(f"`{node.name}` must keep its parameters ({', '.join(should)}); the reply takes ({', '.join(does)})")


def _marked(code: str, tree: ast.Module, evolving: Collection[str]) -> str:
    held = [node for node in tree.body if not movable(node).isdisjoint(evolving)]
    if not held or any(id(node) in _sharing_lines(tree) for node in (held[0], held[-1])):
        return code
    text = Positions(code)
    span = text.lines(first_line(held[0]), held[-1].end_lineno or 0)
    return apply(code, [text.insertion(span.start, f"# {BLOCK_START}"), text.insertion(span.end, f"# {BLOCK_END}")])


# --------------------------------------------------------------------------- missing imports


def lacking(source: str, modules: Collection[str] = ()) -> list[str]:
    """Return the names that a program reads, but nobody binds and no import is known for, sorted."""
    return sorted(name for name in unbound(source) or () if name not in _IMPORTS and name not in MODULES and name not in modules)


def complete(source: str, modules: Collection[str] = ()) -> str:
    """Add missing imports to a program; text that cannot be parsed is returned unchanged."""
    lines = []
    for name in sorted(unbound(source) or ()):
        if name in _IMPORTS:
            lines.append(_IMPORTS[name])
        elif name in MODULES or name in modules:
            lines.append(f"import {name}")
    tree = _tree(source) if lines else None
    return source if tree is None else apply(source, [_below_head(source, tree, lines)])


def with_definitions(source: str, definitions: list[str]) -> str:
    """Put definitions at the beginning of a program's EVOLVE-BLOCK, or of the program, below its docstring."""
    block = text_of.split_block(source)
    text = "\n\n".join(definitions)
    if block is not None:
        return text_of.join_block(block, f"{text}\n\n{block.inside.lstrip(chr(10))}")
    return apply(source, [_below_head(source, text_of.parse(source), [text])])


def _below_head(source: str, tree: ast.Module, lines: list[str]) -> Edit:
    at = 0
    for i, node in enumerate(tree.body):
        is_docstring = i == 0 and is_text(node)
        if is_docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            at = node.end_lineno or 0
        else:
            break
    text = Positions(source)
    return text.insertion(text.offset(at + 1), "\n".join(lines))


# --------------------------------------------------------------------------- trees


def bound_at_top(tree: ast.Module) -> dict[str, ast.stmt]:
    """Return each name bound at the top level, with the last statement that binds it."""
    return {name: node for node in tree.body for name in sorted(movable(node))}


def _tree(source: str) -> ast.Module | None:
    try:
        return text_of.parse(source)
    except Rejected:
        return None


def _sharing_lines(tree: ast.Module) -> set[int]:
    """Return the object ids of top-level statements that share a line with a neighbour (`a = 1; b = 2`)."""
    return {id(n) for a, b in pairwise(tree.body) if first_line(b) <= (a.end_lineno or 0) for n in (a, b)}
