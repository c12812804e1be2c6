"""Another docstring for the entry of a program: every other line and all code stay what they were, whatever the layout."""

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
from workbench.exporting.readable import entry_of, quoted, with_docstring
from workbench.model import Program

WORDS = 'Back\\slash and """quotes""".\n\nSecond paragraph.'
READ = WORDS.replace('"""', "'''")


def documented(tree: ast.Module, entry: str) -> list[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """The module and its entry, where they have a docstring."""
    definitions = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and n.name == entry]
    return [n for n in (tree, *definitions[-1:]) if ast.get_docstring(n) is not None]


def meaning(source: str, entry: str) -> str:
    """The tree without these docstrings."""
    tree = ast.parse(source)
    for node in documented(tree, entry):
        node.body = node.body[1:]
    return ast.dump(tree)


def other_lines(source: str, entry: str) -> list[str]:
    """The lines on which none of these docstrings stands."""
    within = {
        line
        for node in documented(ast.parse(source), entry)
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    return [text for line, text in enumerate(source.strip("\n").splitlines(), 1) if line not in within]


@pytest.mark.parametrize("module", [bisect, dataclasses, heapq, statistics, textwrap], ids=lambda m: m.__name__)
def test_real_modules_keep_their_code_and_their_lines(module: ModuleType) -> None:
    source = inspect.getsource(module)
    definitions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    definitions = [n for n in definitions if n.body[0].lineno > n.lineno]
    for node in definitions[:: max(1, len(definitions) // 4)]:
        own, text = with_docstring(Program(source, node.name), WORDS)
        assert own == inspect.cleandoc(module.__doc__ or "")
        assert meaning(text, node.name) == meaning(source, node.name)
        assert ast.get_docstring(documented(ast.parse(text), node.name)[-1]) == READ
        assert "\n".join(other_lines(text, node.name)) == "\n".join(other_lines(source, node.name)).strip("\n")


@pytest.mark.parametrize(
    "source",
    [
        "def f(a): return a\n",
        "def f(a): 'old'\n",
        "def f(a): 'old'; return a\n",
        "def f(a): \\\n    return a\n",
        "def f(\n  a,  # ) (\n  b=')',\n  *rest,\n  c=(1)\n): return a\n",
        "def f(a: float):\n\tb = 'größer'; return b\n",
        "def f(a):\r\n    # first\r\n    'old'\r\n    return a\r\n",
        "'''Möre'''; import math\nclass f:\n    @staticmethod\n    def g(x):\n        return x\n",
        "class f:\n\tdef __init__(self, a): self.a = a\n",
        "class f:\n\n    'old' 'er'  # kept\n\n    @property\n    def g(self): pass\n",
        "class f: pass\n",
        "@staticmethod\ndef f(a): pass\n",
        "async def f(a): return a\n",
    ],
)
def test_docstrings_fit_every_layout(source: str) -> None:
    own, text = with_docstring(Program(source, "f"), WORDS)
    assert own == ("Möre" if "Möre" in source else "")
    assert meaning(text, "f") == meaning(source, "f")
    assert ast.get_docstring(documented(ast.parse(text), "f")[-1]) == READ
    assert ("# kept" in source) == ("# kept" in text) and ("# first" in source) == ("# first" in text)


def test_texts_imports_and_the_main_part_stay_as_they_are() -> None:
    rest = (
        "from __future__ import annotations\nimport numpy as np, heapq; import math\nfrom re import *\n# EVOLVE-BLOCK-START: here\n"
        'A = """\n\n\n\n\n# EVOLVE-BLOCK-START\n__all__ = ["x"]\n\r\n"""\n\n\n\n\n__all__ = ["f"]\n'
        "def f(): \n    return A  # EVOLVE-BLOCK-END kept\n    # EVOLVE-BLOCK-END\n"
        'if __name__ == "__main__":\n    print(f())\n'
    )
    own, text = with_docstring(Program(f'"""About."""  # me\n\n\n{rest}', "f"), "Doc.")
    assert own == "About."
    assert text == rest.replace("\r\n", "\n").replace("def f(): \n", 'def f(): \n    """Doc."""\n')


def test_a_program_whose_entry_is_no_definition_stays_whole() -> None:
    assert with_docstring(Program("f = len\n", "f"), "Doc.") == ("", "f = len\n")


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
