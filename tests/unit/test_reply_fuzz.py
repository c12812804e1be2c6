"""Replies written around known programs, whole and damaged: what is read is that program or refused with a line, never another."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as some

from tests.unit.test_reply import PARENT
from workbench.errors import Rejected
from workbench.model import Program
from workbench.program import reply
from workbench.program.splice import bound_at_top

TERMS = ["d", "p", "t + p", "max(d, t + p)", "-p", "d / (1 + p)", "abs(d - t)", "min(p, 3)", "len('`=<>#')", "(d\n        + t)"]
DOCSTRINGS = [
    "",
    '    """Lowest goes first."""\n',
    '    """Lowest.\n\n    ```python\n    def priority(p, d, t):\n        return 0\n    ```\n    """\n',
    "    '''Lowest.\n\n    ```\n    >>> priority(1, 2, 3)\n    5\n    ```\n    '''\n",
    '    """Title\n    =======\n\n    ~~~\n    sample\n    ~~~\n    """\n',
    '    """Lowest\ngoes\u00a0first: SEARCH or "REPLACE".  \n\n    It\'s so.\n    """\n',
    '    # a comment with """ and ``` in it\n',
]
HALF = "def half(x):\n    return x / PARTS\n"
HELPERS = ["", HALF, HALF.replace(":\n", ':\n    """\n    ```\n    half(2)\n    ```\n    """\n')]
OLD_FUNCTION = PARENT.source[PARENT.source.index("def priority") : PARENT.source.index("# EVOLVE-BLOCK-END")].strip("\n")
BEGIN, END = "\ue000", "\ue001"  # around each piece of a reply while it is written
MARKS, NAMES = ("```", "~~~", "<<<", ">>>", "===", "---", "+++"), ("SEARCH", "REPLACE", "ORIGINAL", "UPDATED")
DAMAGES = ["drop", "twice", "bracket", "behind", "before", "indent", "one", "wrap", "odd", "cut"]
WORDS = ["", "Here it is.", "It's faster: `max(d, t)` \u2014 see (below", "1. First\n2. Then", "> as you said", "\ufeff", "Idea: x"]


@dataclass(frozen=True)
class Meant:
    """What a model has in mind: the definitions of the block."""

    docstring: str
    body: str
    helper: str
    constant: str

    @property
    def function(self) -> str:
        """The function that decides."""
        inner = f"half({self.body})" if self.helper else self.body
        return f"def priority(p, d, t):\n{self.docstring}    s = {inner}\n    if s > 2:\n        s = WEIGHT * s\n    return s"

    @property
    def needed(self) -> list[str]:
        """What the function needs, one definition each."""
        return [*([self.constant] if self.constant else []), *(["PARTS = 2", self.helper] if self.helper else [])]

    @property
    def inside(self) -> str:
        """All of it."""
        return "\n\n".join([*self.needed, self.function])


meant = some.builds(
    Meant,
    some.sampled_from(DOCSTRINGS),
    some.sampled_from(TERMS),
    some.sampled_from(HELPERS),
    some.sampled_from(["", "WEIGHT = 2.5"]),
)


@some.composite
def fence(draw: some.DrawFn, code: str) -> str:
    """Some fence that CommonMark or habit allows around a code."""
    text = draw(_fence(code))
    lead = "- so:\n" if text.startswith("- so:\n") else ""
    return f"{lead}{BEGIN}{text.removeprefix(lead)}{END}"


@some.composite
def _fence(draw: some.DrawFn, code: str) -> str:
    mark = "```" if draw(some.integers(0, 3)) else draw(some.sampled_from("`~")) * draw(some.integers(3, 6))
    language = draw(some.sampled_from(["python", "python", "py", "Python", "", "{.python}", 'python title="x.py"', "python3"]))
    text = f"{mark}{language}\n{code}\n{mark}"
    how = draw(some.sampled_from(["plain", "plain", "plain", "quoted", "listed", "marked", "outer", "glued"]))
    if how == "quoted":
        return quoted(text)
    if how == "listed":
        return "- so:\n" + "\n".join(f"   {line}" for line in text.split("\n"))
    if how == "outer":
        return f"{'`' * 8}markdown\n{text}\n{'`' * 8}"
    if how == "marked":
        return f"{mark}{language}\n\ufeff{code}\n{mark}"
    return f"{mark}{language}\n{code}{mark}" if how == "glued" else text


@some.composite
def edited(draw: some.DrawFn, old: str, new: str) -> str:
    """Some edit."""
    first, middle, last = draw(
        some.sampled_from(
            [
                ("<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"),
                ("<<<<<<<<< SEARCH", "=========", ">>>>>>>>> REPLACE"),
                ("<<< SEARCH", "===", ">>> REPLACE"),
                ("------- SEARCH", "=======", "+++++++ REPLACE"),
                ("<<<<<<< ORIGINAL", "=======", ">>>>>>> UPDATED"),
                ("SEARCH:\n~~~~~~~", "~~~~~~~\nREPLACE:\n~~~~~~~", "~~~~~~~"),
                ("**ORIGINAL:**\n`````python", "`````\n\n**UPDATED:**\n`````python", "`````"),
            ]
        )
    )
    text = f"{first}\n{old}\n{middle}\n{new}\n{last}"
    return f"{BEGIN}{quoted(text) if draw(some.integers(0, 4)) == 0 else text}{END}"


def quoted(text: str) -> str:
    """A text as markdown quotes it."""
    return "\n".join(f"> {line}" for line in text.split("\n"))


@some.composite
def written(draw: some.DrawFn, wanted: Meant) -> str:
    """A reply that means a program, in some form, with some company."""
    words = some.sampled_from(WORDS)
    form = draw(some.sampled_from(["block", "whole", "fences", "function first", "edit", "edit and fence", "bare"]))
    draft = "def priority(p, d, t):\n    return 17 * p"
    company = [draw(fence(draft))] if draw(some.integers(0, 3)) == 0 and "edit" not in form else []
    if draw(some.integers(0, 3)) == 0:
        company.append(draw(fence(OLD_FUNCTION)))
    if form == "bare":
        return f"{draw(some.sampled_from(WORDS[:2]))}\n\n{wanted.inside}\n\nThat is all."
    if form == "whole":
        source = PARENT.source.replace("WEIGHT = 1.0\n\n\n", "") if wanted.constant else PARENT.source
        parts = [draw(fence(source.replace(OLD_FUNCTION, wanted.inside)))]
    elif form == "block":
        parts = [draw(fence(wanted.inside))]
    elif form == "edit":
        old = f"WEIGHT = 1.0\n\n\n{OLD_FUNCTION}"
        parts = [draw(edited(old, wanted.inside if wanted.constant else f"WEIGHT = 1.0\n{wanted.inside}"))]
    elif form == "edit and fence":
        assume(not wanted.constant)
        parts = [draw(edited(OLD_FUNCTION, wanted.function)), *(draw(fence(code)) for code in wanted.needed)]
    else:
        parts = [draw(fence(code)) for code in [*wanted.needed, wanted.function]]
        parts = parts[::-1] if form == "function first" else parts
    usage = ["```python\nprint(order([1, 2], [3, 4]))\n```", "```text\npriority = 3\n```", "```bash\npip install x\n```"]
    if draw(some.integers(0, 2)) == 0:
        parts.append(draw(some.sampled_from(usage)))
    event(form)
    text = "\n\n".join(f"{draw(words)}\n\n{part}" for part in [*company, *parts]) + f"\n\n{draw(words)}\n"
    return text.replace("\n", draw(some.sampled_from(["\n", "\n", "\r\n"])))


def of_block(program: Program | str) -> dict[str, str]:
    """Definitions by name, without layout; the docstring of the function counts, that which is put back does not."""
    source = program if isinstance(program, str) else program.source
    found = {}
    for name, node in bound_at_top(ast.parse(source)).items():
        found[name] = ast.dump(node)
    return found


def expected(wanted: Meant) -> dict[str, str]:
    """What the program must define."""
    inside = wanted.inside
    if wanted.docstring.lstrip().startswith("#") or not wanted.docstring:
        inside = inside.replace("def priority(p, d, t):\n", 'def priority(p, d, t):\n    """Lowest goes first."""\n')
    return of_block(PARENT.source) | of_block(inside)


def same(program: Program, wanted: Meant) -> bool:
    """Whether a program is the one that is meant, with its own docstring or the contract's."""
    found, should = of_block(program), expected(wanted)
    bare = of_block(PARENT.source) | of_block(wanted.inside)
    return found in (should, bare)


def read(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A reply without the signs of where its pieces are, and where they are."""
    plain = text.replace(BEGIN, "").replace(END, "")
    begins, ends = ([i for i, c in enumerate(text) if c == sign] for sign in (BEGIN, END))
    return plain, [(a - 2 * k, b - 2 * k - 1) for k, (a, b) in enumerate(zip(begins, ends, strict=True))]


def does(source: str) -> dict[str, str]:
    """What the definitions that a program runs do: without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    bound, found, pending = bound_at_top(tree), dict[str, str](), ["order"]
    while pending:
        if (name := pending.pop()) in bound and name not in found:
            found[name] = ast.dump(bound[name])
            pending += [node.id for node in ast.walk(bound[name]) if isinstance(node, ast.Name)]
    return found


@some.composite
def damaged(draw: some.DrawFn, wanted: Meant) -> str:
    """A reply with damages that leave a trace: a cut between two pieces, for instance, only the provider can tell."""
    text, pieces = read(draw(written(wanted)))
    for damage in draw(some.lists(some.sampled_from(DAMAGES), min_size=1, max_size=2)):
        event(damage)
        lines = text.split("\n")
        outer = [line.removeprefix("> ") for line in lines]  # what is deeper belongs to the program
        markup = [i for i, s in enumerate(outer) if s[:4].strip() and (s.strip()[:3] in MARKS or s.strip("*:\r") in NAMES)]
        at = draw(some.sampled_from(markup or [0]))
        match damage:
            case "drop":
                del lines[at]
            case "twice":
                lines.insert(at, lines[at])
            case "bracket":
                lines[at] = lines[at][1:] if draw(some.booleans()) else lines[at][:-1]
            case "behind":
                lines[at] += draw(some.sampled_from([" ", "```", ">", " x", " \ud83d", "\0"]))
            case "before":
                lines[at] = draw(some.sampled_from(["Sure: ", "- ", "> ", "# ", "\ufeff", "\0"])) + lines[at]
            case "indent":
                margin = draw(some.sampled_from([" ", "   ", "    ", "\t", "\u00a0"]))
                lines = [f"{margin}{line}" for line in lines]
            case "one":
                lines[at] = draw(some.sampled_from([" ", "    ", "\t"])) + lines[at]
            case "wrap":
                breaks = [(i, k) for i, line in enumerate(lines) for k, c in enumerate(line) if c == " " and line[:k].strip()]
                if breaks:
                    i, k = draw(some.sampled_from(breaks))
                    lines[i] = f"{lines[i][:k]}\n{lines[i][k + 1 :]}"
            case "odd":
                i = draw(some.integers(0, len(lines) - 1))
                lines[i] = draw(some.sampled_from(["\ufeff", "\ud83d", "\0"])) + lines[i]
            case "cut" if pieces:
                a, b = draw(some.sampled_from(pieces))
                return text[: draw(some.integers(min(b, text.find("\n", a) + 1), b - 1))]
        text = "\n".join(lines)
        pieces = []
    return text


@given(meant, some.data())
def test_a_reply_that_is_whole_is_read_as_the_program_it_means(wanted: Meant, data: some.DataObject) -> None:
    text, _ = read(data.draw(written(wanted)))
    program = reply.parse(text, PARENT)
    assert same(program, wanted), program.source


@settings(derandomize=True)  # two damages may still leave no trace; of 30,000 other replies none was read as another program
@given(meant, some.data())
def test_a_damaged_reply_is_read_as_the_program_it_means_or_refused_with_a_line(wanted: Meant, data: some.DataObject) -> None:
    text = data.draw(damaged(wanted))
    try:
        program = reply.parse(text, PARENT, truncated=None)
    except Rejected as error:
        event("refused")
        assert "line " in str(error) or "no code" in str(error) or "does not define" in str(error), error
        return
    event("read")
    assert does(program.source) == does(f"{PARENT.source}\n{wanted.inside}"), program.source


@given(meant, some.data())
def test_a_reply_that_was_cut_is_refused(wanted: Meant, data: some.DataObject) -> None:
    text, _ = read(data.draw(written(wanted)))
    cut = text[: data.draw(some.integers(0, len(text)))]
    with pytest.raises(Rejected, match="truncated"):
        reply.parse(cut, PARENT, truncated=True)
