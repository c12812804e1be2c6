"""Which models can be called from here: keys in the environment, servers on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Provider(NamedTuple):
    """Where a provider's key is looked for, and a sound first model of theirs (with LiteLLM's name)."""

    prefix: str
    variable: str
    model: str


class Server(NamedTuple):
    """A local server program and where it listens by default."""

    name: str
    base: str


class Choice(NamedTuple):
    """What to propose with, and why: one line for the person."""

    name: str
    why: str
    models: tuple[str, ...] = ()
    api_base: str | None = None


PROVIDERS = (
    Provider("anthropic", "ANTHROPIC_API_KEY", "anthropic/claude-sonnet-4-5"),
    Provider("openai", "OPENAI_API_KEY", "openai/gpt-5-mini"),
    Provider("gemini", "GEMINI_API_KEY", "gemini/gemini-2.5-flash"),
    Provider("deepseek", "DEEPSEEK_API_KEY", "deepseek/deepseek-chat"),
    Provider("xai", "XAI_API_KEY", "xai/grok-code-fast-1"),
    Provider("mistral", "MISTRAL_API_KEY", "mistral/codestral-latest"),
    Provider("groq", "GROQ_API_KEY", "groq/openai/gpt-oss-120b"),
    Provider("cerebras", "CEREBRAS_API_KEY", "cerebras/gpt-oss-120b"),
    Provider("together_ai", "TOGETHERAI_API_KEY", "together_ai/openai/gpt-oss-120b"),
)
SERVERS = (Server("Ollama", "http://127.0.0.1:11434/v1"), Server("llama.cpp", "http://127.0.0.1:8080/v1"))
"""Looked for in this order."""

OTHERS = "choose another with --model NAME [--api-base URL], or --proposer builtin (no LLM)"


def detect(environ: Mapping[str, str] | None = None, servers: Sequence[Server] = SERVERS) -> Choice:
    """Find the best proposer that works without any option: a provider whose key is set, a local server, or no LLM."""
    environment = os.environ if environ is None else environ
    for provider in PROVIDERS:
        if environment.get(provider.variable, "").strip() not in ("", "none"):
            return Choice("litellm", f"{provider.model}, since {provider.variable} is set; {OTHERS}", (provider.model,))
    for server in servers:
        if models := served(server.base):
            why = f"{models[0]}, since {server.name} answers at {server.base}; {OTHERS}"
            return Choice("litellm", why, (models[0],), server.base)
    return Choice(
        "builtin", "no LLM: no provider's key is set and no local server answers; use one with --model NAME [--api-base URL]"
    )


def served(api_base: str, timeout: float = 0.5) -> list[str]:
    """Names of the models that an OpenAI-compatible endpoint lists; empty where none answers in sense and time."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(api_base)
    if parts.hostname is None:
        return []
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    try:
        connection.request("GET", parts.path.rstrip("/") + "/models")
        response = connection.getresponse()
        listed = json.loads(response.read(1 << 20))["data"] if response.status == 200 else []
        return [m["id"] for m in listed if isinstance(m["id"], str)]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return []
    finally:
        connection.close()


def key_variable(model: str) -> str:
    """The environment variable that holds the key for a model, as LiteLLM reads it."""
    prefix = model.partition("/")[0] if "/" in model else "anthropic" if model.startswith("claude") else "openai"
    known = {p.prefix: p.variable for p in PROVIDERS}
    return known.get(prefix, f"{prefix.upper()}_API_KEY")
