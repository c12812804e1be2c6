"""A model in this process, through llama.cpp; only the process of a gateway imports this."""

from __future__ import annotations

import secrets
from typing import Any

import xllamacpp

from workbench.prices import Price
from workbench.proposers.exchange import ModelAnswer, ModelRequest
from workbench.system.process import cores

SLOTS = 2
"""Answers that are written at the same time; they share the cores, and each prompt is read only once."""
CONTEXT = 8192
"""Tokens of prompt and answer together."""


class Llama:
    """A loaded model.

    Parameters
    ----------
    file
        In the format GGUF.

    Raises
    ------
    RuntimeError
        It cannot be loaded.
    """

    def __init__(self, file: str) -> None:
        wanted = xllamacpp.CommonParams()
        wanted.model.path = file
        wanted.n_ctx, wanted.n_parallel = CONTEXT * SLOTS, SLOTS
        # Its threads work in step: one that shares a core with an evaluation holds up all others.
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = max(1, cores() // 2)
        wanted.cpuparams.poll = wanted.cpuparams_batch.poll = 0
        # The library listens on a port of its own choice: nobody else is to use it.
        wanted.hostnames, wanted.port, wanted.api_keys = ["127.0.0.1"], 0, [secrets.token_hex(16)]
        self._server = xllamacpp.Server(wanted)

    def complete(self, request: ModelRequest) -> ModelAnswer:
        """Make one call. Failures are reported in the answer."""
        body: dict[str, Any] = {
            **request.extra_body,
            "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
            "max_tokens": request.max_tokens,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        try:
            answer = self._server.handle_chat_completions(body)
        except Exception as error:  # what the library raises is not documented
            return ModelAnswer(name=request.model, kind="server", error=f"{type(error).__name__}: {error}")
        if fault := answer.get("error"):
            too_long = fault.get("type") == "exceed_context_size_error"
            why = str(fault.get("message", fault))
            return ModelAnswer(name=request.model, kind="long" if too_long else "server", error=why)
        (choice,), usage = answer["choices"], answer["usage"]
        return ModelAnswer(
            choice["message"].get("content") or "",
            usage["prompt_tokens"],
            usage["completion_tokens"],
            cost_usd=Price(*request.price or (0.0, 0.0)).of(usage["prompt_tokens"], usage["completion_tokens"]),
            finish=choice["finish_reason"],
            asked=request.max_tokens,
            name=request.model,
        )
