"""Runs the code blocks of one page as a reader would: python -m tests.docs.page README.md

Shell blocks share one folder, variables and all; Python blocks share one namespace. Where a page calls a model, the scripted
one of `tests.docs.model` answers: OPENAI_API_BASE points at it, and so does the address of a local server that the page names.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from tests.docs.blocks import DRAWN, ROOT, Block, missing, read
from tests.docs.model import serve

LOCAL = "http://127.0.0.1:8080/v1"
"""Where pages say that a local server listens."""
SECONDS = 120.0
"""For one block on a loaded machine."""


class Failed(Exception):
    """A block failed, or printed something else than the page shows."""


class Reader:
    """Follows one page in an empty folder."""

    def __init__(self, page: str, folder: Path, server: str) -> None:
        self.page, self.folder, self.server = page, folder, server
        self.state = folder.parent / "environment"
        self.main = ModuleType("__main__")
        self.printed: str | None = None
        self.environment = environment(folder.parent / "bin", server)

    def follow(self) -> None:
        """Run, save or compare every block."""
        for block in read(ROOT / self.page):
            began = time.perf_counter()
            try:
                self.act(block)
            except Exception as error:
                raise Failed(f"{self.page}:{block.line}: {error}") from error
            if (seconds := time.perf_counter() - began) > 1:
                print(f"{self.page}:{block.line}: {seconds:.1f} s", flush=True)

    def act(self, block: Block) -> None:
        """One block."""
        if block.excuse is not None:
            self.printed = None
        elif block.file is not None:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text.replace(LOCAL, self.server))
        elif block.language == "sh":
            self.printed = self.shell(block.text)
        elif block.language == "python":
            self.printed = self.python(block)
        elif block.language == "text":
            if self.printed is not None and (line := missing(block.text, self.printed)) is not None:
                raise Failed(f"not in the output: {line}\n--- output:\n{self.printed}")
        elif block.language != DRAWN:
            raise Failed(
                f"a block of language {block.language!r}: say sh, python, text (output) or {DRAWN}, or name its file above"
            )

    def shell(self, text: str) -> str:
        """Run a block line by line in the shell; the folder and variables stay for the next block."""
        state = shlex.quote(str(self.state))
        text = text.replace(LOCAL, self.server)
        script = f"set -eu -o pipefail\n[ -f {state} ] && . {state}\n{text}\n{{ export -p; echo cd $(pwd); }} > {state}\n"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, timeout=SECONDS, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"exit code {done.returncode}\n--- output:\n{done.stdout}")
        return done.stdout

    def python(self, block: Block) -> str:
        """Run a block in the namespace of the page."""
        name, text = f"{self.page}:{block.line}", block.text.replace(LOCAL, self.server)
        linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
        sys.modules["__main__"] = self.main
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, name, "exec"), self.main.__dict__)
        return printed.getvalue()


def environment(tools: Path, server: str) -> Mapping[str, str]:
    """What a reader's shell knows: `evolve` and `python` of this checkout, the scripted model, no key."""
    tools.mkdir()
    for name, command in (("evolve", "-m workbench.cli"), ("python", "")):
        (tools / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command} "$@"\n')
        (tools / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY") and name != "EVOLVE_RUNS"}
    return kept | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1",
        "OPENAI_API_BASE": server, "OPENAI_BASE_URL": server,
    }  # fmt: skip


def main() -> None:
    """Command line."""
    with tempfile.TemporaryDirectory() as place, serve() as server:
        folder = Path(place) / "work"
        folder.mkdir()
        reader = Reader(sys.argv[1], folder, server)
        os.environ.clear()
        os.environ.update(reader.environment)
        os.chdir(folder)
        sys.path.insert(0, str(folder))  # as in a notebook or at the prompt
        try:
            reader.follow()
        except Failed as error:
            sys.exit(str(error))
        finally:
            os.chdir(ROOT)


if __name__ == "__main__":
    main()
