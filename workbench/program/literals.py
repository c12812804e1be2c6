"""Numbers written in a program's text, wherever they stand, and the program with other numbers in their places."""

from __future__ import annotations

import ast
import contextlib
import copy
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from workbench.errors import Rejected
from workbench.program import names
from workbench.program.edits import Edit, Positions, Span, apply
from workbench.program.evolving import Evolving, is_text, open_program
from workbench.program.source import parse, reads_itself
from workbench.program.tunables import DECLARATION

TABLE = 8
"""A list, tuple, set or dict with more numbers than this is a table: its numbers are one bundle."""
LONG_TEXT = 40
"""A text of so many characters may hold data without a digit."""
SMALL = 5
"""Whole numbers below this are moved to fractions, larger ones that are no operands to whole numbers."""

_DIGITS = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS = re.compile(r"[A-Za-z_][\w.:+-]*\w|(?<![\w.])\d+(?![\w.])")
_NAME = re.compile(r"[A-Za-z_][\w.:+-]*")
_HIGHEST = 64
"""Exponents beyond this make no number that somebody has written."""
_LARGEST = 1e15
"""Numbers beyond this are sentinels for infinity."""

Value = int | float


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number in a program's text. Each is equal to itself alone.

    Attributes
    ----------
    site, part
        Where it stands: the literal, and which number within a text.
    line, code
        Line, from 1, and the statement that it is part of.
    value
        None for the letters of a long text.
    written
        How it is written.
    operand
        Whether it is an operand of arithmetic or of a comparison, where a fraction is as good as a whole number.
    bundle
        Numbers of one bundle are one decision: copies of a number, a table, a text with several numbers.
    in_text
        Whether it is part of a text.
    """

    site: int
    part: int
    line: int
    code: str
    value: Value | None
    written: str
    operand: bool
    bundle: str
    in_text: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is a whole number that can be moved to another one nearby."""
        return isinstance(self.value, int) and abs(self.value) >= SMALL

    def moved(self, factor: float, *, whole: bool = False) -> Value | None:
        """Return the number times `factor`, which is near 1; `whole`: as a whole number, and None if that is the number itself."""
        if self.value is None:
            return factor
        product = self.value * factor
        if not isinstance(self.value, int):
            return float(f"{product:.12g}")
        if not whole and (self.operand or abs(self.value) < SMALL):
            return float(f"{product:.12g}") if abs(product) < _LARGEST else round(product)
        nearest = round(product)
        return nearest if nearest != self.value else None


@dataclass(frozen=True, slots=True)
class Given:
    """What a program did not choose: the statements around the evolving part, and the numbers and names that the problem uses.

    Attributes
    ----------
    statements
        Of the problem's programs, in a form that ignores layout.
    words
        Whole numbers of two digits or more, and names with digits.
    """

    statements: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


def given_by(programs: Iterable[str], texts: Iterable[str] = ()) -> Given:
    """Return what a problem gives: `programs` are its initial programs, `texts` what it says in words."""
    statements, told = set[str](), list(texts)
    for source in programs:
        with contextlib.suppress(Rejected):
            evolving = open_program(source)
            statements.update(_around(evolving))
            told += [evolving.before, evolving.behind]
    return Given(frozenset(statements), frozenset(word for text in told for word in _WORDS.findall(text) if len(word) > 1))


def _around(evolving: Evolving) -> Iterator[str]:
    """Statements around an evolving part; none where everything evolves."""
    if evolving.before or evolving.behind:
        inside = {id(statement) for statement in (*evolving.run, *evolving.around)}
        bodies = [evolving.tree.body, evolving.body, *(getattr(outer, "body", []) for outer in evolving.around)]
        yield from (ast.dump(statement) for body in bodies for statement in body if id(statement) not in inside)


class Literals:
    """The numbers of a program's text, except those that it did not choose.

    Parameters
    ----------
    source
        The program.
    given
        What the problem gives. A statement that is the same there, to the letter of its meaning, is not the program's.

    Raises
    ------
    Rejected
        The source cannot be parsed.
    """

    def __init__(self, source: str, given: Given = Given()) -> None:
        self._source, self._sites = source, list[_Site]()
        tree = parse(source)
        finder = _Finder(tree, source, given, self._sites)
        self.numbers = _with_copies([number for statement in tree.body for number in finder.statement(statement)])

    def source(self, values: Mapping[Number, Value]) -> str:
        """Return the program with other numbers; every byte elsewhere stays."""
        by_site: dict[int, dict[int, Value]] = {}
        for number, value in values.items():
            by_site.setdefault(number.site, {})[number.part] = value
        return apply(self._source, [Edit(self._sites[k].span, self._sites[k].text(parts)) for k, parts in by_site.items()])


# --------------------------------------------------------------------------- where numbers stand


@dataclass(frozen=True, slots=True)
class _Site:
    """A literal or constant expression: where it stands, and its text with some of its numbers replaced."""

    span: Span
    text: Callable[[Mapping[int, Value]], str]


class _Finder:
    """Finds the numbers of statements, in the order of the text."""

    def __init__(self, tree: ast.Module, source: str, given: Given, sites: list[_Site]) -> None:
        self._positions, self._given, self._sites = Positions(source), given, sites
        self._own = names.given(tree)
        self._reads_itself = reads_itself(source)
        self._declares = source.count(DECLARATION) == 1  # a table of tunables that the program itself does not read
        self._folded: dict[int, Value | None] = {}
        self._tables = 0

    def statement(self, node: ast.stmt, depth: int = 0) -> Iterator[Number]:
        """Numbers of a top-level statement, or of a member of a class, unless it is part of the frame."""
        if self._cannot_act(node) or (depth < 3 and self._given.statements and ast.dump(node) in self._given.statements):
            return
        if depth < 2 and isinstance(node, ast.ClassDef | ast.FunctionDef):
            for inner in node.body:
                yield from self.statement(inner, depth + 1)
            head = copy.copy(node)
            head.body = []
            yield from self._walk(head, node, None, "", "")
        else:
            yield from self._walk(node, node, None, "", "")

    def _cannot_act(self, node: ast.stmt) -> bool:
        """Whether a statement is a docstring, or a table of tunables, that the program does not read."""
        if isinstance(node, ast.Assign | ast.AnnAssign) and self._declares:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return any(isinstance(t, ast.Name) and t.id == DECLARATION for t in targets)
        return is_text(node) and not self._reads_itself

    def _walk(self, node: ast.AST, around: ast.stmt, parent: ast.AST | None, field: str, bundle: str) -> Iterator[Number]:
        if isinstance(node, ast.JoinedStr):
            yield from self._formatted(node, around)
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            if not self._is_name(node.value, parent, field):
                yield from self._in_text(node, around)
            return
        if isinstance(node, ast.expr) and (value := self._constant(node)) is not None:
            words = isinstance(node, ast.Constant) and str(value) in self._given.words
            if not words and not self._is_structural(value, parent, field, in_table=bool(bundle)):
                yield self._number(node, value, around, parent, bundle)
            return
        if not bundle and isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict) and self._is_table(node):
            self._tables += 1
            bundle = f"table {self._tables}"
        if isinstance(node, ast.stmt) and self._cannot_act(node):
            return
        inner = node if isinstance(node, ast.stmt) else around
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns") and not self._reads_itself:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.keyword):
                    child = child.value
                if isinstance(child, ast.AST):
                    yield from self._walk(child, inner, node, name, bundle)

    def _number(self, node: ast.expr, value: Value, around: ast.stmt, parent: ast.AST | None, bundle: str) -> Number:
        self._sites.append(_Site(self._positions.span(node), lambda parts: _written(parts[0])))
        operand = isinstance(parent, ast.Compare) or (
            isinstance(parent, ast.BinOp | ast.AugAssign) and isinstance(parent.op, _SMOOTH)
        )
        return Number(len(self._sites) - 1, 0, node.lineno, _short(around), value, ast.unparse(node), operand, bundle)

    def _in_text(self, node: ast.Constant, around: ast.stmt) -> Iterator[Number]:
        text = node.value.decode("latin-1") if isinstance(node.value, bytes) else str(node.value)
        values = _values(text)
        if not values:
            return
        of_bytes = isinstance(node.value, bytes)

        def replaced(parts: Mapping[int, Value]) -> str:
            new = _with_values(text, parts)
            return repr(new.encode("latin-1") if of_bytes else new)

        self._sites.append(_Site(self._positions.span(node), replaced))
        site, code = len(self._sites) - 1, _short(around)
        bundle = f"text {site}" if len(values) > 1 else ""
        for part, (value, written) in values.items():
            yield Number(site, part, node.lineno, code, value, written, False, bundle, in_text=True)

    def _formatted(self, node: ast.JoinedStr, around: ast.stmt) -> Iterator[Number]:
        """Numbers in an f-string. Positions inside of one are not reliable before Python 3.12, so it is written anew."""
        places = list(_constants_within(node))
        counted = [(k, part, value) for k, place in enumerate(places) for part, value in _values_of(place).items()]

        def replaced(parts: Mapping[int, Value]) -> str:
            made = copy.deepcopy(node)
            for k, place in enumerate(_constants_within(made)):
                own = {part: parts[n] for n, (at, part, _) in enumerate(counted) if at == k and n in parts}
                if own:
                    place.value = _with_values(place.value, own) if isinstance(place.value, str) else own[0]
            return ast.unparse(made)

        if counted:
            self._sites.append(_Site(self._positions.span(node), replaced))
            site, code = len(self._sites) - 1, _short(around)
            for n, (_, _, (value, written)) in enumerate(counted):
                yield Number(site, n, node.lineno, code, value, written, False, f"text {site}", in_text=True)

    def _is_table(self, node: ast.expr) -> bool:
        count = 0
        stack: list[ast.AST] = [node]
        while stack and count <= TABLE:
            inner = stack.pop()
            if isinstance(inner, ast.Constant):
                count += type(inner.value) in (int, float) and inner.value != 0
            else:
                stack.extend(ast.iter_child_nodes(inner))
        return count > TABLE

    def _is_name(self, text: str | bytes, parent: ast.AST | None, field: str) -> bool:
        """Whether a text is a name that the problem uses, or one that is compared or looked up."""
        if not isinstance(text, str) or not _NAME.fullmatch(text):
            return False
        looked_up = isinstance(parent, ast.Compare | ast.MatchValue) or field in ("slice", "keys")
        return looked_up or text in self._given.words

    def _is_structural(self, value: Value, parent: ast.AST | None, field: str, *, in_table: bool) -> bool:
        """Whether a number could not have been another one: zero, infinity, an index, 1 - q, i + 1, a square, a mean of two."""
        if value == 0 or abs(value) > _LARGEST or (isinstance(parent, ast.Subscript) and field == "slice"):
            return True
        if in_table:
            return False
        small = isinstance(value, int) and abs(value) < SMALL
        if isinstance(parent, ast.Slice):
            return small
        if isinstance(parent, ast.Compare):
            return small and all(isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) for op in parent.ops)
        if isinstance(parent, ast.Call):  # which axis, from where to count; but not the limits of a value
            own = isinstance(parent.func, ast.Name) and (parent.func.id in self._own or parent.func.id in _LIMITS)
            return small and not own
        if isinstance(parent, ast.BinOp | ast.AugAssign):
            if isinstance(parent.op, _POWERS) and field in ("right", "value"):
                return isinstance(value, int) or abs(value) == 0.5
            left = parent.left if isinstance(parent, ast.BinOp) else None
            of_two = value == 2 and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add) and field == "right"
            return (
                (small and isinstance(parent.op, _DISCRETE))
                or (abs(value) == 1 and isinstance(parent.op, _STEPS))
                or (of_two and isinstance(parent.op, ast.Div))
            )
        return False

    def _constant(self, node: ast.expr) -> Value | None:
        """The value of an expression that is one number in other words (`7 / 9`, `float("0.7")`, `ord("I")`); None for others.

        Only what is smooth in its parts is one number: in `sin(1000 * 0.7)`, the product is, and the sine is not.
        """
        if id(node) not in self._folded:
            try:
                value = self._fold(node)
                known = type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
                self._folded[id(node)] = value if known else None  # type: ignore[assignment]
            except (ArithmeticError, ValueError, TypeError):
                self._folded[id(node)] = None
        return self._folded[id(node)]

    def _fold(self, node: ast.expr) -> object:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._constant(node.operand)
            return None if value is None else -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            left, right = self._constant(node.left), self._constant(node.right)
            if left is None or right is None:
                return None
            if isinstance(node.op, ast.Pow) and not (isinstance(left, int) and isinstance(right, int) and abs(right) <= _HIGHEST):
                return None
            return _ARITHMETIC[type(node.op)](left, right)
        if isinstance(node, ast.Call) and not node.keywords and node.args:
            return self._call(node)
        return None

    def _call(self, node: ast.Call) -> object:
        """The value of a call that reads a number from a constant."""
        if not isinstance(node.func, ast.Name) or node.func.id in self._own or node.func.id not in _READERS:
            return None
        values = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else self._constant(a) for a in node.args]
        return None if any(value is None for value in values) else _READERS[node.func.id](*values)


_ARITHMETIC: dict[type[ast.operator], Callable[[Value, Value], object]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b, ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}  # fmt: skip
_READERS: dict[str, Callable[..., object]] = {"float": float, "int": int, "abs": abs, "len": len, "ord": ord}
_LIMITS = frozenset({"min", "max", "float", "int", "abs"})
_STEPS = (ast.Add, ast.Sub)
_SMOOTH = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_DISCRETE = (ast.Mod, ast.FloorDiv, ast.BitAnd, ast.BitOr, ast.BitXor)
_POWERS = (ast.Pow, ast.LShift, ast.RShift)


def _with_copies(numbers: list[Number]) -> list[Number]:
    """Numbers with the same significant digits (0.25, 25) are one bundle, unless they are part of a larger one."""
    digits = {number: _significant(number.value) for number in numbers if not number.bundle}
    often = Counter(text for text in digits.values() if text)
    return [
        replace(n, bundle=f"copies of {digits[n]}" if digits.get(n) and often[digits[n]] > 1 else n.bundle or f"{n.site} {n.part}")
        for n in numbers
    ]


def _significant(value: Value | None) -> str:
    """The significant digits of a number, if there are at least two."""
    if value is None:
        return ""
    digits = f"{abs(value):.12e}".partition("e")[0].replace(".", "").rstrip("0")
    return digits if len(digits) > 1 else ""


# --------------------------------------------------------------------------- numbers in texts

_LETTERS = -1
"""The part of a text that is its letters."""


def _values(text: str) -> dict[int, tuple[Value | None, str]]:
    """The numbers in a text by part, as value and as written; its letters, if it is long."""
    found: dict[int, tuple[Value | None, str]] = {}
    for part, match in enumerate(_DIGITS.finditer(text)):
        written = match[0]
        value = int(written) if written.isdecimal() and len(written) < 16 else float(written)
        if value and math.isfinite(value) and abs(value) <= _LARGEST:
            found[part] = value, written
    if len(text) >= LONG_TEXT:
        found[_LETTERS] = None, f"{text[:20]}..."
    return found


def _with_values(text: str, parts: Mapping[int, Value]) -> str:
    if shift := parts.get(_LETTERS):
        step = 1 if shift > 1 else -1
        text = "".join(_neighbour(c, step) if c.isascii() and c.isalpha() else c for c in text)
    pieces, position = list[str](), 0
    for part, match in enumerate(_DIGITS.finditer(text)):
        if part in parts:
            pieces += [text[position : match.start()], repr(parts[part])]
            position = match.end()
    return "".join(pieces) + text[position:]


def _neighbour(letter: str, step: int) -> str:
    first = ord("a") if letter.islower() else ord("A")
    return chr(first + (ord(letter) - first + step) % 26)


def _values_of(node: ast.Constant) -> dict[int, tuple[Value | None, str]]:
    if isinstance(node.value, str):
        return _values(node.value)
    if type(node.value) in (int, float) and node.value:
        return {0: (node.value, repr(node.value))}  # type: ignore[dict-item]
    return {}


def _constants_within(node: ast.JoinedStr) -> Iterator[ast.Constant]:
    """Constants of an f-string, without those of formats."""
    stack: list[ast.AST] = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, ast.Constant):
            yield inner
        elif isinstance(inner, ast.FormattedValue):
            stack.append(inner.value)
        else:
            stack.extend(reversed(list(ast.iter_child_nodes(inner))))


def _written(value: Value) -> str:
    return repr(value) if value >= 0 else f"({value!r})"


def _short(node: ast.stmt) -> str:
    code = " ".join(ast.unparse(node).split("\n", 1)[0].split())
    return code if len(code) <= 80 else f"{code[:77]}..."
