"""Detection of available models: API keys in the environment, local servers, and a model that this machine can run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workbench.prices import LOCAL
from workbench.proposers import local_model


class Provider(NamedTuple):
    """A provider: name prefix, environment variable of its key, and a suitable default model (LiteLLM name)."""

    prefix: str
    variable: str
    model: str
    hosts: tuple[str, ...]
    """Where its key may be sent, over https."""


class Server(NamedTuple):
    """A local server program and its default address."""

    name: str
    base: str


class Choice(NamedTuple):
    """The chosen proposer, and the reason in one line for the user."""

    name: str
    why: str
    models: tuple[str, ...] = ()
    api_base: str | None = None


PROVIDERS = (
    Provider("anthropic", "ANTHROPIC_API_KEY", "anthropic/claude-sonnet-4-5", ("api.anthropic.com",)),
    Provider("openai", "OPENAI_API_KEY", "openai/gpt-5-mini", ("api.openai.com", "eu.api.openai.com", "us.api.openai.com")),
    Provider("gemini", "GEMINI_API_KEY", "gemini/gemini-2.5-flash", ("generativelanguage.googleapis.com",)),
    Provider("deepseek", "DEEPSEEK_API_KEY", "deepseek/deepseek-chat", ("api.deepseek.com",)),
    Provider("xai", "XAI_API_KEY", "xai/grok-code-fast-1", ("api.x.ai",)),
    Provider("mistral", "MISTRAL_API_KEY", "mistral/codestral-latest", ("api.mistral.ai", "codestral.mistral.ai")),
    Provider("groq", "GROQ_API_KEY", "groq/openai/gpt-oss-120b", ("api.groq.com",)),
    Provider("cerebras", "CEREBRAS_API_KEY", "cerebras/gpt-oss-120b", ("api.cerebras.ai",)),
    Provider("together_ai", "TOGETHERAI_API_KEY", "together_ai/openai/gpt-oss-120b", ("api.together.xyz", "api.together.ai")),
)
SERVERS = (Server("Ollama", "http://127.0.0.1:11434/v1"), Server("llama.cpp", "http://127.0.0.1:8080/v1"))
"""Local servers, in order of preference."""

OTHERS = "choose another with --model NAME [--api-base URL], or --proposer builtin (no LLM)"


def detect(environ: Mapping[str, str] | None = None, servers: Sequence[Server] = SERVERS) -> Choice:
    """Choose the default proposer: a provider whose key is set, else a local server, else the local model, else no LLM.

    The local model counts if it is there: nothing is downloaded for this choice.
    """
    environment = os.environ if environ is None else environ
    for provider in PROVIDERS:
        if environment.get(provider.variable, "").strip() not in ("", "none"):
            return Choice("litellm", f"{provider.model}, since {provider.variable} is set; {OTHERS}", (provider.model,))
    for server in servers:
        if models := served(server.base):
            why = f"{models[0]}, since {server.name} answers at {server.base}; {OTHERS}"
            return Choice("litellm", why, (models[0],), server.base)
    if local_model.at_hand():
        why = f"{local_model.NAME} on this machine, since no API key is set and no local server answers; {OTHERS}"
        return Choice("litellm", why, (LOCAL,))
    missing = "no API key is set, no local server answers, and no local model is there"
    return Choice("builtin", f"no LLM: {missing}; use a model with --model NAME [--api-base URL]")


def served(api_base: str, timeout: float = 0.5) -> list[str]:
    """Return the models listed by an OpenAI-compatible endpoint; empty without a valid answer within `timeout` seconds."""
    import http.client
    from urllib.parse import urlsplit

    connection: http.client.HTTPConnection | None = None
    try:
        parts = urlsplit(api_base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        connection.request("GET", parts.path.rstrip("/") + "/models")
        response = connection.getresponse()
        listed = json.loads(response.read(1 << 20))["data"] if response.status == 200 else []
        return [m["id"] for m in listed if isinstance(m["id"], str)]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return []
    finally:
        if connection is not None:
            connection.close()


def key_variable(model: str) -> str:
    """Return the environment variable from which LiteLLM reads the key for a model."""
    prefix = model.partition("/")[0] if "/" in model else "anthropic" if model.startswith("claude") else "openai"
    known = {p.prefix: p.variable for p in PROVIDERS}
    return known.get(prefix, f"{prefix.upper()}_API_KEY")
