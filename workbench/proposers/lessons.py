"""Learns from an endpoint's refusals how it wants to be asked.

Endpoints that speak OpenAI's protocol differ in the name of the token limit, in what they let be set, in roles and streams. What
a refusal says is taken over into the next request. The patterns are the words of OpenAI, Anthropic, vLLM, llama.cpp, TGI, Groq,
DeepSeek, OpenRouter, DashScope and Gemini.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from workbench.proposers.exchange import ModelAnswer, ModelRequest
from workbench.proposers.keys import OPEN_ROUTES

MOST_LESSONS = 8
"""Refusals in a row after which a call is given up."""
_LEAST_TOKENS = 16
_TEACHING = {"refused", "model", "server", "funds"}  # and a rate limit that a single request exceeds
_EFFORTS = ("medium", "low", "high", "minimal", "none", "xhigh", "max")

_UNKNOWN = re.compile(
    r"unsupported|not supported|unrecognized|unknown|unexpected|not permitted|not allowed|deprecated|instead|not compatible|"
    r"does ?n[o']t support|invalid (?:parameter|argument|field)"
)
_REQUIRED = re.compile(r"required|missing|must (?:be|provide|specify|set|include)|please (?:provide|specify|set)")
_CONTEXT = re.compile(
    r"(?:context[ _](?:length|window|size)|max_model_len|max_seq_len|n_ctx|(?:model|sequence) length)\D{0,60}?(\d[\d,]{2,})"
    r"|max_new_tokens\W{0,3} must be <= (\d[\d,]+)"
    r"|prompt is too long: \d[\d,]* tokens > (\d[\d,]+)"
)
_LIMITED = re.compile(
    r"too (?:large|big|high|many)|exceed|at most|less than|lower than|greater than|maximum|range|between|fewer|only afford|>"
)
_TOKENS = re.compile(r"max_(?:completion_|new_|output_)?tokens|(?:completion|output|maximum|new) tokens|num_predict|tokens per min")
_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?![\w-]|\.\d)")
_STREAM = re.compile(
    r"only supports? stream|only stream|stream(?:ing)?\W{0,3} (?:mode )?(?:is|must be|has to be|should be|needs to be) \W?"
    r"(?:required|true|enabled|set|strongly)|(?:enable|set|use) (?:the )?\W?stream|non-streaming|requires? stream|非流式"
)
_SYSTEM = re.compile(
    r"(?:system|developer) (?:role|message|prompt|instruction)s?\b.{0,60}"
    r"(?:not supported|n[o']t enabled|unsupported|not allowed|invalid)"
    r"|n[o']t support.{0,40}\bsystem\b|roles must alternate|role.{0,40}\bsystem\b.{0,40}(?:not|invalid|unsupported|unknown)"
    r"|(?:unexpected|unknown|invalid|unsupported) role"
)
_NO_MODEL = re.compile(
    r"model\b.{0,80}(?:not found|not exist|n[o']t exist|not a valid|not available|unknown)|(?:invalid|unknown) model"
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an endpoint wants to be asked for a model, as far as it was found to differ.

    Attributes
    ----------
    left_out
        Parameters that it refuses.
    most_tokens, context
        Longest answer that it allows, and the size of its context, in tokens.
    effort
        Reasoning effort that it demands.
    """

    tokens_name: str = "max_tokens"
    left_out: frozenset[str] = frozenset()
    most_tokens: int | None = None
    context: int | None = None
    system_role: bool = True
    stream: bool = False
    effort: str | None = None
    whole_name: bool | None = None

    def applied(self, request: ModelRequest) -> ModelRequest:
        """Return a request in this dialect."""
        tokens = request.max_tokens
        if tokens is not None and self.most_tokens is not None:
            tokens = min(tokens, self.most_tokens)
        return request._replace(
            max_tokens=None if self.tokens_name in self.left_out else tokens,
            temperature=None if "temperature" in self.left_out else request.temperature,
            effort=None if "reasoning_effort" in self.left_out else request.effort or self.effort,
            tokens_name=self.tokens_name,
            context=self.context,
            system_role=self.system_role,
            stream=self.stream,
            stream_usage="stream_options" not in self.left_out,
            whole_name=self.whole_name,
        )


Lesson: TypeAlias = tuple[Dialect, str]
"""The new dialect, and what is different in words."""


def learn(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer) -> Lesson | None:
    """Return what a refusal teaches; None if it is no refusal, or teaches nothing new.

    Parameters
    ----------
    dialect
        In which the request was made.
    sent
        The request as it was sent.
    """
    said = answer.error.lower()
    if answer.kind not in _TEACHING and not (answer.kind == "busy" and "too large" in said):
        return None
    for teach in _LESSONS:
        found = teach(dialect, sent, answer, said)
        if found is not None and found[0] != dialect:
            return found
    return None


def _tokens_name(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    other = "max_completion_tokens" if dialect.tokens_name == "max_tokens" else "max_tokens"
    if dialect.tokens_name not in said or not _UNKNOWN.search(said) or dialect.tokens_name in dialect.left_out:
        return None
    if other in said and dialect.tokens_name == "max_tokens":
        return replace(dialect, tokens_name=other), f"takes {other} instead of max_tokens"
    return _without(dialect, dialect.tokens_name, "no limit is set for the length of an answer")


def _context(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    found = _CONTEXT.search(said)
    if not found or sent.max_tokens is None:
        return None
    size = _integer(next(number for number in found.groups() if number))
    if dialect.context is not None and dialect.context <= size:  # it counts tokens in another way
        size = dialect.context - max(64, size // 20)
        return (replace(dialect, context=size), "") if size >= _LEAST_TOKENS else None
    return replace(dialect, context=size), f"has a context of {size:,} tokens: answers get what the prompt leaves of it"


def _most_tokens(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    asked = answer.asked
    if asked is None or not _TOKENS.search(said) or not _LIMITED.search(said) or "higher max_tokens" in said:
        return None
    fitting = [number for number in map(_integer, _NUMBER.findall(said)) if _LEAST_TOKENS <= number < asked]
    most = max(fitting, default=asked // 2)
    if most < _LEAST_TOKENS:
        return None
    return replace(dialect, most_tokens=most), f"allows answers of at most {most:,} tokens, reasoning included"


def _stream(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    if dialect.stream and ("stream_options" in said or "include_usage" in said) and _UNKNOWN.search(said):
        return _without(dialect, "stream_options", "streams do not tell their tokens: these are estimated")
    return (replace(dialect, stream=True), "answers as a stream only") if _STREAM.search(said) else None


def _system(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    if not _SYSTEM.search(said):
        return None
    return replace(dialect, system_role=False), "knows no system role: its text begins the user's message"


def _effort(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    if not re.search(r"reasoning[_. ]effort", said) or "reasoning_effort" in dialect.left_out:
        return None
    if sent.effort is None and _REQUIRED.search(said):
        effort = next((e for e in _EFFORTS if re.search(rf"\b{e}\b", said)), _EFFORTS[0])
        return replace(dialect, effort=effort), f"wants a reasoning effort: {effort} (another with --reasoning-effort)"
    return None if sent.effort is None else _without(dialect, "reasoning_effort", f"refuses the reasoning effort {sent.effort}")


def _temperature(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    if sent.temperature is None or "temperature" not in said:
        return None
    return _without(dialect, "temperature", f"refuses the temperature {sent.temperature:g}: its own default holds")


def _name(dialect: Dialect, sent: ModelRequest, answer: ModelAnswer, said: str) -> Lesson | None:
    prefix, slash, rest = sent.model.partition("/")
    if not sent.api_base or not slash or prefix not in OPEN_ROUTES or dialect.whole_name is not None:
        return None
    if answer.kind != "model" and not _NO_MODEL.search(said):
        return None
    whole = answer.name != sent.model
    return replace(dialect, whole_name=whole), f"is served as {sent.model if whole else rest}"


def _without(dialect: Dialect, parameter: str, words: str) -> Lesson:
    return replace(dialect, left_out=dialect.left_out | {parameter}), words


def _integer(text: str) -> int:
    return int(text.replace(",", ""))


_LESSONS: tuple[Callable[[Dialect, ModelRequest, ModelAnswer, str], Lesson | None], ...] = (
    _tokens_name, _stream, _system, _effort, _context, _most_tokens, _temperature, _name,
)  # fmt: skip
