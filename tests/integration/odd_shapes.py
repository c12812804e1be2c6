"""Answers of odd shapes."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.odd_rows import CODE, Row, at_most, failing, whole_when
from tests.integration.odd_server import PROGRAM, TOLD, Answer, Reply, always, ok, refuses, sse


def _streams(text: str) -> Reply:
    return always(text, **{"content-type": "text/event-stream"})


def _tool(arguments: Any) -> list[dict[str, Any]]:
    return [{"id": "1", "type": "function", "function": {"name": "write_file", "arguments": arguments}}]


def _changed(**changes: Any) -> dict[str, Any]:
    body = ok() | changes
    return {name: value for name, value in body.items() if value != "gone"}


def _old_kind() -> dict[str, Any]:
    return ok() | {"choices": [{"index": 0, "text": PROGRAM, "finish_reason": "stop"}]}


_WORDS = json.dumps(ok())

SHAPES = (
    failing("content-null", "vLLM: Qwen3 without thinking", always(ok(None)), "empty answer", tokens=(11, 7), finish="stop"),
    failing("content-blank", "thought of here", always(ok("  \n")), "empty answer", text="  \n", tokens=(11, 7), finish="stop"),
    Row(
        "content-parts",
        "hermes-agent, spring-ai: Mistral",
        always(ok([{"type": "text", "text": PROGRAM[:30]}, {"type": "text", "text": PROGRAM[30:]}])),
    ),
    Row("content-texts", "thought of here", always(ok([PROGRAM[:30], PROGRAM[30:]]))),
    Row("content-one-part", "thought of here", always(ok({"type": "text", "text": PROGRAM}))),
    Row(
        "thinking-part",
        "gptel, spring-ai, vercel/ai: Magistral",
        always(ok([{"type": "thinking", "thinking": [{"type": "text", "text": "def g"}]}, {"type": "text", "text": PROGRAM}])),
    ),
    failing(
        "reasoning-only",
        "mindcraft, nixmac: reasoning used up the room",
        always(ok(None, "length", reasoning_content="so...")),
        "--answer-tokens gives it more room",
        tokens=(22, 14),
        finish="length",
        requests=2,
    ),
    failing(
        "reasoning-under-another-name",
        "hermes-agent: Kimi; vLLM-Ascend",
        always(ok("", reasoning="so...")),
        "reasoning but no answer",
        tokens=(11, 7),
        finish="stop",
    ),
    Row(
        "tool-call-with-code",
        "thought of here",
        always(ok(None, "tool_calls", tool_calls=_tool(json.dumps({"path": "f.py", "content": CODE})))),
        text=f"```python\n{CODE}\n```",
        finish="tool_calls",
    ),
    Row(
        "function-call-with-code",
        "thought of here",
        always(ok(None, "function_call", function_call={"name": "w", "arguments": json.dumps({"code": CODE})})),
        text=f"```python\n{CODE}\n```",
        finish="function_call",
    ),
    failing(
        "tool-call",
        "thought of here",
        always(ok(None, "tool_calls", tool_calls=_tool('{"path": "."}'))),
        "called a tool (write_file)",
        tokens=(11, 7),
        finish="tool_calls",
    ),
    failing(
        "refusal",
        "thought of here",
        always(ok(None, refusal="I can't help")),
        "the model refused: I can't help",
        tokens=(11, 7),
        finish="stop",
    ),
    failing(
        "content-filter",
        "thought of here",
        always(ok(None, "content_filter")),
        "finish reason: content_filter",
        tokens=(11, 7),
        finish="content_filter",
    ),
    Row("stream-unasked", "thought of here", _streams(sse(PROGRAM[:9], PROGRAM[9:]))),
    Row("stream-unasked-as-json", "thought of here", always(sse(PROGRAM))),
    Row("stream-unasked-without-usage", "thought of here", _streams(sse(PROGRAM, usage=None)), estimated=True, tokens=None),
    Row("stream-without-finish", "thought of here", _streams(sse(PROGRAM, finish=None))),
    Row(
        "stream-broken-off",
        "thought of here",
        _streams(sse(PROGRAM, finish=None, done=False, usage=None)),
        finish="length",
        estimated=True,
        tokens=None,
        requests=2,
    ),
    failing(
        "stream-with-error",
        "thought of here, after OpenRouter's manual",
        _streams(
            sse("so", finish=None, done=False, usage=None) + 'data: {"error": {"message": "Provider overloaded", "code": 502}}\n\n'
        ),
        "Provider overloaded",
        requests=4,
    ),
    failing("stream-of-nothing", "thought of here", _streams("data: [DONE]\n\n"), "not a chat completion"),
    Row(
        "keep-alive-comments",
        "CLIProxyAPI, obsidian-local-gpt: OpenRouter",
        always(": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" + _WORDS),
    ),
    Row("keep-alive-as-data", "llm-gateway, CLIProxyAPI: OpenRouter", _streams("data: : OPENROUTER PROCESSING\n\n" + sse(PROGRAM))),
    failing("no-choices", "AgentTrustBench, langchainjs", always(_changed(choices="gone")), "no choices"),
    failing("choices-empty", "roboflow inference: OpenRouter", always(_changed(choices=[])), "no choices"),
    failing("choices-null", "openai-agents-python, langchain: OpenRouter, vLLM", always(_changed(choices=None)), "no choices"),
    failing(
        "choices-null-and-an-error",
        "inspect_ai: OpenRouter",
        always(_changed(choices=None, usage=None, error={"message": "Provider returned error", "code": 429})),
        "Provider returned error",
        requests=4,
    ),
    Row("choices-by-number", "thought of here", always(_changed(choices={"0": ok()["choices"][0]}))),
    Row("old-completion", "thought of here", always(_old_kind())),
    failing(
        "no-message", "thought of here", always(_changed(choices=[{"index": 0, "finish_reason": "stop"}])), "not a chat completion"
    ),
    Row("no-usage", "llmgateway", always(ok(usage=None)), estimated=True, tokens=None),
    Row("usage-null", "inspect_ai: OpenRouter", always(_changed(usage=None)), estimated=True, tokens=None),
    Row(
        "usage-zeros",
        "new-api: Gemini",
        always(ok(usage={"prompt_tokens": 0, "completion_tokens": 0})),
        estimated=True,
        tokens=None,
    ),
    Row(
        "usage-half-zero",
        "opencode: Ollama's cloud",
        always(ok(usage={"prompt_tokens": 0, "completion_tokens": 7})),
        estimated=True,
        tokens=None,
    ),
    Row("usage-list", "thought of here", always(ok(usage=[])), estimated=True, tokens=None),
    Row(
        "usage-negative",
        "thought of here",
        always(ok(usage={"prompt_tokens": -1, "completion_tokens": 7})),
        estimated=True,
        tokens=None,
    ),
    Row("usage-not-a-number", "thought of here", always(json.dumps(ok()).replace("11", "NaN")), estimated=True, tokens=None),
    Row("usage-floats", "thought of here", always(ok(usage={"prompt_tokens": 11.0, "completion_tokens": 7.0}))),
    Row("usage-texts", "thought of here", always(ok(usage={"prompt_tokens": "11", "completion_tokens": "7"}))),
    Row("usage-by-other-names", "thought of here", always(ok(usage={"input_tokens": 11, "output_tokens": 7}))),
    failing(
        "html",
        "thought of here",
        always("<!doctype html><html><head><title>Open WebUI</title></head></html>", **{"content-type": "text/html"}),
        "a web page (Open WebUI)",
    ),
    failing(
        "html-at-502",
        "thought of here",
        always("<html><title>502 Bad Gateway</title></html>", 502, **{"content-type": "text/html"}),
        "502 Bad Gateway",
        requests=4,
    ),
    failing("nothing", "cline: OpenRouter", always(""), "not a chat completion"),
    failing("half-json", "cline: OpenRouter", always(_WORDS[:40]), "not a chat completion"),
    failing("a-list", "thought of here", always([1, 2]), "not a chat completion"),
    Row("two-documents", "thought of here", always(_WORDS + "\n" + _WORDS)),
    Row("byte-order-mark", "thought of here", always(b"\xef\xbb\xbf" + _WORDS.encode())),
    Row(
        "no-utf-8",
        "thought of here",
        always(_WORDS.replace("def f", "# \u00e9\\ndef f").encode("latin-1")),
        text=PROGRAM.replace("def f", "# \ufffd\ndef f"),
    ),
    Row("half-surrogate", "aider, shell_gpt", always(ok("# \ud83d\n" + PROGRAM)), text="# \ufffd\n" + PROGRAM),
    Row("whole-surrogates", "thought of here", always(json.dumps(ok("# \U0001f600\n" + PROGRAM))), text="# \U0001f600\n" + PROGRAM),
    failing(
        "error-at-200",
        "thought of here, after OpenRouter's own words",
        always({"error": {"message": "Rate limit exceeded: free-models-per-day", "code": 429}}),
        "Rate limit exceeded",
        requests=4,
    ),
    failing(
        "error-as-text", "thought of here", always({"error": "model requires more system memory"}), "requires more system memory"
    ),
    failing("detail", "thought of here", always({"detail": "Not authenticated"}), "Not authenticated"),
    failing(
        "base-resp",
        "thought of here, after MiniMax's own words",
        always({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
        "insufficient balance",
    ),
    Row(
        "cut-then-whole",
        "bedrock-access-gateway, nixmac",
        whole_when(20_000),
        tells="32,768 are allowed from now on",
        requests=2,
        tokens=(20, 36_384),
    ),
    Row(
        "cut-at-the-edge",
        "opencode: Ollama's cloud",
        lambda asked: Answer(
            ok(usage={"prompt_tokens": 10, "completion_tokens": 300})
            if asked.body["max_tokens"] > 300
            else ok(PROGRAM[:20], usage={"prompt_tokens": 10, "completion_tokens": asked.body["max_tokens"]})
        ),
        requests=2,
        tokens=(20, 500),
        options={"answer_tokens": 200},
        tells="400 are allowed",
    ),
    Row(
        "cut-for-good",
        "thought of here",
        whole_when(10**9),
        text=PROGRAM[:20],
        finish="length",
        requests=2,
        tokens=(20, 3 * 16_384),
    ),
    Row(
        "cut-and-no-more-allowed",
        "thought of here",
        refuses("`max_tokens` must be less than or equal to `16384`", at_most(16_384), then=whole_when(10**9)),
        text=PROGRAM[:20],
        finish="length",
        requests=2,
        tokens=(10, 16_384),
    ),
    Row(
        "cut-under-another-name",
        "cherry-studio, dify: Claude, Gemini",
        lambda asked: Answer(ok(finish="max_tokens")),
        finish="length",
        requests=2,
        tokens=(22, 14),
    ),
    failing(
        "could-not-finish",
        "thought of here, after OpenAI's own words",
        always(
            {
                "error": {
                    "message": (
                        "Could not finish the message because max_tokens or model output limit was "
                        "reached. Please try again with higher max_tokens."
                    )
                }
            },
            400,
        ),
        "finish reason: length",
        requests=2,
        finish="length",
    ),
    Row(
        "first-choice-empty",
        "thought of here",
        always(_changed(choices=[*ok(None)["choices"], *ok()["choices"]])),
    ),
    Row("line-ends-not-escaped", "thought of here", always(_WORDS.replace("\\n", "\n"))),
    Row(
        "usage-truth-value",
        "thought of here",
        always(ok(usage={"prompt_tokens": True, "completion_tokens": 7})),
        estimated=True,
        tokens=None,
    ),
    failing(
        "protocol-of-ollama",
        "thought of here, after Ollama's manual",
        always({"message": {"role": "assistant", "content": PROGRAM}, "done": True, "eval_count": 7}),
        "it has the form of Ollama's own API",
    ),
    failing(
        "protocol-of-ollama-in-lines",
        "thought of here, after Ollama's manual",
        always("".join(json.dumps({"message": {"content": text}, "done": False}) + "\n" for text in "ab")),
        "usually ends in /v1 (no 'choices': it has the form of Ollama's own API)",
    ),
    failing(
        "protocol-of-responses",
        "thought of here, after OpenAI's manual",
        always({"object": "response", "output": [{"content": [{"type": "output_text", "text": PROGRAM}]}]}),
        "it has the form of OpenAI's responses",
    ),
    failing(
        "protocol-of-anthropic",
        "thought of here, after Anthropic's manual",
        always({"type": "message", "content": [{"type": "text", "text": PROGRAM}], "stop_reason": "end_turn"}),
        "it has the form of Anthropic's messages",
    ),
    failing(
        "protocol-of-gemini",
        "thought of here, after Gemini's manual",
        always({"candidates": [{"content": {"parts": [{"text": PROGRAM}]}}]}),
        "it has the form of Gemini's own API",
    ),
    failing(
        "error-that-steers-a-terminal",
        "thought of here",
        always({"error": {"message": "\x1b[31mred\x1b[0m\nnew line\u202e" + "x" * 5000}}, 400),
        "\\x1b[31mred\\x1b[0m new line\\u202exxx",
    ),
    failing(
        "errors-in-a-list", "thought of here", always({"errors": [{"message": "no such deployment"}]}, 400), "(no such deployment)"
    ),
    failing("status-300", "thought of here", always("", 300), "(status 300, and no word of why)"),
    Row("says-what-it-cost", "thought of here, after OpenRouter's manual", always(ok(usage={**TOLD, "cost": 0.002}))),
)
