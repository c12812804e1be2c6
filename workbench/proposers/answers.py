"""Reads what endpoints answer, whatever its shape, into one standard chat completion.

OpenAI-compatible servers send a list of parts as content, a stream that nobody asked for, tokens that are no integers, and
more. Runs in the process that calls models.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from workbench.proposers.library import litellm

_CUT = {"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit", "length_limit"}
_SPENT_IN, _SPENT_OUT = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")
_COMMENTS = re.compile(r"\A(?:\s*:[^\n]*\n)*\s*")  # keep a connection alive, before a stream or plain JSON
_DONE = "[DONE]"
_OTHERS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "Ollama's own API": lambda body: isinstance(body.get("message"), dict) or ("response" in body and "done" in body),
    "OpenAI's responses": lambda body: isinstance(body.get("output"), list),
    "Anthropic's messages": lambda body: body.get("type") == "message" and isinstance(body.get("content"), list),
    "Gemini's own API": lambda body: isinstance(body.get("candidates"), list),
}
"""Protocols other than chat completions, and how their answers are recognised."""


class Moved(Exception):
    """An endpoint that is at another address; nothing is sent there, since headers may hold keys."""


def standard(raw: bytes) -> dict[str, Any] | None:
    """Return an answer as a chat completion or as an error object; None if it is neither."""
    text = _COMMENTS.sub("", raw.decode("utf-8-sig", "replace"))
    body = _assembled(text) if text.startswith(("data:", "event:", "id:")) else _first_json(text)
    if not isinstance(body, dict):
        return None
    choice = _choice(body)
    if choice is None:
        return _as_error(body)
    message = _message(choice)
    if message is None:
        return None
    found = {name: body[name] for name in ("id", "created", "model", "object") if name in body}
    finish = str(choice.get("finish_reason") or "stop")
    found["choices"] = [{"index": 0, "message": message, "finish_reason": "length" if finish.lower() in _CUT else finish}]
    if usage := _usage(body.get("usage")):
        found["usage"] = usage
    return found


# --------------------------------------------------------------------------- one choice


def _choice(body: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = body.get("choices")
    if isinstance(choices, dict):
        choices = list(choices.values())
    given = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    said = (choice for choice in given if (message := _message(choice)) and message["content"])
    return next(said, given[0] if given else None)


def _message(choice: Mapping[str, Any]) -> dict[str, Any] | None:
    given = choice.get("message") or choice.get("delta")
    if not isinstance(given, dict):
        given = {"content": choice["text"]} if isinstance(choice.get("text"), str) else None
    if given is None:
        return None
    content = plain(given.get("content"))
    if not content.strip():
        content = _from_tools(given) or content
    message: dict[str, Any] = {"role": "assistant", "content": content or None}
    if reasoning := plain(given.get("reasoning_content") or given.get("reasoning")):
        message["reasoning_content"] = reasoning
    if isinstance(given.get("refusal"), str) and given["refusal"]:
        message["refusal"] = given["refusal"]
    if not content.strip() and (names := [str(f["name"]) for f in _functions(given) if f.get("name")]):
        message["tool_calls"] = [{"id": n, "type": "function", "function": {"name": n, "arguments": "{}"}} for n in names]
    return message


def plain(content: object) -> str:
    """Return the text of a message's content: a text, a list of parts, or one part."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(map(plain, content))
    if isinstance(content, dict) and content.get("type") not in ("thinking", "reasoning"):
        return plain(content.get("text") or content.get("content"))
    return ""


def _from_tools(message: Mapping[str, Any]) -> str:
    """Return the code that a model put into the arguments of a tool instead of its answer; empty if there is none."""
    for function in _functions(message):
        arguments = function.get("arguments")
        values = _first_json(arguments) if isinstance(arguments, str) else arguments
        for value in values.values() if isinstance(values, dict) else ():
            if isinstance(value, str) and ("def " in value or "class " in value):
                return f"```python\n{value}\n```"
    return ""


def _functions(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = message.get("tool_calls")
    asked = [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    return [function for function in [*asked, message.get("function_call")] if isinstance(function, dict)]


# --------------------------------------------------------------------------- streams, tokens, errors


def _first_json(text: str) -> Any:
    try:
        return json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0]  # some servers do not escape line ends
    except (ValueError, RecursionError):
        return None


def _assembled(text: str) -> dict[str, Any] | None:
    """Put the pieces of a stream together; a stream that breaks off counts as cut."""
    pieces = list(_pieces(text))
    faulty = next((piece for piece in pieces if "error" in piece or not isinstance(piece.get("choices"), list)), None)
    if faulty is not None or not pieces:
        return faulty
    for piece in pieces:
        for choice in piece["choices"]:
            if isinstance(choice, dict) and isinstance(choice.get("delta"), dict):
                choice["delta"] = {**choice["delta"], "content": plain(choice["delta"].get("content"))}
    try:
        library = litellm()
        whole = library.stream_chunk_builder([library.ModelResponseStream(**piece) for piece in pieces])
    except Exception:  # of pydantic or litellm, for a piece without what they need
        return None
    if whole is None:
        return None
    body: dict[str, Any] = whole.model_dump()
    ended = any(choice.get("finish_reason") for piece in pieces for choice in piece["choices"] if isinstance(choice, dict))
    if not ended and _DONE not in text:
        body["choices"][0]["finish_reason"] = "length"
    told = [piece["usage"] for piece in pieces if isinstance(piece.get("usage"), dict)]
    return {**body, "usage": told[-1] if told else None}  # litellm estimates, and does not say so


def _pieces(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "data" and isinstance(piece := _first_json(value), dict):
            yield piece


def _usage(given: object) -> dict[str, Any] | None:
    if not isinstance(given, dict):
        return None
    spent = [next((n for name in names if (n := _count(given.get(name))) is not None), None) for names in (_SPENT_IN, _SPENT_OUT)]
    if None in spent or not spent[0]:
        return None
    kept = {name: value for name, value in given.items() if isinstance(value, dict) and name.endswith("_details")}
    if isinstance(given.get("cost"), int | float) and math.isfinite(given["cost"]) and given["cost"] > 0:
        kept["cost"] = given["cost"]
    return {**kept, "prompt_tokens": spent[0], "completion_tokens": spent[1], "total_tokens": sum(n or 0 for n in spent)}


def _count(value: object) -> int | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if isinstance(value, bool):
        return None
    return int(number) if 0 <= number < 1e12 else None


def _as_error(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer without a choice says of a fault, as an error object."""
    fault = body.get("error")
    inner = fault if isinstance(fault, dict) else body.get("base_resp") if isinstance(body.get("base_resp"), dict) else body
    assert isinstance(inner, dict)
    said = next((inner[name] for name in ("message", "status_msg", "detail", "msg", "error") if inner.get(name)), None)
    code = next((c for name in ("code", "status", "status_code") if (c := _count(inner.get(name))) and 400 <= c < 600), 400)
    if inner.get("n_ctx"):
        said = f"{said}; n_ctx {inner['n_ctx']}"
    if not fault and (other := next((name for name, has in _OTHERS.items() if has(body)), None)):
        said = f"no 'choices': it has the form of {other}"
    words = said if isinstance(said, str) else json.dumps(said) if said else f"no choices, only {', '.join(map(str, body)) or '{}'}"
    return {"error": {"message": words[:2000], "code": code}}
