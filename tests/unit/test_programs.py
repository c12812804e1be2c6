"""A program that is written as a block is one text when it is read, and what is wrong with a block is said in a line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import TOY
from workbench.errors import ProblemError
from workbench.problem import catalog
from workbench.problem.programs import program_names, read_program

FRAME = '''"""The frame."""

import math


# EVOLVE-BLOCK-START
def key(x):
    return x


# EVOLVE-BLOCK-END


def order(xs):
    return sorted(xs, key=key)


class Policy:
    def first(self):
        return 1

    @staticmethod
    def second():
        return math.pi
'''


def block(folder: Path, text: str, frame: str = FRAME) -> Path:
    (folder / "frame.py").write_text(frame)
    path = folder / "other.block.py"
    path.write_text(text)
    return path


def test_what_follows_the_evolving_part_comes_from_the_frame(tmp_path: Path) -> None:
    mine = '"""Mine."""\n\n# EVOLVE-BLOCK-START\nkey = abs\n# EVOLVE-BLOCK-END\n'
    assert read_program(block(tmp_path, mine + "# The rest is from frame.py.\n")) == mine + FRAME.partition("BLOCK-END\n")[2]
    assert program_names(tmp_path) == ("frame", "other")


def test_named_definitions_come_from_the_frame(tmp_path: Path) -> None:
    mine = "def own():\n    return order\n\n\n"
    path = block(tmp_path, f"{mine}# The rest is from frame.py: order, key.\n")
    assert read_program(path) == mine + "def order(xs):\n    return sorted(xs, key=key)\n\n\ndef key(x):\n    return x\n"
    mine = "class Policy:\n    x = 1\n\n"
    path = block(tmp_path, f"{mine}    # The rest is from frame.py: Policy.first, Policy.second.\n")
    assert read_program(path) == mine + FRAME.partition("class Policy:\n")[2]


@pytest.mark.parametrize(
    ("text", "frame", "reason"),
    [
        ("key = abs\n", FRAME, "the last line of a block must name its frame, like '# The rest is from seed.py.', got 'key = abs'"),
        ("", FRAME, "must name its frame"),
        ("# The rest is from lost.py.\n", FRAME, "its frame lost.py does not exist"),
        ("key = abs\n# The rest is from frame.py.\n", FRAME, "other.block.py has no EVOLVE-BLOCK-START"),
        ("# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n# The rest is from frame.py.\n", "x = 1\n", "its frame frame.py has no EVOLVE"),
        ("# The rest is from frame.py: nothing.\n", FRAME, "its frame frame.py does not define nothing"),
        ("# The rest is from frame.py: Policy.third.\n", FRAME, "does not define Policy.third"),
        ("# The rest is from frame.py: f.\n", "def f(:\n", "its frame frame.py is not valid Python"),
    ],
)
def test_what_is_wrong_with_a_block_is_said_in_a_line(tmp_path: Path, text: str, frame: str, reason: str) -> None:
    with pytest.raises(ProblemError) as error:
        read_program(block(tmp_path, text, frame))
    assert reason in str(error.value) and "\n" not in str(error.value)


def test_a_problem_lists_and_loads_its_blocks_and_its_version_ignores_them(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TOY, tmp_path / "toy"))
    loaded = catalog.load(folder)
    version, seed = loaded.version, (folder / "programs" / "seed.py").read_text()
    entry = loaded.problem.entry
    (folder / "programs" / "again.block.py").write_text(f"# The rest is from seed.py: {entry}.\n")
    loaded = catalog.reload(folder)
    assert "again" in loaded.programs and loaded.program("again").source in seed and loaded.version == version
    (folder / "programs" / "again.py").write_text(seed)
    with pytest.raises(ProblemError, match="define the same program"):
        loaded.program("again")
    with pytest.raises(ProblemError, match="no program 'nobody'"):
        loaded.program("nobody")
