"""Program text: what is refused before any compiler sees it, and when two programs are the same."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.errors import Rejected
from workbench.model import Program
from workbench.program.source import MAX_DEPTH, fingerprint, identity, parse, reads_itself

ROOT = Path(__file__).resolve().parents[2]


def nested(depth: int, body: str = "a = 1") -> str:
    """`finally` within `finally`; the compiler makes two copies of each, so 2 ** depth of the innermost."""
    return "\n".join(f"{' ' * d}try: pass\n{' ' * d}finally:" for d in range(depth)) + f"\n{' ' * depth}{body}\n"


EXITS = "def f(x):\n for i in x:\n  try:\n" + "   if x: return 1\n" * 1500 + "  finally:\n" + "   x = x + 1\n" * 1500


@pytest.mark.parametrize("text", [nested(19), nested(12, "a = 1\n" + " " * 12 + "b = 2; " * 400 + "c = 3"), EXITS])
def test_a_text_that_blows_up_in_the_compiler_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    for read in (parse, lambda source: fingerprint(Program(source, "f"))):
        with pytest.raises(Rejected, match="nested `finally`"):
            read(text)
    assert time.process_time() - began < 2
    parse(nested(4))


DEEP = {
    "sum": "x" + "+x" * 600, "signs": "-" * 600 + "x", "attributes": "x" + ".real" * 600, "lambdas": "lambda: " * 600 + "x",
    "choices": "x if x else " * 600 + "x",
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP)
def test_a_tree_too_deep_for_whoever_walks_it_is_refused(name: str) -> None:
    with pytest.raises(Rejected, match=rf"nested more than {MAX_DEPTH} levels|cannot be parsed"):
        parse(f"y = {DEEP[name]}\n")


def test_long_chains_of_choices_are_refused_and_ordinary_ones_are_not() -> None:
    def chain(length: int) -> str:
        return "if x == 0: y = 0\n" + "".join(f"elif x == {k}: y = {k}\n" for k in range(length))

    parse(chain(60))
    with pytest.raises(Rejected, match="elif"):
        parse(chain(300))


def test_a_program_is_the_same_in_every_process() -> None:
    code = (
        "from workbench.program.source import fingerprint; from workbench.model import Program; "
        'print(fingerprint(Program(\'def f(x):\\n    return x in {"a", "b", ("c", "d")} or x in {1, 2.5, "e"}\\n\', \'f\')))'
    )
    found = {
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, check=True,
                       capture_output=True, text=True).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(found) == 1


DOCUMENTED = "def f(x):\n    '{}'\n    return {}"
READS_DOCSTRING = (
    "f.__doc__", "getattr(f, '__do' + 'c__')", "ｇetattr(f, '__do' + 'c__')", "'{{0._' '_doc__}}'.format(f)", "vars(type(f))",
    "eval('f.__do' 'c__')", "(x for y in x).gi_code.co_consts[0]", "operator.attrgetter('__do' 'c__')(f)",
    "dataclasses.inspect.getdoc(f)", "numpy.info(f, output=x)",
)  # fmt: skip
LINE = "[e.__traceback__.tb_lineno for e in x]"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("def f(x):\n    'what'\n    return x", "def f(x):  # the same\n    'words'\n\n    return x", True),
        ("def f(x):\n    return 1", "def f(x):\n    return 1.0", False),
        ("def f(x):\n    return x in {1, 2}", "def f(x):\n    return x in {2, 1}", True),
        ("def f(x):\n    return x in {1, 2}", "def f(x):\n    return x in {1, 3}", False),
        ("def f(x):\n    return x", "def f(x):\n    assert x > 0\n    return x", False),
        ("def f(x):\n    assert x > 0, 'a'\n    return x", "def f(x):\n    assert (x > 0), 'a'  # layout\n    return x", True),
        ("def f(x):\n    return x", "def f(x):\n    if __debug__:\n        return 0\n    return x", False),
        *[(DOCUMENTED.format(1, ways), DOCUMENTED.format(2, ways), False) for ways in READS_DOCSTRING],
        (f"def f(x):\n    return {LINE}", f"\ndef f(x):\n    return {LINE}", False),
        ("def f():\n    for x in {0, 8, 16}: return x", "def f():\n    for x in {16, 8, 0}: return x", False),
    ],
)
def test_layout_does_not_count_and_meaning_does(one: str, other: str, same: bool) -> None:
    assert (fingerprint(Program(one, "f")) == fingerprint(Program(other, "f"))) is same


READING = (
    "__doc__ __wrapped__ getattr vars dir eval exec compile globals locals help attrgetter methodcaller format format_map vformat "
    "get_type_hints ForwardRef inspect _inspect sys _sys getdoc shortDescription info lookfor gi_code cr_frame ag_frame tb_next "
    "co_consts f_back f_code f_frame f_globals f_lineno f_locals tb_lineno"
).split()


def test_every_name_through_which_a_program_reads_itself_is_seen() -> None:
    assert [name for name in READING if not reads_itself(f"x = y.{name}")] == []
    assert not reads_itself("class A:\n    def __init__(self):\n        self.directory = self.evaluated = self.information = 1\n")


def test_the_identity_of_a_program_is_its_text() -> None:
    text = "def f(x):\n    'größer'\n    return x\n"
    assert identity(Program(text, "f")) == hashlib.sha256(text.encode()).hexdigest()
    others = [text + "\n", text.replace("größer", "kleiner"), text.replace("\n", "\r\n"), text + "# layout\n"]
    assert len({identity(Program(one, "f")) for one in [text, *others]}) == 5
