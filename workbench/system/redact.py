"""Removal of API keys from everything that is stored, shown or raised."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

_SECRET_ENDINGS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_CREDENTIALS", "_KEY_ID")
_SHORTEST = 6  # "none" and "local" are placeholders, not secrets, and would be removed from ordinary words
_KEY_SHAPE = re.compile(r"\b(?:sk|pk|gsk|xai|hf|AIza)[-_][\w*.-]{8,}|\b[Bb]earer [\w.~+/*=-]{8,}")

MARK = "[redacted]"


def is_secret_name(name: str) -> bool:
    """Whether an environment variable of this name holds a secret, which must never be stored, shown or passed to a worker."""
    upper = name.upper()
    return upper.endswith(_SECRET_ENDINGS) or upper in {"APIKEY", "API_KEY", "TOKEN", "PASSWORD"}


def redactor(environ: Mapping[str, str], also: Collection[str] = ()) -> Callable[[str], str]:
    """Return a function that removes keys from a text: values of secret variables, and anything shaped like a provider's key.

    Parameters
    ----------
    environ
        Environment with the secrets, read once when the function is created.
    also
        Further variables that hold secrets, whatever their names.
    """
    secrets = {value.strip() for name, value in environ.items() if name in also or is_secret_name(name)}
    # Longest first: one key may be a prefix of another.
    ordered = [s for s in sorted(secrets, key=len, reverse=True) if len(s) >= _SHORTEST]

    def redact(text: str) -> str:
        for secret in ordered:
            text = text.replace(secret, MARK)
        return _KEY_SHAPE.sub(MARK, text)

    return redact


def looks_like_key(text: str) -> bool:
    """Whether a text holds anything shaped like a provider's key."""
    return _KEY_SHAPE.search(text) is not None
