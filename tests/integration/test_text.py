"""Text is text: files of people with a byte order mark, and output in any locale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TOY
from workbench.problem import catalog
from workbench.problem.given import program_of

BOM = "\ufeff"
ASCII = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii", "COLUMNS": "100"}


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """The toy problem as an editor of Windows saves it, with letters of several languages."""
    folder = tmp_path / "own"
    shutil.copytree(TOY, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*folder.glob("*.md"), *folder.glob("*.py"), *folder.glob("programs/*.py"), folder / "references.json"]:
        text = path.read_text("utf-8")
        more = "\nGröße − 日本 😀\n" if path.suffix == ".md" else "\n# Größe − 日本 😀\n" if path.parent.name == "programs" else ""
        path.write_text(BOM + text + more, encoding="utf-8", newline="")
    return folder


def test_files_with_a_byte_order_mark_are_read_without_it(marked: Path) -> None:
    loaded, plain = catalog.load(marked), catalog.load(TOY)
    assert loaded.statement.startswith(plain.statement.rstrip()) and "Größe − 日本 😀" in loaded.statement
    assert len(loaded.hints) == len(plain.hints) and BOM not in "".join(loaded.hints)
    for name in plain.programs:
        assert loaded.program(name).source.startswith(plain.program(name).source.rstrip())
        assert program_of(loaded, marked / "programs" / f"{name}.py").source == loaded.program(name).source
    assert loaded.references.ranking == plain.references.ranking


def test_a_statement_that_is_no_utf8_is_told_with_its_file(marked: Path) -> None:
    from workbench.errors import ProblemError

    (marked / "statement.md").write_bytes(b"Gr\xf6\xdfe")
    with pytest.raises(ProblemError, match=r"statement\.md cannot be read: save it as UTF-8"):
        _ = catalog.load(marked).statement


@pytest.mark.parametrize(
    "words", [("--help",), ("problems", "OWN"), ("eval", "OWN", "SEED"), ("eval", "OWN", "größe.py")], ids=" ".join
)
def test_any_text_is_printed_in_an_ascii_locale(words: tuple[str, ...], marked: Path) -> None:
    places = {"OWN": str(marked), "SEED": str(next(marked.glob("programs/seed*.py")))}
    command = [sys.executable, "-m", "workbench.cli", *(places.get(w, w) for w in words)]
    done = subprocess.run(command, capture_output=True, env={**os.environ, **ASCII}, check=False)
    assert done.returncode == (2 if "größe.py" in words else 0), done.stderr
    told = (done.stdout + done.stderr).decode("ascii")
    assert told and "Traceback" not in told and "UnicodeEncodeError" not in told
    if words[0] == "problems":
        assert "Gr\\xf6\\xdfe - \\u65e5\\u672c \\U0001f600" in told
