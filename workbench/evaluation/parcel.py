"""What a worker on another machine needs besides packages: this project's code and one problem, named by their content."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import workbench
from workbench.errors import ProblemError
from workbench.evaluation.handle import Source
from workbench.evaluation.remote import NAMES
from workbench.problem import foreign
from workbench.problem.catalog import LoadedProblem, root

_WHEN = (1980, 1, 1, 0, 0, 0)
"""Time stamp of every file, so that the same files make the same parcel."""
_CODE, _JUDGES = Path(workbench.__file__).resolve().parent, root() / "evaluators"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A checkout with one problem, as a zip file.

    Attributes
    ----------
    digest
        Hash of names and contents: a machine that has it needs no second copy.
    source
        Where a worker finds the problem; the address is relative to where the parcel is unpacked.
    """

    digest: str
    content: bytes
    source: Source


def pack(loaded: LoadedProblem) -> Parcel:
    """Pack the code that evaluates programs, and the problem's files.

    Raises
    ------
    ProblemError
        The problem was defined in Python and has no files.
    """
    if loaded.in_memory:
        raise ProblemError(
            f"{loaded.slug} was defined in Python, so no other machine can load it: put it into a folder first (evolve new)"
        )
    place = f"problems/{loaded.folder.parent.name}/{loaded.folder.name}"
    files = {f"workbench/{path.relative_to(_CODE).as_posix()}": path for path in _python(_CODE) if "_bundled" not in path.parts}
    files |= {f"evaluators/{path.relative_to(_JUDGES).as_posix()}": path for path in _python(_JUDGES)}
    files |= {f"{place}/{path.relative_to(loaded.folder).as_posix()}": path for path in _of_problem(loaded)}
    digest, made = hashlib.sha256(), io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            content = files[name].read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
            archive.writestr(zipfile.ZipInfo(name, _WHEN), content, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo(NAMES, _WHEN), "\n".join(files), zipfile.ZIP_DEFLATED)
    tier = f"@{loaded.tier.name}" if loaded.tier else ""
    return Parcel(digest.hexdigest()[:32], made.getvalue(), Source(place + tier, loaded.slug, loaded.version))


def _python(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _of_problem(loaded: LoadedProblem) -> Iterator[Path]:
    """Files of a problem's folder, but for hidden ones and what runs leave behind."""
    if loaded.evaluator is not None:
        yield from foreign.files(loaded.folder)
        return
    for path in loaded.folder.rglob("*"):
        parts = path.relative_to(loaded.folder).parts
        left_out = parts[0] == "runs" or path.suffix == ".pyc" or any(p.startswith(".") or p == "__pycache__" for p in parts)
        if path.is_file() and not left_out:
            yield path
