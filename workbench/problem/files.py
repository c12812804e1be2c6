"""Which files of a problem folder affect what: its scores, its references, and the code that loading it runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from workbench.problem import extras, foreign, references

UNSCORED = frozenset({"programs", "runs", "README.md", "hints.md", *extras.UNSCORED, references.PARTIAL})
"""Files of a problem folder that cannot affect a score and are excluded from its version, like its test and hidden folders."""
UNSOLVED = frozenset({references.FILE, "runs", *extras.FILES, "statement.md"}) | UNSCORED - {"programs"}
"""Files of a problem folder that cannot affect a reference or a baseline's objective."""


def content_of(folder: Path) -> str:
    """Return a hash of all files of a problem folder that loading it may run or read, but not of texts and programs.

    Of a foreign task it is the version: its code runs in the sandbox only.
    """
    if not (folder / "problem.py").is_file():
        return foreign.version(folder)
    digest = hashlib.sha256()
    left_out = UNSCORED.difference(extras.FILES) | {"statement.md", references.FILE}
    for path in sorted(p for p in folder.rglob("*") if "__pycache__" not in p.parts):
        relative = path.relative_to(folder)
        if relative.parts[0] in left_out or any(part.startswith(".") for part in relative.parts):
            continue
        if path.is_symlink() and path.is_dir():
            raise OSError(f"{path} leads elsewhere")  # what it leads to may change unseen
        if path.is_file():
            digest.update(f"{relative.as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
