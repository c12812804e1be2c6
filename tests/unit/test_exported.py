"""The program in an exported module is the program, byte for byte; what its entry says of itself is read from its text."""

from __future__ import annotations

import ast
import bisect
import dataclasses
import heapq
import inspect
import textwrap

import pytest

from workbench.errors import Rejected
from workbench.exporting.entry import entry_of
from workbench.model import Program
from workbench.program.exported import BEGIN, END, unwrap, wrap

HEAD, TAIL = "# f.py: what it is\n#\n", f'PROVENANCE = {{"said": "\\n{END}\\n"}}\n'
LAYOUTS = {
    "no line end": "def f(a): return a",
    "blank lines around": "\n\n\ndef f(a):\n    return a\n\n\n",
    "blank lines in a text": 'A = """\n\n\n\n\n# EVOLVE-BLOCK-START\n__all__ = ["x"]\n\n"""\ndef f(): \n    return A  \n',
    "docstring, then the future": '"""g: 3"""\nfrom __future__ import annotations\ndef f(a: int): return float(__doc__[3:])\n',
    "windows": "'''Möre\r\n'''\r\ndef f(a):\r\n    # first\r\n    'old'\r\n    return a\r\n",
    "old macintosh": "def f(a):\r    return a\r",
    "form feeds and tabs": "def f(a):\n\tb = 'größer'; return b\n\x0c\n",
    "a mark in a text": f"def f(a):\n    return '''\n{END}\n'''\n",
    "main part": "def f(a): return a\nif __name__ == '__main__':\n    print(f(1))\n",
    "statements": "import math; print\nif math.pi > 3: UNUSED = 1\ndef f(a): pass\ndel UNUSED\n",
    **{module.__name__: f"{inspect.getsource(module)}\ndef f(a): pass" for module in (bisect, dataclasses, heapq, textwrap)},
}


@pytest.mark.parametrize("source", LAYOUTS.values(), ids=LAYOUTS)
def test_a_program_stands_in_a_module_byte_for_byte(source: str) -> None:
    text = wrap(HEAD, source, TAIL)
    assert unwrap(text) == source and unwrap(source) == source
    whole, alone = ast.parse(text), ast.parse(source)
    assert [ast.dump(node) for node in whole.body[:-1]] == [ast.dump(node) for node in alone.body]
    assert ast.get_docstring(whole) == ast.get_docstring(alone), "a program may read a constant from its docstring"


def test_modules_of_a_module_and_with_other_line_ends_are_taken_apart_too() -> None:
    source = "def f(a): return a\n"
    assert unwrap(wrap(HEAD, wrap(HEAD, source, TAIL), TAIL)) == source
    assert unwrap(wrap(HEAD, source, TAIL).replace("\n", "\r\n")).split() == source.split()
    assert BEGIN not in unwrap(wrap(HEAD, source, TAIL))


def test_entries_are_described() -> None:
    assert entry_of(Program("def f(a, *, b): 'Doc.'\n", "f")).parameters == ("a", "b")
    found = entry_of(Program("class F:\n    'Doc.'\n    def _h(self): 'x'\n    def go(self, now):\n        'Go.'\n", "F"))
    assert (found.docstring, dict(found.methods)) == ("Doc.", {"go(now)": "Go."})
    assert entry_of(Program("f = len\n", "f")).docstring == ""
    with pytest.raises(Rejected):
        entry_of(Program("def f(:\n", "f"))
