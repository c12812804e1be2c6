"""Text edits of found code: what is meant stays what it was, whatever the layout."""

from __future__ import annotations

import ast
import bisect
import dataclasses
import heapq
import inspect
import statistics
import textwrap
from types import ModuleType

import pytest

from workbench.errors import Rejected
from workbench.export.readable import entry_of, quoted, take_apart
from workbench.model import Program

WORDS = 'Back\\slash and """quotes""".\n\nSecond paragraph.'
READ = WORDS.replace('"""', "'''")


def meaning(source: str) -> str:
    """The tree without docstrings, hints, imports and main guards."""
    tree = ast.parse(source)
    tree.body = [
        n for n in tree.body
        if not isinstance(n, ast.Import | ast.ImportFrom)
        and not (isinstance(n, ast.If) and "__main__" in ast.unparse(n.test))
        and not (isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__")
    ]  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            node.body = [b for b in node.body if not (isinstance(b, ast.Expr) and isinstance(b.value, ast.Constant))]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(tree)


@pytest.mark.parametrize("module", [bisect, dataclasses, heapq, statistics, textwrap], ids=lambda m: m.__name__)
def test_real_modules_keep_their_meaning(module: ModuleType) -> None:
    source = inspect.getsource(module)
    definitions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    for node in definitions[:: max(1, len(definitions) // 4)]:
        names = ["__call__"] if isinstance(node, ast.FunctionDef) else [m.name for m in node.body if isinstance(m, ast.FunctionDef)]
        parts = take_apart(Program(source, node.name), WORDS, examples={name: [([1] * 6, 2)] for name in names})
        assert meaning(parts.body) == meaning(source)
        found = [n for n in ast.parse(parts.body).body if getattr(n, "name", "") == node.name][-1]
        assert isinstance(found, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(found) == READ
        ast.parse(parts.imports)


@pytest.mark.parametrize(
    ("source", "header"),
    [
        ("def f(a): return a\n", "def f(a: int) -> list[float]:"),
        ("def f(a): 'old'\n", "def f(a: int) -> list[float]:"),
        ("def f(\n  a,  # ) (\n  b=')',\n  *rest,\n  c=(1)\n): return a\n", "  b: str=')',"),
        ("def f(a: float):\n\tb = 'größer'; return b\n", "def f(a: float) -> list[float]:"),
        ("def f(a):\r\n    # first\r\n    'old'\r\n    return a\r\n", "def f(a: int) -> list[float]:"),
        ("class f:\n    @staticmethod\n    def g(x):\n        return x\n", "    def g(x: int | None) -> str:"),
        ("class f:\n\tdef __init__(self, a): self.a = a\n", "\tdef __init__(self, a: dict[str, Any]) -> None: self.a = a"),
        ("class f: pass\n", "class f:"),
        ("@staticmethod\ndef f(a): pass\n", "def f(a: int) -> list[float]:"),
    ],
)
def test_hints_and_docstrings_fit_every_layout(source: str, header: str) -> None:
    examples = {
        "__call__": [([1, "x"], [1, 2.5])], "__init__": [([{"k": 1}], None)], "g": [([None], "spot"), ([3], "idle")],
    }  # fmt: skip
    parts = take_apart(Program(source, "f"), WORDS, examples=examples)
    assert meaning(parts.body) == meaning(source)
    assert header in parts.body.splitlines()
    node = ast.parse(parts.body).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) == READ
    assert ("from typing import Any" in parts.imports) == ("Any" in header)


def test_hints_come_from_the_contract_where_their_names_are_known() -> None:
    contract = Program("from x import Job\ndef f(jobs: list[Job], k: int = 0) -> list[int]: ...\n", "f")
    parts = take_apart(Program("def f(jobs, k): return [k]\n", "f"), "Doc.", contract=contract)
    assert parts.body.startswith("def f(jobs, k: int) -> list[int]:")  # `Job` means nothing here


def test_imports_are_hoisted_pruned_and_ordered() -> None:
    source = (
        '"""About."""\nfrom __future__ import annotations\nimport numpy as np, heapq; import math\n'
        "from collections import deque, Counter as C  # two\nX = np.pi\nfrom re import *\nimport bisect\n"
        "def f(): return heapq, C, bisect\n"
    )
    parts = take_apart(Program(source, "f"), "Doc.")
    assert parts.docstring == "About."
    assert parts.imports == (
        "from __future__ import annotations\n\nimport bisect\nimport heapq\n"
        "from collections import Counter as C\nfrom re import *\n\nimport numpy as np"
    )
    assert "import" not in parts.body
    assert parts.names == {"X", "f"}


def test_only_marker_comments_go() -> None:
    source = (
        '# EVOLVE-BLOCK-START: here\nA = """\n# EVOLVE-BLOCK-START\n"""\n'
        "def f(): return A  # EVOLVE-BLOCK-END kept\n    # EVOLVE-BLOCK-END\n"
    )
    parts = take_apart(Program(source, "f"), "Doc.")
    assert parts.body.startswith('A = """\n# EVOLVE-BLOCK-START\n"""\n')
    assert "# EVOLVE-BLOCK-END kept" in parts.body
    assert parts.body.count("EVOLVE-BLOCK") == 2


def test_entries_are_described() -> None:
    assert entry_of(Program("def f(a, *, b): 'Doc.'\n", "f")).parameters == ("a", "b")
    found = entry_of(Program("class F:\n    'Doc.'\n    def _h(self): 'x'\n    def go(self, now):\n        'Go.'\n", "F"))
    assert (found.docstring, dict(found.methods)) == ("Doc.", {"go(now)": "Go."})
    assert entry_of(Program("f = len\n", "f")).docstring == ""
    with pytest.raises(Rejected):
        entry_of(Program("def f(:\n", "f"))


@pytest.mark.parametrize("words", ['ends with "', "back\\", 'a """ b', "one\n\n  two", "  spaces  "])
def test_quoted_words_read_back(words: str) -> None:
    node = ast.parse(f"def f():\n    {quoted(words, '    ')}\n").body[0]
    assert isinstance(node, ast.FunctionDef)
    assert (ast.get_docstring(node) or "").strip() == inspect.cleandoc(words.strip()).replace('"""', "'''")
