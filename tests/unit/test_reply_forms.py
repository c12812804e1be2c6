"""Forms in which models answer, each with where it was reported: the program that is meant, or why there is none."""

from __future__ import annotations

import ast
import time

import pytest

from tests.unit.test_reply import NEW, PARENT, WHOLE, priority_of, run
from workbench.errors import Rejected
from workbench.model import Program
from workbench.program import reply
from workbench.program.splice import bound_at_top

OLD, LINE = "    return WEIGHT * d", "    return max(d, t + p)"
HALVED = "def priority(p, d, t):\n    return half(max(d, t + p))"
HALF = "def half(x):\n    return x / PARTS"
EXAMPLE = '''def priority(p, d, t):
    """Lowest goes first.

    ```python
    def priority(p, d, t):
        return 0
    ```
    """
    return max(d, t + p)'''


def edit(
    old: str = OLD, new: str = LINE, first: str = "<<<<<<< SEARCH", middle: str = "=======", last: str = ">>>>>>> REPLACE"
) -> str:
    return f"{first}\n{old}\n{middle}\n{new}\n{last}"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


FORMS = {
    "longer fence around a shorter one (CommonMark)": f"`````python\n{NEW}\n`````",
    "closed by a longer fence (CommonMark)": f"```python\n{NEW}\n``````",
    "tildes that hold backticks (CommonMark)": "~~~~python\n" + EXAMPLE + "\n~~~~",
    "fence in a docstring (smolagents 1219, MetaGPT 1923)": f"```python\n{EXAMPLE}\n```\nThat is all.",
    "bare fence in a docstring (smolagents 1219)": "```python\n" + EXAMPLE.replace("```python", "```") + "\n```",
    "fence in a docstring of a longer fence (CommonMark)": f"````python\n{EXAMPLE}\n````",
    "markdown in markdown (MetaGPT 1984)": f"```markdown\nThe answer:\n```python\n{NEW}\n```\n```",
    "longer fence of another kind around (CommonMark)": f"````\nThe answer:\n```python\n{NEW}\n```\n````",
    "quoted fence (CommonMark)": quoted(f"```python\n{NEW}\n```"),
    "title behind the language (MkDocs)": f'```python title="priority.py" linenums="1"\n{NEW}\n```',
    "version of the language": f"```python 3.11\n{NEW}\n```",
    "unindented code below an indented fence": f"- so:\n   ```python\n{NEW}\n   ```",
    "text of a string below the margin": '   ```python\n   def priority(p, d, t):\n       """Lowest\ngoes first."""\n'
    "       return max(d, t + p)\n   ```",
    "several fences, one to run (Kaggle benchmarks 21)": f"```bash\nx = 1\n```\n```python\n{NEW}\n```\n```text\npriority = 3\n```",
    "byte order mark in the fence": f"```python\n\ufeff{NEW}\n```",
    "characters without width": f"```python\n\u200b{NEW}\n```",
    "half a surrogate outside the code (aider 3693)": f"Done \ud83d\n```python\n{NEW}\n```",
    "NUL outside the code": f"\0Done\n```python\n{NEW}\n```",
    "unfenced with a text at the margin": "\ufeff"
    'def priority(p, d, t):\n    """Lowest\ngoes first."""\n    return max(d, t + p)\nIt is done.',
    "old markers of cline (cline 4264)": edit(first="------- SEARCH", last="+++++++ REPLACE"),
    "markers of two kinds (cline 4216)": edit(first="------- SEARCH"),
    "bracket behind the word (cline 4427)": edit(first="------- SEARCH>", last="+++++++ REPLACE>"),
    "fewer brackets (cline 2334)": edit(first="<<< SEARCH", middle="===", last=">>> REPLACE"),
    "more brackets (cline 2334)": edit(first="<<<<<<<<<<< SEARCH", middle="===========", last=">>>>>>>>>>> REPLACE"),
    "no blank (cline 2334)": edit(first="<<<<<<<SEARCH", last=">>>>>>>REPLACE"),
    "name of a file behind the marker (aider)": edit(first="<<<<<<< SEARCH priority.py"),
    "ORIGINAL and UPDATED (aider)": edit(first="<<<<<<< ORIGINAL", last=">>>>>>> UPDATED"),
    "quoted edit": quoted(edit()),
    "quoted edit, its markers alone": edit(first="> <<<<<<< SEARCH", middle="> =======", last="> >>>>>>> REPLACE"),
    "a margin of non-breaking blanks before a quoted edit": "\n".join(f"\u00a0{line}" for line in quoted(edit()).split("\n")),
    "a margin of non-breaking blanks before a quoted fence": f"A draft:\n\u00a0> ```python\n\u00a0> {NEW}\n\u00a0> ```".replace(
        "\n    ", "\n\u00a0>     "
    ),
    "unfenced with its parameters in several lines": (
        f"{HALF}\n\n\nPARTS = 1\n\n\n{EXAMPLE.replace('(p, d, t):', '(p,' + chr(10) + 'd,' + chr(10) + 't):', 1)}"
    ),
    "fences within an edit (aider)": edit(f"```python\n{OLD}\n```", f"```python\n{LINE}\n```"),
    "words before fences": f"SEARCH:\n```python\n{OLD}\n```\nREPLACE:\n```python\n{LINE}\n```\nGood luck!",
    "bold words before fences": f"**SEARCH:**\n\n```\n{OLD}\n```\n\n**REPLACE WITH:**\n\n```\n{LINE}\n```",
    "words in one fence": f"```\nSEARCH:\n{OLD}\nREPLACE:\n{LINE}\n```\nGood luck!",
    "words alone": f"SEARCH:\n{OLD}\nREPLACE:\n{LINE}",
    "ORIGINAL: and UPDATED:": f"### ORIGINAL:\n```python\n{OLD}\n```\n### UPDATED:\n```python\n{LINE}\n```",
    "other blanks within a line (OpenEvolve 346)": edit("    return  WEIGHT*d"),
    "blank line left out (OpenEvolve 346)": edit(
        'WEIGHT = 1.0\ndef priority(p, d, t):\n    """Lowest goes first."""\n' + OLD, f"{NEW}\n"
    ),
    "tabs for blanks": edit("\treturn WEIGHT * d", "\treturn max(d, t + p)"),
    "first line without its indentation": edit('"""Lowest goes first."""\n' + OLD, '"""Lowest goes first."""\n' + LINE),
    "cut line, shown by an ellipsis": edit('    """Lowest goes...\n' + OLD, '    """Lowest goes...\n' + LINE),
    "last line cut": edit(OLD + "\n# EVOLVE-BLOCK-E", LINE + "\n# EVOLVE-BLOCK-E"),
    "line of equal signs within an edit (codepilot1c 73)": edit(
        OLD, '    """\n    Title\n    =======\n    """\n' + LINE
    ),
    "nothing to put in place (AssemblyZero 2918)": edit('    """Lowest goes first."""', '    """Lowest first."""')
    + "\n"
    + edit(OLD, LINE)
    + "\n<<<<<<< SEARCH\nWEIGHT = 1.0\n=======\n>>>>>>> REPLACE",
    "edit beside the quoted parent": f"Now:\n```python\ndef priority(p, d, t):\n{OLD}\n```\n{edit()}",
    "edit and the whole program": f"{edit()}\nSo:\n```python\ndef priority(p, d, t):\n{LINE}\n```",
}  # fmt: skip


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
def test_the_program_that_is_meant(text: str, ends: str) -> None:
    program = reply.parse(text.replace("\n", ends), PARENT)
    assert "return max(d, t + p)" in priority_of(program) and "WEIGHT *" not in program.source
    assert program.source.startswith(PARENT.source[: PARENT.source.index("# EVOLVE")])  # the fixed part is as it was
    assert run(program) == [2, 1, 0]


JOINED = {
    "helper before": f"```python\nPARTS = 2\n{HALF}\n```\nand\n```python\n{HALVED}\n```",
    "helper behind": f"```python\n{HALVED}\n```\nwith\n```python\n{HALF}\n\n\nPARTS = 2\n```",
    "each alone": f"```python\nPARTS = 2\n```\n```python\n{HALF}\n```\n```python\n{HALVED}\n```",
    "a draft that holds the helper": f"```python\nPARTS = 2\n{HALF}\ndef priority(p, d, t):\n    return half(p)\n```\n"
    f"```python\n{HALVED}\n```",
    "helper in a fence, function in an edit": f"```python\nPARTS = 2\n{HALF}\n```\n" + edit(OLD, "    return half(max(d, t + p))"),
    "usage behind": f"```python\nPARTS = 2\n{HALF}\n```\n```python\n{HALVED}\n```\n```python\nprint(half(3))\n```",
}  # fmt: skip


@pytest.mark.parametrize("text", JOINED.values(), ids=JOINED)
def test_fences_that_make_the_program_together(text: str) -> None:
    program = reply.parse(text, PARENT)
    assert "half(max(d, t + p))" in priority_of(program) and "print" not in program.source
    assert program.source.count("def half") == program.source.count("PARTS = 2") == 1
    assert "def half" in program.source[program.source.index("BLOCK-START") :] and run(program) == [2, 1, 0]


def test_helpers_of_a_whole_program_in_another_fence() -> None:
    text = "```python\nimport math\ndef key(x):\n    return math.sqrt(x)\n```\n"
    text += '```python\n"""Whole."""\nfrom __future__ import annotations\n'
    program = reply.parse(text + WHOLE.replace("due.__getitem__", "lambda i: key(due[i])") + "```", PARENT)
    assert run(program) == [2, 1, 0] and "priority" not in program.source


def test_two_functions_of_the_block_in_two_fences() -> None:
    parent = Program("# EVOLVE-BLOCK-START\nA = 1\ndef f(x):\n    return g(x)\ndef g(x):\n    return x\n# EVOLVE-BLOCK-END\n", "f")
    text = "```python\ndef g(x):\n    return 2 * x\n```\n```python\ndef f(x):\n    return 3 * g(x)\n```\n```python\nA = 7\n```"
    scope: dict[str, object] = {}
    exec(reply.parse(text, parent).source, scope)
    assert scope["f"](5) == 30 and scope["A"] == 7  # type: ignore[operator]


def test_what_a_string_holds_is_kept() -> None:
    text = '```python\ndef priority(p, d, t):\n    """A\u00a0b  \n\n\tc"""\n\u00a0\u00a0\u00a0 return len("\u00a0\u200b")\n```'
    node = bound_at_top(ast.parse(reply.parse(text, PARENT).source))["priority"]
    assert isinstance(node, ast.FunctionDef)
    assert ast.get_docstring(node, clean=False) == "A\u00a0b  \n\n\tc" and '"\\xa0\\u200b"'.replace('"', "'") in ast.unparse(node)


def test_an_edit_changes_nothing_else() -> None:
    parent = Program('X = """a  \n b\t\n"""\r\ndef f():\n    return 1\nY = 2  \n', "f")
    assert reply.parse(edit("return 1", "return 2"), parent).source == parent.source.replace("return 1", "return 2")


def test_indentation_that_would_move_a_line_out_of_its_loop_is_refused() -> None:
    parent = Program("def f(x):\n    for i in x:\n        a = i\n        b = i\n    c = 2\n    return a + b + c\n", "f")
    with pytest.raises(Rejected, match=r"edit 1 \(line 1 of the reply\): .* lacks the program's indentation in 'c = 2'"):
        reply.parse(edit("b = i\nc = 2", "b = 0\nc = 3"), parent)
    with pytest.raises(Rejected, match="how far to indent 'd = 4' is unclear"):
        reply.parse(edit("b = i\n    c = 2", "b = i\n      d = 4\n    c = 2"), parent)


REFUSED = {
    "an edit without its end, then another": (
        f"<<<<<<< SEARCH\n{OLD}\n=======\n{LINE}\n\n{edit('WEIGHT = 1.0', 'WEIGHT = 2.0')}",
        r"edit 1 \(line 1 of the reply\) has no `>>>>>>> REPLACE` line before the next begins in line 6",
    ),
    "an edit without its middle, then another": (
        f"Begin\n<<<<<<< SEARCH\n{OLD}\n>>>>>>> REPLACE\n{edit()}", r"edit 1 \(line 2 of the reply\) has no `=======` line",
    ),
    "an end without a beginning": (
        f"{OLD}\n=======\n{LINE}\n>>>>>>> REPLACE", "line 4 of the reply, `>>>>>>> REPLACE`, belongs to no edit"
    ),
    "cut by the provider": ("", "truncated"),
    "a line that goes on": (edit("    return WEIGHT *", LINE), r"goes on after 'return WEIGHT \*'; copy whole lines"),
    "words between the parts": (
        f"SEARCH:\n```\n{OLD}\n```\nwhich is slow\nREPLACE:\n```\n{LINE}\n```", "line 5 of the reply stands between",
    ),
    "words behind an unfenced part": (
        f"SEARCH:\n{OLD}\nREPLACE:\n{LINE}\nDone", "line 5 of the reply, 'Done', may be words or code",
    ),
    "SEARCH: alone": (
        f"SEARCH:\n```\n{OLD}\n```\nREPLACE:\n```\n{LINE}\n```\nSEARCH:\n```\nWEIGHT = 1.0\n```", "line 9 .* no counterpart",
    ),
    "code left out": (f"```python\ndef priority(p, d, t):\n    # ... rest of the code unchanged\n{LINE}\n```", "leaves code out"),
    "code left out by an edit": (edit(OLD, f"    # rest of the function\n{LINE}"), "leaves code out"),
    "two fences that contradict": (
        f"```python\n{WHOLE}```\nand with\n```python\n{NEW}\n```", "line 2 of the reply defines `order` in another way",
    ),
    "an edit and a fence that contradict": (
        f"{edit()}\n```python\ndef priority(p, d, t):\n    return p\n```", "defines `priority` in another way",
    ),
    "a draft, then code that breaks off": (
        f"```python\n{NEW}\n```\nBetter:\n```python\ndef priority(p, d, t):\n    x = (", "truncated: .* line 7",
    ),
    "a draft, then parameters that do not fit": (
        f"```python\n{NEW}\n```\n```python\ndef priority(jobs, now):\n    return 1\n```", "parameters",
    ),
    "a broken fence that defines what the program uses": (
        "```python\nWEIGHT = 2.5\n``\n\nand\n```python\ndef priority(p, d, t):\n    return WEIGHT * p\n```", "line 2 .* `WEIGHT`",
    ),
    "an assignment outside the fences that contradicts": (
        "WEIGHT = 2.5\n```\nand\n```python\ndef priority(p, d, t):\n    return WEIGHT * p\n```",
        "line 1 .* `WEIGHT` in another way",
    ),
    "a value on the line after its return": (
        "```python\ndef priority(p, d, t):\n    return\nd\n```", r"'d' \(line 3\) has no effect",
    ),
    "an assignment in a list whose fence has lost its beginning": (
        "- so:\n   WEIGHT = 2.5\n   ```\n\n```python\ndef priority(p, d, t):\n    return WEIGHT * p\n```", "line 2 .* `WEIGHT`",
    ),
    "a line of a quoted edit that has lost its sign": (
        quoted(f"**ORIGINAL:**\n```\nWEIGHT = 1.0\n{OLD}\n```\n**UPDATED:**\n```\n{LINE}\n```").replace(f"> {OLD}", OLD),
        "line 4 of the reply, '    return WEIGHT \\* d', is not quoted",
    ),
    "the end of a quoted edit that has lost its sign": (
        quoted(f"**ORIGINAL:**\n```\n{OLD}\n```\n**UPDATED:**\n```\n{LINE}\n```").replace(f"> {LINE}", LINE),
        "truncated: the fence in line 6 is not closed",
    ),
    "a value on the line after its name, in an edit": (
        edit(OLD, "    s\n\n    return d"), r"'s' \(line 23\) has no effect",
    ),
    "an answer at the margin, below its function": (
        f"{HALF}\n\nPARTS = 2\n\ndef priority(p, d, t):\n    \"\"\"Lowest.\"\"\"\n\nreturn half(d)\n", "stands outside a function",
    ),
    "an assignment between the halves of broken fences": (
        '- so:\nSure:  ```python title="x.py"\n   WEIGHT = 2.5\n   ```\n\nand\n\n'
        "```\ndef priority(p, d, t):\n    return WEIGHT * p\n```",
        "line 3 .* `WEIGHT` in another way",
    ),
    "a value for a function": (f"```python\n{NEW}\n```\n```\npriority = 3\n```", "line 6 of the reply makes `priority` a value"),
    "a helper that is missing": ("```python\ndef priority(p, d, t):\n    return half(p)\n```", "line 23 .* reads `half`"),
    "markers that were wrapped": (
        f"<<<<<<<\nSEARCH\n{OLD}\n=======\n{LINE}\n>>>>>>>\nREPLACE\n```python\n{NEW}\n```", "line 1 of the reply, `<<<<<<<`",
    ),
    "ORIGINAL: alone": (f"ORIGINAL:\n```\n{OLD}\n```", "no counterpart"),
    "NUL in the code": (f"```python\n{NEW} + '\0'\n```", "line 2 of the source cannot be parsed: it contains null bytes"),
    "half a surrogate in the code": (
        f"```python\n{NEW} + '\ud83d'\n```", "line 2 of the source contains characters that UTF-8 cannot",
    ),
    "NUL in an edit": (edit(OLD, LINE + "\0"), "null bytes"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_clear_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        reply.parse(text or f"```python\n{NEW}\n```", PARENT, truncated=not text)


def test_a_fence_that_is_not_closed_counts_as_cut_where_nobody_says_why_the_reply_ended() -> None:
    text = f"Begin\n```python\n{NEW}\n"
    assert "max(d, t + p)" in priority_of(reply.parse(text, PARENT, truncated=False))
    with pytest.raises(Rejected, match="the fence in line 2 is not closed"):
        reply.parse(text, PARENT, truncated=None)


def test_every_form_of_edit_counts_as_one() -> None:
    shown = [text for text in FORMS.values() if "SEARCH" in text or "ORIGINAL" in text]
    assert len(shown) > 20 and all(reply.has_edits(text) for text in shown) and not reply.has_edits(f"```python\n{NEW}\n```")


BOMBS = {
    "backticks": "a" + "`" * 390_000 + "x",
    "backticks and breaks": "x ```\n```` y\n" * 30_000,
    "quotations": "> " * 190_000 + "```",
    "quoted lines": "> > > ```\n" * 39_000,
    "strings that never end": '```python\n"""\n```\n' * 20_000,
    "one string over many fences": '```python\nx = """\n' + "```\n" * 95_000,
    "quotes": "```python\n" + "'\"" * 190_000,
    "nested fences": "\n".join("`" * n for n in range(850, 2, -1)),
    "dividers": "<<<<<<< SEARCH\n" + "=======\n" * 48_000 + ">>>>>>> REPLACE",
    "words": "SEARCH:\nx\nREPLACE:\ny\n" * 15_000,
    "markers": "<" * 390_000, "dashes": "-" * 390_000, "stars": "*" * 390_000 + "SEARCH:",
    "cuts": "<<<<<<< SEARCH\n" + "x = 1...\n" * 40_000 + "=======\ny\n>>>>>>> REPLACE",
    "helpers": "".join(f"```python\ndef a{i}():\n    return a{i + 1}()\n```\n" for i in range(5_000)) + f"```python\n{HALVED}\n```",
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_hostile_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    try:
        reply.parse(text, Program(PARENT.source + "x = 1\n" * 5_000, "order"))
    except Rejected as error:
        assert len(str(error)) < 2_000
    assert time.process_time() - began < 3.0
