"""The files of an export: the module, its cases, its certificate."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import UsageError
from workbench.exporting.module import Module
from workbench.exporting.self_check import SUFFIX

CERTIFICATE = ".certificate.json"
"""Ending of the certificate beside a module."""


class Paths(NamedTuple):
    """Where an export goes: the module, and beside it what it does not hold itself."""

    module: Path
    cases: Path
    certificate: Path


def paths(target: Path, *, force: bool) -> Paths:
    """Return the paths of an export.

    Raises
    ------
    UsageError
        A file exists and `force` is not set, or the folder does not exist.
    """
    if not target.name:
        raise UsageError(f"{target} is a folder; name the file to write")
    found = Paths(target, target.with_suffix(SUFFIX), target.with_suffix(CERTIFICATE))
    if not target.parent.is_dir():
        raise UsageError(f"cannot write {target}: folder {target.parent} does not exist")
    taken = next((path for path in found if path.exists()), None)
    if taken and not force:
        raise UsageError(f"{taken} already exists; choose another name or replace it with --force")
    return found


def write(places: Paths, module: Module, certificate: Mapping[str, Any] | None) -> tuple[Path, ...]:
    """Write the files, the module last, and remove what an earlier export left beside it.

    Raises
    ------
    UsageError
        A file cannot be written.
    """
    texts = {
        places.cases: module.sidecar,
        places.certificate: None if certificate is None else json.dumps(certificate, indent=1) + "\n",
        places.module: module.text,
    }
    for path, text in texts.items():
        try:
            if text is None:
                path.unlink(missing_ok=True)
            else:
                _replace(path, text.encode())
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from error
    return tuple(path for path in places if texts[path] is not None)


def write_foreign(places: Paths, text: str) -> tuple[Path, ...]:
    """Write the program of a foreign task, which has neither cases nor a certificate.

    Raises
    ------
    UsageError
        It cannot be written.
    """
    try:
        _replace(places.module, text.encode())
    except OSError as error:
        raise UsageError(f"cannot write {places.module}: {error.strerror}") from error
    return (places.module,)


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step: it is complete or as it was before; links and devices are written to."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(content)
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
