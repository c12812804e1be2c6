"""Host side of the frame protocol: length-prefixed JSON, with full validation of everything a program sends.

host     ["load", source, entry, memory bytes, CPU seconds,   request 0
          module, file, generators' seed, frames below, optimize]
         ["call", args]  ["begin", args]  ["method", name, args]
         ["prepare", ...]                                     before "load", only without isolation
program  ["ok", request number, value]
         ["error", request number, kind, exception, text, line or null]
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

MAX_DEPTH = 64
"""Maximum nesting of lists and dicts in an answer; deeper ones could overflow the stack of a recursive reader."""
_MAX_DIGITS = 308  # longer integers do not fit a float: `float(answer)` would raise in the verifier
_FRAME_DEPTH = MAX_DEPTH + 1


class BadFrame(Exception):
    """Bytes that are not a valid reply; the message gives the reason in one line."""


class Answer(NamedTuple):
    """A successful reply."""

    number: int
    value: Any


class Complaint(NamedTuple):
    """A reply that reports a failure. `kind` is `crash`, `memory` or `protocol`; the other fields are untrusted."""

    number: int
    kind: str
    exception: str
    text: str
    line: int | None


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):  # 1e999 is legal JSON
        raise BadFrame("the answer contains a number beyond the range of a float")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise BadFrame(f"the answer contains an integer of {len(digits)} digits; at most {_MAX_DIGITS} are allowed")
    return int(digits)


def _constant(name: str) -> float:
    raise BadFrame("the answer contains NaN or infinity; return finite numbers")


_encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_decoder = json.JSONDecoder(parse_float=_finite, parse_int=_integer, parse_constant=_constant)
# A reply shorter than the longest allowed integer needs no check of its integers.
_short_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_constant)


def encode(*request: Any) -> bytes:
    """Encode a request as a frame. Tuples become lists.

    Raises
    ------
    TypeError, ValueError
        An argument is not JSON or not finite: an error of the caller, not of the program.
    """
    data = _encoder.encode(request).encode("ascii")
    return len(data).to_bytes(4, "little") + data


def decode(data: bytes | bytearray) -> Answer | Complaint:
    """Parse the body of a reply.

    Raises
    ------
    BadFrame
        The body is not JSON or not a reply, or contains a non-finite number, too long an integer, too deep nesting, or text that
        UTF-8 cannot encode.
    """
    try:
        text = data.decode("utf-8")
        reply, end = (_decoder if len(text) > _MAX_DIGITS else _short_decoder).raw_decode(text)
    except RecursionError:
        raise BadFrame("the answer is nested too deeply") from None
    except ValueError:
        raise BadFrame("the program's process sent bytes that are not a reply") from None
    if len(text) > _FRAME_DEPTH and text.count("[") + text.count("{") > _FRAME_DEPTH and _is_deep(reply):
        raise BadFrame(f"the answer is nested too deeply; at most {MAX_DEPTH} levels are allowed")
    if "\\ud" in text or "\\uD" in text:
        try:
            json.dumps(reply, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise BadFrame("the answer contains a lone surrogate, which is not valid text") from None
    if end == len(text) and type(reply) is list:
        # Explicit checks for the common case; a pattern takes a microsecond longer.
        if len(reply) == 3 and reply[0] == "ok" and type(reply[1]) is int:
            return Answer(reply[1], reply[2])
        match reply:
            case ["error", int(number), "crash" | "memory" | "protocol" as kind, str(name), str(words), int() | None as line]:
                return Complaint(number, kind, name, words, line)
    raise BadFrame("the program's process sent a frame that is not a reply")


def _is_deep(reply: Any) -> bool:
    level = [reply]
    for _ in range(_FRAME_DEPTH):
        level = [c for v in level for c in (v.values() if type(v) is dict else v) if type(c) is list or type(c) is dict]
        if not level:
            return False
    return True


def one_line(text: str, limit: int) -> str:
    """Sanitize text from a program for terminals and logs: one line of at most `limit` printable characters."""
    clean = "".join(c if c.isprintable() else " " for c in text[: 4 * limit])
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."
