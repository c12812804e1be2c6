"""Other traffic: questions about popular documents, and examples before questions. Nothing is tuned on these."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

SOURCE = "questions about popular documents as in RAGCache (arXiv 2404.12457), and few-shot prompts as in SGLang (NeurIPS 2024)"

_REQUESTS = 400


def instances() -> list[Instance]:
    """Sixteen nodes of each kind, four of each capacity."""
    found = []
    for family, make in (("documents", _documents), ("few-shot", _few_shot)):
        for capacity in (100, 200, 400, 800):
            for copy in range(4):
                id = f"transfer-{family}-{capacity}-{copy}"
                requests = make(random.Random(f"caching/kv_cache {id}"))
                found.append(Instance(id, family, made.as_data(requests, capacity)))
    return found


def _documents(rng: random.Random) -> list[made.Request]:
    # A system prompt, one or two of 300 documents by Zipf's law in the order of a search engine, then the question.
    blocks, requests, now = made._Blocks(), list[made.Request](), 0.0
    length = [rng.randint(2, 12) for _ in range(300)]
    weights = [1 / (rank + 1) for rank in range(300)]
    for number in range(_REQUESTS):
        now += rng.expovariate(0.5)
        chosen = dict.fromkeys(rng.choices(range(300), weights, k=rng.choice((1, 1, 2))))
        parts = [(("document", name), length[name]) for name in chosen]
        prompt = blocks.of(("system", 1), *parts, (("question", number), 1))
        requests.append((round(1000 * now), made._tokens(rng, prompt), prompt))
    return requests


def _few_shot(rng: random.Random) -> list[made.Request]:
    # Programs with instructions and examples of their own run in bursts: each sends its examples before every question.
    blocks, requests = made._Blocks(), list[made.Request]()
    shots = [rng.randint(3, 30) for _ in range(40)]
    now = 0.0
    while len(requests) < _REQUESTS:
        now += rng.expovariate(1 / 20)
        program, moment = rng.randrange(40), now
        for number in range(rng.randint(2, 25)):
            moment += rng.expovariate(0.4)
            prompt = blocks.of((("program", program), shots[program]), (("question", now, number), rng.randint(1, 2)))
            requests.append((round(1000 * moment), made._tokens(rng, prompt), prompt))
    return sorted(requests, key=lambda request: request[0])[:_REQUESTS]
