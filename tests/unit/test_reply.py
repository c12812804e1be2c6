"""Replies as models write them: which program they mean, or why they mean none."""

from __future__ import annotations

import ast
import time

import pytest

from workbench.errors import Rejected
from workbench.model import Program
from workbench.program import reply

PARENT = Program(
    '''"""Build an order."""

import math


def order(processing, due):
    """Return a permutation."""
    left, t, out = list(range(len(due))), 0, []
    while left:
        j = min(left, key=lambda i: priority(processing[i], due[i], t))
        left.remove(j)
        out.append(j)
        t += processing[j]
    return out


# EVOLVE-BLOCK-START
WEIGHT = 1.0


def priority(p, d, t):
    """Lowest goes first."""
    return WEIGHT * d
# EVOLVE-BLOCK-END
''',
    "order",
)
NEW = "def priority(p, d, t):\n    return max(d, t + p)"
WHOLE = "def order(processing, due):\n    return sorted(range(len(due)), key=due.__getitem__)\n"


def run(program: Program) -> list[int]:
    scope: dict[str, object] = {}
    exec(compile(program.source, "<test>", "exec"), scope)
    return scope[program.entry]([5, 1, 1], [9, 3, 2])  # type: ignore[operator]


def priority_of(program: Program) -> str:
    tree = ast.parse(program.source)
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "priority"]
    assert len(found) == 1
    return ast.unparse(found[0])


ANSWERS = {
    "fenced": f"Here it is:\n\n```python\n{NEW}\n```\nGood luck!",
    "fenced py": f"```py\n{NEW}\n```",
    "fenced capitals": f"```Python\n{NEW}\n```",
    "fenced without language": f"```\n{NEW}\n```",
    "tildes": f"~~~python\n{NEW}\n~~~",
    "attribute fence": f"```{{.python}}\n{NEW}\n```",
    "four backticks around": f"````markdown\n```python\n{NEW}\n```\n````",
    "indented fence": "1. Try\n   ```python\n" + "\n".join("   " + s for s in NEW.split("\n")) + "\n   ```",
    "opening fence after words": f"Sure: ```python\n{NEW}\n```",
    "closing fence glued to the code": f"```python\n{NEW}```",
    "one line": "```python def priority(p, d, t): return max(d, t + p)```",
    "windows line ends": f"```python\r\n{NEW}\r\n```".replace("\n", "\r\n"),
    "no-break spaces": f"```python\n{NEW}\n```".replace("    ", "\u00a0" * 4),
    "unfenced": NEW,
    "unfenced among prose": f"The new function is\n\n{NEW}\n\nIt follows the modified due date.",
    "prose that begins like code": f"from my analysis this follows:\n{NEW}\nimport costs do not matter.",
    "fence never closed": f"```python\n{NEW}\n",
    "thinking": f"<think>\n```python\ndef priority(p, d, t):\n    return p\n```\nno...\n</think>\n```python\n{NEW}\n```",
    "thinking, opened by the template": f"maybe p? ```python\ndef priority(p, d, t):\n    return p\n```\n</think>\n{NEW}",
    "thinking, never closed": f"<think>so the answer is\n```python\n{NEW}\n```",
    "nested thinking": f"<think>a<think>b</think>c</think>```python\n{NEW}\n```",
    "drafts first": f"```python\ndef priority(p, d, t):\n    return p\n```\nBetter:\n```python\n{NEW}\n```",
    "usage after": f"```python\n{NEW}\n```\nUse it so:\n```python\nprint(order([1, 2], [3, 4]))\n```",
    "sample output after": f"```python\n{NEW}\n```\nOutput:\n```\n[2, 1, 0]\n```",
    "shell before": f"```bash\npip install numpy\n```\n```python\n{NEW}\n```",
    "broken draft before": f"```python\ndef priority(p, d t):\n    return p\n```\nor\n```python\n{NEW}\n```",
    "next fence without an end to the first": f"```python\ndef priority(p, d, t):\n    return p\n```python\n{NEW}\n```",
    "usage inside": f"```python\n{NEW}\n\np, d = 3, 4\nprint(priority(p, d, 5))\nassert priority(1, 2, 3) == 4\n```",
    "fixed part repeated and spoilt": f"```python\n{NEW}\n\ndef order(processing, due):\n    return [priority(0, 0, left)]\n```",
    "markers repeated": f"```python\n# EVOLVE-BLOCK-START\nimport math\n{NEW}\n# EVOLVE-BLOCK-END\n```",
    "wrong name below a comment": f"```python\n# better\n\n\n{NEW.replace('priority(', 'better(')}  # done\n```",
    "wrong name": f"```python\n{NEW.replace('priority', 'improved_priority')}\n```",
    "parameter left out": "```python\ndef priority(d, p):\n    return max(d, t + p)\n```",
    "edit": "<<<<<<< SEARCH\n    return WEIGHT * d\n=======\n    return max(d, t + p)\n>>>>>>> REPLACE",
    "edit with blanks and fence": "```\n<<<<<<< SEARCH\n    return WEIGHT * d  \n=======\n"
    "    return max(d, t + p)\n>>>>>>> REPLACE\n```",
    "edit without indentation": "<<<<<<< SEARCH\nreturn WEIGHT * d\n=======\nreturn max(d, t + p)\n>>>>>>> REPLACE",
    "edits in a row": "<<<<<<< SEARCH\n    return WEIGHT * d\n=======\n    return max(d, t)\n>>>>>>> REPLACE\nthen\n"
    "<<<<<<< SEARCH\n    return max(d, t)\n=======\n    return max(d, t + p)\n>>>>>>> REPLACE",
}  # fmt: skip


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
def test_the_function_lands_in_the_parent(text: str) -> None:
    program = reply.parse(text, PARENT)
    assert "max(d, t + p)" in priority_of(program)
    assert program.source.startswith(PARENT.source[: PARENT.source.index("# EVOLVE")])  # the fixed part is as it was
    assert program.source.count("EVOLVE-BLOCK-START") == program.source.count("EVOLVE-BLOCK-END") == 1
    assert run(program) == [2, 1, 0]


def test_what_a_function_needs_comes_along() -> None:
    text = "```python\nfrom collections import deque\nLIMIT = 3\nUNUSED = 4\ndef half(x):\n    return x / LIMIT\n"
    text += "def priority(p, d, t):\n    return half(d) + len(deque()) + math.sqrt(p)\n```"
    source = reply.parse(text, PARENT).source
    inside = source[source.index("BLOCK-START") :]
    assert all(s in inside for s in ("import deque", "LIMIT = 3", "def half", "WEIGHT = 1.0")) and "UNUSED" not in source


def test_a_constant_of_the_block_is_replaced() -> None:
    source = reply.parse("```python\nWEIGHT = 7.0\ndef priority(p, d, t):\n    return WEIGHT * p\n```", PARENT).source
    assert "WEIGHT = 7.0" in source and "WEIGHT = 1.0" not in source


@pytest.mark.parametrize(
    ("body", "line"),
    [("math.sqrt(p)", "import math"), ("np.log1p(p)", "import numpy as np"), ("sqrt(p)", "from math import sqrt")],
)
def test_a_forgotten_import_is_added(body: str, line: str) -> None:
    parent = Program("def priority(p):\n    return p\n", "priority")
    program = reply.parse(f"```python\ndef priority(p):\n    return {body}\n```", parent)
    assert program.source.count(line) == 1
    scope: dict[str, object] = {}
    exec(program.source, scope)
    assert scope["priority"](4) > 1  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        NEW,
        NEW.replace(":\n", ":  # smallest first\n", 1),
        "def priority(p, d, t): return max(d, t + p)",
        "def priority(d, p):\n    return d + t",
        "def priority(p, d, t):\n  if t:\n    return d\n  return p",
        "def priority(\n    p,\n    d,\n    t,\n):\n    # its end\n    if t:\n        return max(d, t + p)\n    return d",
    ],
)
def test_a_contract_that_was_left_out_is_put_back(text: str) -> None:
    program = reply.parse(f"```python\n{text}\n```", PARENT)
    assert ast.get_docstring(ast.parse(priority_of(program)).body[0]) == "Lowest goes first."
    assert sorted(run(program)) == [0, 1, 2]


def test_a_whole_program_is_taken_as_it_is() -> None:
    program = reply.parse(f"```python\n{WHOLE}```", PARENT)
    assert "priority" not in program.source and run(program) == [2, 1, 0]


def test_a_whole_program_without_markers_gets_them_back() -> None:
    lines = [s for s in PARENT.source.split("\n") if "EVOLVE" not in s]
    text = "```python\n" + "\n".join(lines).replace("WEIGHT * d", "max(d, t + p)") + "```"
    source = reply.parse(text, PARENT).source
    block = source[source.index("EVOLVE-BLOCK-START") : source.index("EVOLVE-BLOCK-END")]
    assert "def priority" in block and "WEIGHT" in block and "def order" not in block


def test_a_parent_without_markers_is_merged_by_name() -> None:
    parent = Program("A = 2\ndef f(x):\n    return g(x)\ndef g(x):\n    return A * x\n", "f")
    source = reply.parse("```python\ndef g(x):\n    return A + x\n```", parent).source
    scope: dict[str, object] = {}
    exec(source, scope)
    assert scope["f"](5) == 7  # type: ignore[operator]


def test_a_class_in_the_block() -> None:
    parent = Program("# EVOLVE-BLOCK-START\nclass P:\n    def act(self):\n        return 1\n# EVOLVE-BLOCK-END\n", "P")
    source = reply.parse("```python\nclass P:\n    def act(self):\n        return 2\n```", parent).source
    assert "return 2" in source and "return 1" not in source and "EVOLVE-BLOCK-END" in source


def test_statements_that_share_a_line() -> None:
    source = reply.parse("```python\nA = 1; B = 2\ndef priority(p, d, t): return A * p\n```", PARENT).source
    assert "A = 1" in source and "B = 2" not in source


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ("A = 5", (5, 2, 3, 4)),
        ("A = 5\nB = 6", (5, 6, 3, 4)),
        ("B = 6\nD = 8", (1, 6, 3, 8)),
        ("C = 7", (1, 2, 7, 4)),
        ("C = 7\nD = 8", (1, 2, 7, 8)),
        ("D = A = 9", (9, 2, 3, 9)),
        ("def D(): pass\nD = 8", (1, 2, 3, 8)),
    ],
)
def test_what_an_answer_leaves_of_a_line_stays(answer: str, values: tuple[int, ...]) -> None:
    parent = Program("A, B = 1, 2  # ü\nC = 3; D = 4\ndef f():\n    return A, B, C, D\n", "f")
    scope: dict[str, object] = {}
    exec(reply.parse(f"```python\n{answer}\n```", parent).source, scope)
    assert scope["f"]() == values  # type: ignore[operator]


def test_ambiguous_in_the_program_but_unique_in_the_block() -> None:
    parent = Program("def a():\n    return 1\n# EVOLVE-BLOCK-START\ndef b():\n    return 1\n# EVOLVE-BLOCK-END\n", "b")
    source = reply.parse("<<<<<<< SEARCH\n    return 1\n=======\n    return 2\n>>>>>>> REPLACE", parent).source
    assert source.index("return 1") < source.index("EVOLVE") < source.index("return 2")


EDIT = "<<<<<<< SEARCH\n{}\n=======\n    x = 1\n>>>>>>> REPLACE"
REJECTS = {
    f"```python\n{NEW}\n```\nor\n```python\ndef priority(p, d t):\n    return p\n```": "line 7 .* cannot be read",
    "": "empty",
    "I am sorry, I cannot help with that.": "no code",
    "<think>let me see...</think>": "reasoning only",
    "<think>let me see... `d` is": "reasoning only",
    "```python\ndef priority(p, d, t):\n    if d >": "truncated",
    "<<<<<<< SEARCH\n    return WEIGHT * d\n=======\n    return max(": "truncated: edit 1 has no `>>>>>>> REPLACE`",
    "<<<<<<< SEARCH\n    return WEIGHT": "truncated: edit 1 has no `=======`",
    "```python\ndef priority(p, d, t):\n    return max(d, (t)\n```": "SyntaxError",
    "```python\ndef priority(jobs, machine):\n    return 1\n```": r"must keep its parameters \(p, d, t\)",
    "```python\ndef helper(x):\n    return x\n```": "does not define `priority`",
    "```python\nprint('hi')\n```": "does not define `priority`",
    "```python\nimport socket\ndef priority(p, d, t):\n    return socket.AF_INET\n```": "imports 'socket'",
    EDIT.format("    return nothing_of_the_kind"): "not in the program",
    EDIT.format(""): "empty SEARCH",
    (EDIT.format("    left.append(j)") + "\n") * 65: "65 edits",
    "```python\ndef priority(p, d, t):\n    return p\n```" + "x" * 400_001: "at most 400,000",
    "```python\nx = 1\0\n```": "cannot be parsed|null bytes",
    "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>": "no code",
    '{"error": {"message": "overloaded"}}': "no code",
    "```python\ndef priority(p, d, t):\n    return '\ud800'\n```": "UTF-8",
}


@pytest.mark.parametrize(("text", "reason"), REJECTS.items(), ids=[repr(t[:40]) for t in REJECTS])
def test_what_is_no_program_is_told_why(text: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        reply.parse(text, PARENT)


def test_several_places() -> None:
    parent = Program("def f(x):\n    x = 1\n    x = 1\n    return x\n", "f")
    with pytest.raises(Rejected, match="occurs several times"):
        reply.parse(EDIT.format("    x = 1"), parent)


def test_the_quoted_parent_does_not_stand_in_for_a_broken_answer() -> None:
    quoted = PARENT.source[PARENT.source.index("def priority") : PARENT.source.index("# EVOLVE-BLOCK-END")]
    with pytest.raises(Rejected, match="truncated"):
        reply.parse(f"Now:\n```python\n{quoted}```\nBetter:\n```python\ndef priority(p, d, t):\n    return max(", PARENT)


BOMBS = {
    "brackets": "```python\n" + "(" * 60_000,
    "braces": "```python\ndef priority(p, d, t):\n    return " + "{" * 190 + "1" + "}" * 190 + "\n```",
    "minus": "```python\ndef priority(p, d, t):\n    return " + "-" * 60_000 + "1\n```",
    "attributes": "```python\ndef priority(p, d, t):\n    return d" + ".a" * 30_000 + "\n```",
    "calls": "```python\ndef priority(p, d, t):\n    return " + "f(**" * 150 + "\n```",
    "lambdas": "```python\ndef priority(p, d, t):\n    return " + "lambda:" * 8_000 + "1\n```",
    "fences": "```\n" * 100_000,
    "tags": "<think>" * 50_000,
    "closing tags": "</think>" * 50_000,
    "statements": "```python\n" + "priority = 1;" * 4_900 + "\n```",
    "definitions": "```python\n" + "\n".join(f"def a{i}(): a{i + 1}" for i in range(2_500)) + "\npriority = a0\n```",
    "equal lines": "<<<<<<< SEARCH\n" + "x\n" * 60_000 + "=======\ny\n>>>>>>> REPLACE",
    "open edits": "<<<<<<< SEARCH\n" * 25_000,
    "assignments": "a = 1\nno\n" * 40_000,
    "colons": "a:" * 190_000,
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_hostile_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    try:
        reply.parse(text, Program(PARENT.source + "x = 1\n" * 5_000, "order"))
    except Rejected as error:
        assert len(str(error)) < 2_000
    assert time.process_time() - began < 2.0
