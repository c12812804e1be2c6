"""The host's end of the frame protocol: length-prefixed JSON, and nothing that a program sends is taken on trust.

host     ["load", source, entry, memory bytes, CPU seconds]   answered as request 0
         ["call", args]  ["begin", args]  ["method", name, args]
         ["prepare", ...]                                     before "load", without isolation only
program  ["ok", number of the request, value]
         ["error", number of the request, kind, exception, text, line or null]
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

MAX_DEPTH = 64
"""Lists and dicts within one another in an answer; deeper ones could exhaust the stack of whoever walks them."""
_MAX_DIGITS = 308  # longer integers do not fit a float: `float(answer)` would raise in the verifier
_FRAME_DEPTH = MAX_DEPTH + 1


class BadFrame(Exception):
    """Bytes that are no reply; says why in one line."""


class Answer(NamedTuple):
    """A reply with a value."""

    number: int
    value: Any


class Complaint(NamedTuple):
    """A reply that tells of a failure. `kind` is `crash`, `memory` or `protocol`; the rest is the program's word."""

    number: int
    kind: str
    exception: str
    text: str
    line: int | None


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):  # 1e999 is legal JSON
        raise BadFrame("the answer holds a number beyond the range of a float")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise BadFrame(f"the answer holds an integer of {len(digits)} digits; at most {_MAX_DIGITS} are allowed")
    return int(digits)


def _constant(name: str) -> float:
    raise BadFrame("the answer holds NaN or infinity; return finite numbers")


_encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_decoder = json.JSONDecoder(parse_float=_finite, parse_int=_integer, parse_constant=_constant)
# A reply shorter than the longest integer needs no look at each of its integers.
_short_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_constant)


def encode(*request: Any) -> bytes:
    """Frame a request. Tuples become lists.

    Raises
    ------
    TypeError, ValueError
        When an argument is not JSON or not finite: the caller's mistake, not the program's.
    """
    data = _encoder.encode(request).encode("ascii")
    return len(data).to_bytes(4, "little") + data


def decode(data: bytes | bytearray) -> Answer | Complaint:
    """Parse the body of a reply.

    Raises
    ------
    BadFrame
        No JSON, no reply, not finite, an integer too long, nested too deeply, or text that UTF-8 cannot encode.
    """
    try:
        text = data.decode("utf-8")
        reply, end = (_decoder if len(text) > _MAX_DIGITS else _short_decoder).raw_decode(text)
    except RecursionError:
        raise BadFrame("the answer is nested too deeply") from None
    except ValueError:
        raise BadFrame("the program's process sent bytes that are no reply") from None
    if len(text) > _FRAME_DEPTH and text.count("[") + text.count("{") > _FRAME_DEPTH and _is_deep(reply):
        raise BadFrame(f"the answer is nested too deeply; at most {MAX_DEPTH} levels are allowed")
    if "\\ud" in text or "\\uD" in text:
        try:
            json.dumps(reply, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise BadFrame("the answer holds half a surrogate pair, which is no text") from None
    if end == len(text) and type(reply) is list:
        # Spelled out for the answer that every decision brings; a pattern takes a microsecond longer.
        if len(reply) == 3 and reply[0] == "ok" and type(reply[1]) is int:
            return Answer(reply[1], reply[2])
        match reply:
            case ["error", int(number), "crash" | "memory" | "protocol" as kind, str(name), str(words), int() | None as line]:
                return Complaint(number, kind, name, words, line)
    raise BadFrame("the program's process sent a frame that is no reply")


def _is_deep(reply: Any) -> bool:
    level = [reply]
    for _ in range(_FRAME_DEPTH):
        level = [c for v in level for c in (v.values() if type(v) is dict else v) if type(c) is list or type(c) is dict]
        if not level:
            return False
    return True


def one_line(text: str, limit: int) -> str:
    """Text from a program, fit for a terminal and a log: printable characters on one line, at most `limit` of them."""
    clean = "".join(c if c.isprintable() else " " for c in text[: 4 * limit])
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."
