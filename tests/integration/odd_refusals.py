"""Endpoints that refuse a request until it has another form."""

from __future__ import annotations

from tests.integration.odd_rows import Row, at_most, failing, fits, no_system, streamed, without
from tests.integration.odd_server import PROGRAM, Answer, always, ok, refuses, sse

_WARM = {"options": {"temperature": 0.7}}

REFUSALS = (
    Row(
        "takes-max-completion-tokens",
        "opencode, lsp-ai, YPrompt: o-series and gpt-5",
        refuses(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            lambda b: "max_tokens" not in b and b.get("max_completion_tokens") == 16_384,
        ),
        tells="takes max_completion_tokens instead of max_tokens",
        requests=2,
    ),
    Row(
        "knows-no-token-limit",
        "thought of here",
        refuses("Unrecognized request argument supplied: max_tokens", without("max_tokens")),
        tells="no limit is set",
        requests=2,
    ),
    Row(
        "one-temperature",
        "qwen-code, 5ire, lumen: gpt-5",
        refuses(
            "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
            without("temperature"),
        ),
        tells="refuses the temperature 0.7",
        requests=2,
        **_WARM,
    ),
    Row(
        "temperature-deprecated",
        "thought of here, after Claude's newer models",
        refuses("`temperature` is deprecated for this model.", without("temperature")),
        tells="refuses the temperature",
        requests=2,
        **_WARM,
    ),
    Row(
        "range-of-max-tokens",
        "DeepSeek-V3, openclaude, open-deep-research: DeepSeek",
        refuses("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", at_most(8192)),
        tells="answers of at most 8,192 tokens",
        requests=2,
    ),
    Row(
        "max-tokens-at-most",
        "NextChat, obsidian-copilot: gpt-4-turbo",
        refuses(
            "max_tokens is too large: 16384. This model supports at most 4096 completion tokens, whereas you provided 16384.",
            at_most(4096),
        ),
        tells="at most 4,096 tokens",
        requests=2,
    ),
    Row(
        "max-tokens-of-groq",
        "Roo-Code: Kimi at Groq",
        refuses(
            "`max_tokens` must be less than or equal to `8192`, the maximum value for "
            "`max_tokens` is less than the `context_window` "
            "for this model",
            at_most(8192),
        ),
        tells="at most 8,192 tokens",
        requests=2,
    ),
    Row(
        "max-tokens-of-anthropic",
        "thought of here, after Anthropic's own words",
        refuses(
            "max_tokens: 16384 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet-20241022",
            at_most(8192),
        ),
        tells="at most 8,192 tokens",
        requests=2,
    ),
    Row(
        "max-tokens-too-large-without-number",
        "thought of here",
        refuses("max_tokens is too large", at_most(5000)),
        tells="at most 4,096 tokens",
        requests=3,
    ),
    Row(
        "can-only-afford",
        "gpt_mobile, opencode, openclaude: OpenRouter",
        refuses(
            "This request requires more credits, or fewer max_tokens. You requested up to 16384 tokens, but can only afford 5000.",
            at_most(5000),
            status=402,
        ),
        tells="at most 5,000 tokens",
        requests=2,
    ),
    Row(
        "request-too-large-for-the-minute",
        "gpt-researcher, continue, eliza: Groq's free tier",
        refuses(
            "Request too large for model `m` on tokens per minute (TPM): Limit 6000, "
            "Requested 17000, please reduce your message size",
            at_most(3000),
            status=413,
        ),
        tells="at most 3,000 tokens",
        requests=3,
    ),
    Row(
        "too-large-for-the-rate-limit",
        "vanna-flask: OpenAI's first tier",
        refuses("Request too large for gpt-4 on tokens per min (TPM): Limit 10000, Requested 17000.", at_most(10_000), status=429),
        tells="at most 10,000 tokens",
        requests=2,
    ),
    Row(
        "context-of-vllm",
        "vLLM, kotaemon, ogx",
        fits(
            8192,
            "This model's maximum context length is {context} tokens. However, you requested "
            "{total} tokens ({prompt} in the messages, "
            "{limit} in the completion). Please reduce the length of the messages or completion.",
        ),
        tells="has a context of 8,192 tokens",
        requests=2,
        sent=at_most(8192),
    ),
    Row(
        "context-of-newer-vllm",
        "claude-code-best: a local server",
        fits(
            8192,
            "'max_tokens' or 'max_completion_tokens' is too large: {limit}. This model's "
            "maximum context length is {context} tokens and "
            "your request has {prompt} input tokens ({limit} > {context} - {prompt}).",
        ),
        tells="has a context of 8,192 tokens",
        requests=2,
        sent=at_most(8192),
    ),
    Row(
        "context-of-tgi",
        "thought of here, after TGI's own words",
        fits(
            4096,
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= "
            "{context}. Given: {prompt} `inputs` tokens and {limit} "
            "`max_new_tokens`",
            422,
        ),
        tells="has a context of 4,096 tokens",
        requests=2,
        sent=at_most(4096),
    ),
    Row(
        "context-of-llama-cpp-python",
        "llama-cpp-python, local_llama",
        fits(4096, "Requested tokens ({total}) exceed context window of {context}"),
        tells="context of 4,096",
        requests=2,
        sent=at_most(4096),
    ),
    failing(
        "context-too-small",
        "llama.cpp, code-insights",
        always(
            {
                "error": {
                    "code": 400,
                    "type": "exceed_context_size_error",
                    "message": "the request exceeds the available context size (256 tokens), try increasing it",
                }
            },
            400,
        ),
        "use --style block",
    ),
    failing(
        "context-too-small-at-200",
        "textgen: llama.cpp",
        always(
            {
                "error": {
                    "code": 400,
                    "n_prompt_tokens": 1429,
                    "n_ctx": 256,
                    "message": (
                        "the request exceeds the available context size. try increasing the context size or enable context shift"
                    ),
                }
            }
        ),
        "use --style block",
    ),
    failing(
        "behind-a-router",
        "OmniRoute: OpenRouter",
        always(
            {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "at most 1 image per prompt"}}}, 400
        ),
        "at most 1 image per prompt",
    ),
    Row(
        "wants-reasoning-effort",
        "thought of here",
        refuses(
            "Missing required parameter: 'reasoning_effort'. Supported values are: 'low', 'medium', and 'high'.",
            lambda b: b.get("reasoning_effort") == "medium",
        ),
        tells="wants a reasoning effort: medium",
        requests=2,
    ),
    Row(
        "other-reasoning-effort",
        "thought of here, after OpenAI's own words",
        refuses(
            "Unsupported value: 'reasoning_effort' does not support 'minimal' with this "
            "model. Supported values are: 'none', 'low'.",
            without("reasoning_effort"),
        ),
        tells="refuses the reasoning effort minimal",
        requests=2,
        options={"reasoning_effort": "minimal"},
    ),
    Row(
        "no-reasoning-effort",
        "thought of here, after pydantic's own words",
        refuses(
            "[{'type': 'extra_forbidden', 'loc': ('body', 'reasoning_effort'), 'msg': 'Extra inputs are not permitted'}]",
            without("reasoning_effort"),
        ),
        tells="refuses the reasoning effort",
        requests=2,
        options={"reasoning_effort": "low"},
    ),
    Row(
        "no-system-role",
        "sglang, chat_templates: Gemma",
        refuses("System role not supported", no_system),
        tells="knows no system role",
        requests=2,
    ),
    Row(
        "no-system-role-at-500",
        "sglang: Gemma's template",
        refuses("Jinja Exception: System role not supported", no_system, 500),
        tells="knows no system role",
        requests=2,
    ),
    Row(
        "no-system-role-of-o1",
        "thought of here, after OpenAI's own words",
        refuses("Unsupported value: 'messages[0].role' does not support 'system' with this model.", no_system),
        tells="knows no system role",
        requests=2,
    ),
    Row(
        "no-developer-instruction",
        "rig, lobehub, browser-use, adk-python: Gemma at Google",
        refuses("Developer instruction is not enabled for models/gemma-3-27b-it", no_system),
        tells="knows no system role",
        requests=2,
    ),
    Row(
        "roles-must-alternate",
        "ragflow, autogen, mistral.rs: Mistral's template",
        refuses("Conversation roles must alternate user/assistant/user/assistant/...", no_system),
        tells="knows no system role",
        requests=2,
    ),
    Row(
        "streams-only",
        "ragflow, OpenManus, VideoCaptioner: QwQ at DashScope",
        refuses(
            "This model only support stream mode, please enable the stream parameter to access the model.",
            streamed,
            then=always(sse(PROGRAM[:9], PROGRAM[9:])),
        ),
        tells="answers as a stream only",
        requests=2,
    ),
    Row(
        "streams-only-thinking",
        "ragflow, langchain4j, browser-use: Qwen3 at DashScope",
        refuses("parameter.enable_thinking must be set to false for non-streaming calls", streamed, then=always(sse(PROGRAM))),
        tells="answers as a stream only",
        requests=2,
    ),
    Row(
        "streams-without-options",
        "thought of here",
        lambda asked: Answer(
            {"error": {"message": "Stream must be set to true"}}
            if not asked.body.get("stream")
            else {"error": {"message": "Unrecognized request argument supplied: stream_options"}}
            if "stream_options" in asked.body
            else sse(PROGRAM, usage=None),
            400 if not asked.body.get("stream") or "stream_options" in asked.body else 200,
        ),
        tells="these are estimated",
        requests=3,
        estimated=True,
        tokens=None,
    ),
    Row(
        "says-stream-and-sends-json",
        "thought of here",
        refuses("stream must be true", streamed),
        tells="answers as a stream only",
        requests=2,
    ),
    Row(
        "all-at-once",
        "thought of here",
        refuses(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            lambda b: "max_tokens" not in b,
            then=refuses(
                "temperature: unsupported value", without("temperature"), then=refuses("System role not supported", no_system)
            ),
        ),
        tells="knows no system role",
        requests=4,
        **_WARM,
    ),
    Row(
        "wants-a-header",
        "thought of here",
        lambda asked: (
            Answer(ok()) if asked.headers.get("x-team") == "optim" else Answer({"error": {"message": "X-Team is missing"}}, 400)
        ),
        options={"headers": ["X-Team: optim"]},
    ),
    Row(
        "wants-a-field",
        "vLLM: Qwen3 without thinking",
        refuses("chat_template_kwargs is missing", lambda b: b.get("chat_template_kwargs") == {"enable_thinking": False}),
        options={"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}},
    ),
    failing(
        "refuses-for-good",
        "thought of here",
        always({"error": {"message": "content policy"}}, 400),
        "the call failed (content policy)",
    ),
    failing("refuses-without-a-word", "thought of here", always("", 400), "(status 400, and no word of why)"),
    failing(
        "no-credit",
        "thought of here, after DeepSeek's own words",
        always({"error": {"message": "Insufficient Balance"}}, 402),
        "no credit is left",
    ),
    failing(
        "quota",
        "thought of here, after OpenAI's own words",
        always({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, 429),
        "funds: ",
        requests=1,
    ),
    failing("key-revoked", "thought of here", always({"error": {"message": "Invalid API key"}}, 401), "OPENAI_API_KEY"),
    failing(
        "redirects",
        "thought of here",
        always("", 308, location="https://example.org/v1/chat/completions"),
        "try --api-base https://example.org/v1",
    ),
)
