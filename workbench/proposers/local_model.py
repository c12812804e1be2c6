"""The local model: its file, where that is kept, and how it gets there."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from workbench.errors import ModelError, UsageError
from workbench.prices import LOCAL

NAME, LICENCE = "Qwen2.5-Coder-1.5B-Instruct (Q4_K_M)", "Apache-2.0"
REPOSITORY, FILE = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
SHA256, BYTES = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046", 1_117_320_768
"""The model that `local` stands for."""

_EXTRA = "pip install 'evolve-workbench[local]'"


def named(model: str) -> Path | None:
    """The file that a name gives, `local:/path/to.gguf`; None for `local` alone."""
    path = model.partition(":")[2]
    return Path(path).expanduser().absolute() if path else None


def place() -> Path:
    """Where the file of `local` is kept: in `$EVOLVE_MODELS`, or `evolve/models` in `$XDG_CACHE_HOME`, by default `~/.cache`."""
    if given := os.environ.get("EVOLVE_MODELS"):
        return Path(given).expanduser().absolute() / FILE
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "evolve" / "models" / FILE


def installed() -> bool:
    """Whether this Python can run a model itself."""
    return importlib.util.find_spec("xllamacpp") is not None


def at_hand() -> bool:
    """Whether `local` can be run without downloading anything; the file is judged by its size."""
    path = place()
    return installed() and path.is_file() and path.stat().st_size == BYTES


def status() -> str:
    """What of the local model is there, in one line."""
    path = place()
    if not path.is_file():
        file = f"{path} is not there; --model {LOCAL} downloads it once ({BYTES / 1e9:.1f} GB, {LICENCE})"
    elif path.stat().st_size != BYTES:
        file = f"{path} is not the model: it has {path.stat().st_size:,} bytes instead of {BYTES:,}"
    else:
        file = f"{NAME} in {path}"
    return file if installed() else f"not installed: {_EXTRA}; {file}"


def check_installed() -> None:
    """Make sure that this Python can run a model itself.

    Raises
    ------
    UsageError
        A package is missing.
    """
    if not installed():
        raise UsageError(f"--model {LOCAL} needs the package xllamacpp: {_EXTRA}")


def ready(model: str) -> Path:
    """Return the file of a local model, which is downloaded if need be and checked by its hash.

    Raises
    ------
    ModelError
        There is no such file, it is another one, or it cannot be downloaded.
    """
    if (given := named(model)) is not None:
        if not given.is_file():
            raise ModelError(f"--model {model}: there is no file {given}")
        return given
    path = place()
    if not path.is_file():
        _download(path)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ModelError(f"{path} is not {NAME}: its SHA-256 is {found} instead of {SHA256}; delete it, and it is downloaded anew")
    return path


def _download(path: Path) -> None:
    import huggingface_hub
    from huggingface_hub import constants, logging

    try:
        if constants.HF_HUB_OFFLINE:
            raise OSError("HF_HUB_OFFLINE is set")
        host = urlsplit(constants.ENDPOINT).hostname
        if not getproxies():
            socket.getaddrinfo(host, 443)  # at once, where the library would try again and again
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        huggingface_hub.hf_hub_download(REPOSITORY, FILE, local_dir=path.parent)
    except Exception as error:  # of the library, its HTTP client and the disk
        told = error.strerror if isinstance(error, OSError) and error.strerror else error.__cause__ or error
        reason = (str(told) or type(told).__name__).strip().partition("\n")[0][:200]
        raise ModelError(
            f"the local model is not in {path.parent}, and {constants.ENDPOINT}/{REPOSITORY} cannot be downloaded ({reason}); "
            f"put {FILE} there (SHA-256 {SHA256}), or name another file: --model {LOCAL}:/path/to.gguf"
        ) from error
