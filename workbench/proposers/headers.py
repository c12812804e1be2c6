"""Headers and fields of one's own for an endpoint; a key in them is named, never written out, since a run records its options."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from workbench.errors import UsageError
from workbench.system.redact import is_secret_name, looks_like_key

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
_SECRET = {"AUTHORIZATION", "PROXY_AUTHORIZATION", "COOKIE"}
_RESERVED = {"content-length", "content-type", "host", "transfer-encoding", "connection"}
_RESERVED_FIELDS = {"model", "messages", "stream", "n"}


def parse_headers(texts: Iterable[str]) -> dict[str, str]:
    """Parse headers given as `NAME: VALUE`; `$VARIABLE` in a value stands for an environment variable.

    Raises
    ------
    UsageError
        It is no header, one that the call itself sets, or its value is a key in the clear.
    """
    found = {}
    for text in texts:
        name, colon, value = (part.strip() for part in text.partition(":"))
        if not colon or not _NAME.fullmatch(name) or not value.isprintable() or not value.isascii():
            raise UsageError(f"--header takes 'NAME: VALUE', not {text[:80]!r}")
        if name.lower() in _RESERVED:
            raise UsageError(f"--header {name}: this header is set by every call itself")
        upper = name.upper().replace("-", "_")
        if (upper in _SECRET or is_secret_name(upper) or looks_like_key(value)) and not _VARIABLE.search(value):
            raise UsageError(
                f"--header {name}: a run records its options, so a key is not written out; put it into an environment variable "
                f"and name that: --header '{name}: $MY_KEY'"
            )
        found[name] = value
    return found


def parse_body(given: str | Mapping[str, Any]) -> dict[str, Any]:
    """Parse fields for the body of every request, given as a JSON object.

    Raises
    ------
    UsageError
        It is no JSON object, it sets what the call itself sets, or it holds a key.
    """
    try:
        fields = json.loads(given) if isinstance(given, str) else dict(given)
        text = json.dumps(fields, allow_nan=False)
    except (ValueError, TypeError) as error:
        raise UsageError(f"--extra-body takes a JSON object such as '{{\"top_k\": 20}}': {error}") from error
    if not isinstance(fields, dict):
        raise UsageError(f"--extra-body takes a JSON object such as '{{\"top_k\": 20}}', not {text[:80]}")
    if reserved := sorted(_RESERVED_FIELDS & fields.keys()):
        raise UsageError(f"--extra-body: {reserved[0]} is set by every call itself")
    if looks_like_key(text):
        raise UsageError("--extra-body holds what looks like a key; a run records its options: use --header with $VARIABLE")
    return fields


def variables_in(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the environment variables that headers name."""
    return frozenset(name for value in headers.values() for pair in _VARIABLE.findall(value) for name in pair if name)


def with_values(headers: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return headers with the values of the environment variables that they name.

    Raises
    ------
    UsageError
        A variable is not set.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if not environ.get(name):
            raise UsageError(f"--header names the environment variable {name}, which is not set")
        return environ[name].strip()

    return {name: _VARIABLE.sub(value, text) for name, text in headers.items()}
