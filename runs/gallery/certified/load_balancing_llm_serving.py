"""Serving a language model in time: a heuristic for load_balancing/llm_serving.

To which replica should each request go, whom should a replica admit next, and who gives way when
memory is full? Call `Policy`; its docstring says what goes in and what comes out.

Admit by the credit that is lost a second for each token of work; route by work, memory and what is still owed.

Within a replica the rule is an index like ATC for tardiness: a request whose first token can still be in time presses the more
the less slack it has; one that is late loses credit ttft / t at the rate ttft / t^2, so the long overdue step back. Both are
divided by the tokens to compute before the first token, plus a constant for what every request costs besides.

Mean gap to the reference (upper bound by a transport relaxation that knows all requests in advance;
no scheduler need reach it); 0 is the reference, lower is better:

    program               train  validation        test
    this program         0.0531      0.0116      0.0476
    shortest_prompt      0.0660      0.0142      0.0673
    sjf_guess            0.0810      0.0301      0.0677
    mlfq                 0.0878      0.0137      0.1159
    vtc                  0.1382      0.0195      0.1428
    least_kv             0.1594      0.0145      0.2128
    llumnix              0.1837      0.0639      0.2004
    join_shortest        0.1896      0.0343      0.2163
    power_of_two         0.1952      0.0334      0.2281
    round_robin          0.2138      0.0446      0.2262

From file credit_per_token.py, written by: unknown: a file. Exported 2026-11-26. Certificate:
certified (2026-11-26: better than every baseline, closest on test: gap -0.0197 [-0.0327, -0.0091]
against shortest_prompt at 0.994 (11 won, 0 equal, 1 lost)). Licence: derived from the problem's
seed program, whose licence applies.

`python llm_serving.py` (this file) asks it again what it was asked on 3 small instances and
compares the answers; of 3 long episodes, the beginning.
"""

# The search judged this code by its decisions alone: it is kept as it was found, not as linters like it.
# ruff: noqa
# mypy: ignore-errors

import json
import math
from typing import Any

__all__ = ["MEASURED", "PROVENANCE", "Policy"]


BACKLOG = 1.5  # weight of a token of a prompt still to compute, against one in memory
REQUEST = 600  # tokens that a request counts for besides its own
OWED = 1.0  # weight of a token of an answer still to come, by the guess
LOOKAHEAD = 0.7  # slack, in promised times to the first token, at which pressing has fallen by e
EXTRA = 300  # tokens that a request counts for besides its prompt when it is weighed against others
LEAST = 20  # tokens that an answer beyond its guess is still expected to have


class Policy:
    """Knows every request's facts, and what each replica owes.

    Problem: Serving a language model in time (load_balancing/llm_serving, version
    acf7573ee211). To which replica should each request go, whom should a replica admit next,
    and who gives way when memory is full?

    Objective: maximised, in % of credit.

    Reference: upper bound by a transport relaxation that knows all requests in advance; no
    scheduler need reach it
    """

    def __init__(self, task: dict[str, Any]) -> None:
        """Take the task (a dict, see statement.md)."""
        self.machine = task["machine"]
        self.ttft = task["ttft_s"]
        self.facts = {}  # id -> (time of arrival, prompt, guess)
        self.place = {}
        self.owed = [{} for _ in range(task["replicas"])]  # id -> tokens still to come

    def listen(self, news, running=()):
        """Strike off what is finished, and count what has come of the others."""
        for id, _ in news["finished"]:
            del self.owed[self.place[id]][id]
        for id, done, _ in running:
            self.owed[self.place[id]][id] = max(LEAST, self.facts[id][2] - done)

    def route(self, news: dict[str, Any], request: dict[str, Any], replicas: list[dict[str, Any]]) -> int:
        """The replica with the least on it: prompts to compute, memory, requests, answers still to come."""
        self.listen(news)
        place = min(range(len(replicas)), key=lambda k: self.load(replicas[k], self.owed[k]))
        id = request["id"]
        self.facts[id] = (news["now"], request["prompt"], request["guess"])
        self.place[id] = place
        self.owed[place][id] = request["guess"]
        return place

    def load(self, view, owed):
        """How much is on a replica, in tokens."""
        tokens = view["held"] + BACKLOG * view["backlog"] + OWED * sum(owed.values())
        return tokens + REQUEST * (view["running"] + view["waiting"])

    def order(self, news: dict[str, Any], waiting: list[list[int]], running: list[list[int]], room: int) -> list[int]:
        """The most pressing first."""
        self.listen(news, running)
        m = self.machine
        full = m["overhead_s"] + m["chunk"] * m["token_s"] + (m["capacity"] - room) * m["context_s"]
        token_s = full / max(1, m["chunk"] - len(running))
        return [id for _, id in sorted((-self.press(news["now"], id, todo, token_s), id) for id, todo in waiting)]

    def press(self, now, id, todo, token_s):
        """Credit lost a second, for each token of work; what was preempted presses as if just late."""
        came, prompt, _ = self.facts[id]
        if todo > prompt:
            return 1 / (todo + EXTRA)
        first = now - came + todo * token_s
        if first <= self.ttft:
            rate = math.exp((first - self.ttft) / (LOOKAHEAD * self.ttft))
        else:
            rate = (self.ttft / first) ** 2
        return rate / (todo + EXTRA)

    def preempt(self, news, running):
        """The least to compute anew."""
        self.listen(news, running)
        return min((self.facts[id][1] + done, -id, id) for id, done, _ in running)[2]


PROVENANCE: dict[str, Any] = {
    "problem": "load_balancing/llm_serving",
    "version": "acf7573ee211",
    "run": "file credit_per_token.py",
    "candidate": 0,
    "lineage": [],
    "models": ["unknown: a file"],
    "date": "2026-11-26",
    "verdict": "certified",
    "reason": "2026-11-26: better than every baseline, closest on test: gap -0.0197 [-0.0327, -0.0091] against shortest_prompt at 0.994 (11 won, 0 equal, 1 lost)",
    "licence": "derived from the problem's seed program, whose licence applies",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED: dict[str, dict[str, float]] = {
    "this program": {"train": 0.05309978481493083, "validation": 0.011625512569397737, "test": 0.04761468028068897},
    "shortest_prompt": {"train": 0.0659565023717969, "validation": 0.014179191474739549, "test": 0.06732087875244555},
    "sjf_guess": {"train": 0.08096055295305536, "validation": 0.030114677091690828, "test": 0.06770933820303067},
    "mlfq": {"train": 0.08780195325018365, "validation": 0.013674885291106309, "test": 0.11589438116147155},
    "vtc": {"train": 0.13816790810450116, "validation": 0.019487986153880095, "test": 0.1427908666537323},
    "least_kv": {"train": 0.1593935164765209, "validation": 0.014503422474278124, "test": 0.21283585554047124},
    "llumnix": {"train": 0.18369374384435755, "validation": 0.06394186700011134, "test": 0.2004274281637265},
    "join_shortest": {"train": 0.18963308332248444, "validation": 0.03429172114255726, "test": 0.21632137344459554},
    "power_of_two": {"train": 0.1952293925961477, "validation": 0.03338154650801016, "test": 0.2280504188714273},
    "round_robin": {"train": 0.21378987361089186, "validation": 0.044607105231230855, "test": 0.2261866221325841},
}

# What the program was asked on small instances, and what it answered when it was exported.
CASES: list[dict[str, Any]] = [
    {
        "instance": "validation-11.0-0", "family": "load-11.0",
        "calls": (
            (
                "__init__",
                [
                    {
                        "replicas": 4, "ttft_s": 1.0, "tpot_s": 0.06,
                        "machine": {
                            "token_s": 0.00010801282051282051, "weights_s": 0.012384014699127241,
                            "context_s": 4.816610013780433e-07, "pair_s": 4.201025641025641e-09,
                            "overhead_s": 0.004, "capacity": 42953, "chunk": 512, "batch": 256,
                        },
                    },
                ],
                None,
            ),
            (
                "route",
                [
                    {"now": 0.0, "finished": []},
                    {"id": 0, "prompt": 740, "guess": 111, "client": 0},
                    [
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                0,
            ),
            ("order", [{"now": 0.0, "finished": [], "replica": 0}, [[0, 740]], [], 42952], [0]),
            (
                "route",
                [
                    {"now": 0.0727, "finished": []},
                    {"id": 1, "prompt": 405, "guess": 207, "client": 7},
                    [
                        {"running": 1, "waiting": 0, "held": 741, "backlog": 228},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                1,
            ),
            ("order", [{"now": 0.0727, "finished": [], "replica": 1}, [[1, 405]], [], 42952], [1]),
            (
                "route",
                [
                    {"now": 0.0727, "finished": []},
                    {"id": 2, "prompt": 389, "guess": 137, "client": 2},
                    [
                        {"running": 1, "waiting": 0, "held": 741, "backlog": 228},
                        {"running": 1, "waiting": 0, "held": 406, "backlog": 405},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                2,
            ),
            ("order", [{"now": 0.0727, "finished": [], "replica": 2}, [[2, 389]], [], 42952], [2]),
            (
                "route",
                [
                    {"now": 0.1007, "finished": []},
                    {"id": 3, "prompt": 400, "guess": 78, "client": 3},
                    [
                        {"running": 1, "waiting": 0, "held": 741, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 406, "backlog": 405},
                        {"running": 1, "waiting": 0, "held": 390, "backlog": 389},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                3,
            ),
            ("order", [{"now": 0.1007, "finished": [], "replica": 3}, [[3, 400]], [], 42952], [3]),
            (
                "route",
                [
                    {"now": 0.1132, "finished": []},
                    {"id": 4, "prompt": 7, "guess": 45, "client": 5},
                    [
                        {"running": 1, "waiting": 0, "held": 742, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 406, "backlog": 405},
                        {"running": 1, "waiting": 0, "held": 390, "backlog": 389},
                        {"running": 1, "waiting": 0, "held": 401, "backlog": 400},
                    ],
                ],
                0,
            ),
            (
                "order",
                [
                    {"now": 0.12280867109600369, "finished": [], "replica": 0}, [[4, 7]],
                    [[0, 3, 0]], 42208,
                ],
                [4],
            ),
            (
                "route",
                [
                    {"now": 0.3093, "finished": []},
                    {"id": 5, "prompt": 4080, "guess": 14, "client": 11},
                    [
                        {"running": 2, "waiting": 0, "held": 772, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 417, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 401, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 410, "backlog": 0},
                    ],
                ],
                3,
            ),
            (
                "order",
                [
                    {"now": 0.31403449260827054, "finished": [], "replica": 3}, [[5, 4080]],
                    [[3, 11, 0]], 42540,
                ],
                [5],
            ),
            (
                "route",
                [
                    {"now": 0.3754, "finished": []},
                    {"id": 6, "prompt": 403, "guess": 451, "client": 7},
                    [
                        {"running": 2, "waiting": 0, "held": 780, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 421, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 405, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 4493, "backlog": 3569},
                    ],
                ],
                2,
            ),
            (
                "order",
                [
                    {"now": 0.3842424380348002, "finished": [], "replica": 2}, [[6, 403]],
                    [[2, 17, 0]], 42545,
                ],
                [6],
            ),
            (
                "route",
                [
                    {"now": 0.5786, "finished": []},
                    {"id": 7, "prompt": 384, "guess": 39, "client": 0},
                    [
                        {"running": 2, "waiting": 0, "held": 804, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 433, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 827, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 4496, "backlog": 2036},
                    ],
                ],
                1,
            ),
            (
                "order",
                [
                    {"now": 0.5851997306208262, "finished": [], "replica": 1}, [[7, 384]],
                    [[1, 29, 0]], 42517,
                ],
                [7],
            ),
            (
                "route",
                [
                    {"now": 0.6233, "finished": []},
                    {"id": 8, "prompt": 387, "guess": 362, "client": 2},
                    [
                        {"running": 2, "waiting": 0, "held": 808, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 819, "backlog": 384},
                        {"running": 2, "waiting": 0, "held": 833, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 4496, "backlog": 2036},
                    ],
                ],
                0,
            ),
            (
                "order",
                [
                    {"now": 0.6255822609701444, "finished": [], "replica": 0}, [[8, 387]],
                    [[0, 33, 0], [4, 30, 0]], 42140,
                ],
                [8],
            ),
            (
                "route",
                [
                    {"now": 0.6292, "finished": []},
                    {"id": 9, "prompt": 422, "guess": 23, "client": 0},
                    [
                        {"running": 3, "waiting": 0, "held": 1198, "backlog": 387},
                        {"running": 2, "waiting": 0, "held": 819, "backlog": 384},
                        {"running": 2, "waiting": 0, "held": 833, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 4497, "backlog": 1525},
                    ],
                ],
                2,
            ),
        ),
        "total": 1359, "objective": 99.67654561241547,
    },
    {
        "instance": "validation-12.3-0", "family": "load-12.3",
        "calls": (
            (
                "__init__",
                [
                    {
                        "replicas": 4, "ttft_s": 1.0, "tpot_s": 0.06,
                        "machine": {
                            "token_s": 0.00010801282051282051, "weights_s": 0.012384014699127241,
                            "context_s": 4.816610013780433e-07, "pair_s": 4.201025641025641e-09,
                            "overhead_s": 0.004, "capacity": 42953, "chunk": 512, "batch": 256,
                        },
                    },
                ],
                None,
            ),
            (
                "route",
                [
                    {"now": 0.0, "finished": []},
                    {"id": 0, "prompt": 1057, "guess": 354, "client": 0},
                    [
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                0,
            ),
            ("order", [{"now": 0.0, "finished": [], "replica": 0}, [[0, 1057]], [], 42952], [0]),
            (
                "route",
                [
                    {"now": 0.0, "finished": []},
                    {"id": 1, "prompt": 419, "guess": 435, "client": 6},
                    [
                        {"running": 1, "waiting": 0, "held": 1058, "backlog": 1057},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                1,
            ),
            ("order", [{"now": 0.0, "finished": [], "replica": 1}, [[1, 419]], [], 42952], [1]),
            (
                "route",
                [
                    {"now": 0.0235, "finished": []},
                    {"id": 2, "prompt": 1038, "guess": 965, "client": 6},
                    [
                        {"running": 1, "waiting": 0, "held": 1058, "backlog": 1057},
                        {"running": 1, "waiting": 0, "held": 420, "backlog": 419},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                2,
            ),
            ("order", [{"now": 0.0235, "finished": [], "replica": 2}, [[2, 1038]], [], 42952], [2]),
            (
                "route",
                [
                    {"now": 0.0246, "finished": []},
                    {"id": 3, "prompt": 404, "guess": 55, "client": 1},
                    [
                        {"running": 1, "waiting": 0, "held": 1058, "backlog": 1057},
                        {"running": 1, "waiting": 0, "held": 420, "backlog": 419},
                        {"running": 1, "waiting": 0, "held": 1039, "backlog": 1038},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                3,
            ),
            ("order", [{"now": 0.0246, "finished": [], "replica": 3}, [[3, 404]], [], 42952], [3]),
            (
                "route",
                [
                    {"now": 0.0515, "finished": []},
                    {"id": 4, "prompt": 1118, "guess": 440, "client": 3},
                    [
                        {"running": 1, "waiting": 0, "held": 1058, "backlog": 1057},
                        {"running": 1, "waiting": 0, "held": 420, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 1039, "backlog": 1038},
                        {"running": 1, "waiting": 0, "held": 405, "backlog": 404},
                    ],
                ],
                1,
            ),
            (
                "order",
                [
                    {"now": 0.06621245224585987, "finished": [], "replica": 1}, [[4, 1118]],
                    [[1, 2, 0]], 42530,
                ],
                [4],
            ),
            (
                "route",
                [
                    {"now": 0.1053, "finished": []},
                    {"id": 5, "prompt": 1076, "guess": 561, "client": 10},
                    [
                        {"running": 1, "waiting": 0, "held": 1058, "backlog": 545},
                        {"running": 2, "waiting": 0, "held": 1540, "backlog": 1118},
                        {"running": 1, "waiting": 0, "held": 1039, "backlog": 526},
                        {"running": 1, "waiting": 0, "held": 406, "backlog": 0},
                    ],
                ],
                3,
            ),
            (
                "order",
                [
                    {"now": 0.10573867325806438, "finished": [], "replica": 3}, [[5, 1076]],
                    [[3, 3, 0]], 42544,
                ],
                [5],
            ),
            (
                "route",
                [
                    {"now": 0.131, "finished": []},
                    {"id": 6, "prompt": 397, "guess": 136, "client": 7},
                    [
                        {"running": 1, "waiting": 0, "held": 1058, "backlog": 33},
                        {"running": 2, "waiting": 0, "held": 1541, "backlog": 607},
                        {"running": 1, "waiting": 0, "held": 1039, "backlog": 526},
                        {"running": 2, "waiting": 0, "held": 1484, "backlog": 1076},
                    ],
                ],
                0,
            ),
            (
                "order",
                [
                    {"now": 0.13807577005057722, "finished": [], "replica": 0}, [[6, 397]],
                    [[0, 1, 0]], 41893,
                ],
                [6],
            ),
            (
                "route",
                [
                    {"now": 0.1465, "finished": []},
                    {"id": 7, "prompt": 49, "guess": 401, "client": 3},
                    [
                        {"running": 2, "waiting": 0, "held": 1456, "backlog": 397},
                        {"running": 2, "waiting": 0, "held": 1541, "backlog": 607},
                        {"running": 1, "waiting": 0, "held": 1039, "backlog": 14},
                        {"running": 2, "waiting": 0, "held": 1484, "backlog": 1076},
                    ],
                ],
                2,
            ),
            (
                "route",
                [
                    {"now": 0.1528, "finished": []},
                    {"id": 8, "prompt": 418, "guess": 203, "client": 0},
                    [
                        {"running": 2, "waiting": 0, "held": 1456, "backlog": 397},
                        {"running": 2, "waiting": 0, "held": 1541, "backlog": 607},
                        {"running": 1, "waiting": 1, "held": 1039, "backlog": 63},
                        {"running": 2, "waiting": 0, "held": 1484, "backlog": 1076},
                    ],
                ],
                2,
            ),
            (
                "order",
                [
                    {"now": 0.16149215913775675, "finished": [], "replica": 2}, [[7, 49], [8, 418]],
                    [[2, 1, 0]], 41912,
                ],
                [7, 8],
            ),
            (
                "route",
                [
                    {"now": 0.2386, "finished": []},
                    {"id": 9, "prompt": 401, "guess": 341, "client": 5},
                    [
                        {"running": 2, "waiting": 0, "held": 1463, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 1545, "backlog": 0},
                        {"running": 3, "waiting": 0, "held": 1512, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 1486, "backlog": 54},
                    ],
                ],
                0,
            ),
        ),
        "total": 1344, "objective": 96.23059348278022,
    },
    {
        "instance": "train-13.0-1", "family": "load-13.0",
        "calls": (
            (
                "__init__",
                [
                    {
                        "replicas": 4, "ttft_s": 1.0, "tpot_s": 0.06,
                        "machine": {
                            "token_s": 0.00010801282051282051, "weights_s": 0.012384014699127241,
                            "context_s": 4.816610013780433e-07, "pair_s": 4.201025641025641e-09,
                            "overhead_s": 0.004, "capacity": 42953, "chunk": 512, "batch": 256,
                        },
                    },
                ],
                None,
            ),
            (
                "route",
                [
                    {"now": 0.0, "finished": []},
                    {"id": 0, "prompt": 376, "guess": 57, "client": 6},
                    [
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                0,
            ),
            ("order", [{"now": 0.0, "finished": [], "replica": 0}, [[0, 376]], [], 42952], [0]),
            (
                "route",
                [
                    {"now": 0.0346, "finished": []},
                    {"id": 1, "prompt": 379, "guess": 87, "client": 0},
                    [
                        {"running": 1, "waiting": 0, "held": 377, "backlog": 376},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                1,
            ),
            ("order", [{"now": 0.0346, "finished": [], "replica": 1}, [[1, 379]], [], 42952], [1]),
            (
                "route",
                [
                    {"now": 0.0597, "finished": []},
                    {"id": 2, "prompt": 421, "guess": 32, "client": 0},
                    [
                        {"running": 1, "waiting": 0, "held": 377, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 380, "backlog": 379},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                2,
            ),
            ("order", [{"now": 0.0597, "finished": [], "replica": 2}, [[2, 421]], [], 42952], [2]),
            (
                "route",
                [
                    {"now": 0.0944, "finished": []},
                    {"id": 3, "prompt": 2221, "guess": 185, "client": 5},
                    [
                        {"running": 1, "waiting": 0, "held": 379, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 380, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 422, "backlog": 421},
                        {"running": 0, "waiting": 0, "held": 0, "backlog": 0},
                    ],
                ],
                3,
            ),
            ("order", [{"now": 0.0944, "finished": [], "replica": 3}, [[3, 2221]], [], 42952], [3]),
            (
                "route",
                [
                    {"now": 0.1541, "finished": []},
                    {"id": 4, "prompt": 4079, "guess": 90, "client": 0},
                    [
                        {"running": 1, "waiting": 0, "held": 383, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 384, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 424, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 2222, "backlog": 2221},
                    ],
                ],
                0,
            ),
            (
                "route",
                [
                    {"now": 0.1541, "finished": []},
                    {"id": 5, "prompt": 4081, "guess": 28, "client": 0},
                    [
                        {"running": 1, "waiting": 1, "held": 383, "backlog": 4079},
                        {"running": 1, "waiting": 0, "held": 384, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 424, "backlog": 0},
                        {"running": 1, "waiting": 0, "held": 2222, "backlog": 2221},
                    ],
                ],
                2,
            ),
            (
                "order",
                [
                    {"now": 0.1593089663368484, "finished": [], "replica": 2}, [[5, 4081]],
                    [[2, 4, 0]], 42526,
                ],
                [5],
            ),
            (
                "order",
                [
                    {"now": 0.1608791037708896, "finished": [], "replica": 0}, [[4, 4079]],
                    [[0, 8, 0]], 42567,
                ],
                [4],
            ),
            (
                "route",
                [
                    {"now": 0.2491, "finished": []},
                    {"id": 6, "prompt": 379, "guess": 27, "client": 1},
                    [
                        {"running": 2, "waiting": 0, "held": 4465, "backlog": 3568},
                        {"running": 1, "waiting": 0, "held": 390, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 4508, "backlog": 3570},
                        {"running": 1, "waiting": 0, "held": 2222, "backlog": 1197},
                    ],
                ],
                1,
            ),
            (
                "route",
                [
                    {"now": 0.2515, "finished": []},
                    {"id": 7, "prompt": 1014, "guess": 1000, "client": 2},
                    [
                        {"running": 2, "waiting": 0, "held": 4465, "backlog": 3568},
                        {"running": 1, "waiting": 1, "held": 390, "backlog": 379},
                        {"running": 2, "waiting": 0, "held": 4508, "backlog": 3570},
                        {"running": 1, "waiting": 0, "held": 2222, "backlog": 1197},
                    ],
                ],
                1,
            ),
            (
                "order",
                [
                    {"now": 0.2621025747676459, "finished": [], "replica": 1},
                    [[6, 379], [7, 1014]], [[1, 12, 0]], 42560,
                ],
                [6, 7],
            ),
            (
                "route",
                [
                    {"now": 0.4253, "finished": []},
                    {"id": 8, "prompt": 383, "guess": 255, "client": 2},
                    [
                        {"running": 2, "waiting": 0, "held": 4468, "backlog": 2035},
                        {"running": 3, "waiting": 0, "held": 1789, "backlog": 372},
                        {"running": 2, "waiting": 0, "held": 4511, "backlog": 2037},
                        {"running": 1, "waiting": 0, "held": 2225, "backlog": 0},
                    ],
                ],
                3,
            ),
            (
                "order",
                [
                    {"now": 0.43694402619084655, "finished": [], "replica": 3}, [[8, 383]],
                    [[3, 5, 0]], 40725,
                ],
                [8],
            ),
            (
                "route",
                [
                    {"now": 0.4731, "finished": []},
                    {"id": 9, "prompt": 867, "guess": 391, "client": 0},
                    [
                        {"running": 2, "waiting": 0, "held": 4468, "backlog": 2035},
                        {"running": 3, "waiting": 0, "held": 1797, "backlog": 0},
                        {"running": 2, "waiting": 0, "held": 4512, "backlog": 1526},
                        {"running": 2, "waiting": 0, "held": 2610, "backlog": 383},
                    ],
                ],
                1,
            ),
        ),
        "total": 1343, "objective": 91.5026911812064,
    },
]


def _same(answer: Any, expected: Any) -> bool:
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case: dict[str, Any]) -> str:
    """Ask again what was asked; the first answer that differs from the recorded one, or nothing."""
    target: Any = Policy
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = Policy(*given)
            continue
        answer = getattr(target, method)(*given)
        answer = json.loads(json.dumps(answer, default=lambda value: value.tolist()))
        if not _same(answer, expected):
            return f"call {number} ({method}) answered {answer!r:.200}, recorded was {expected!r:.200}"
    return ""


def _recheck() -> int:
    """Replay every case and say how many came out as recorded."""
    wrong = 0
    for case in CASES:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(CASES) - wrong} of {len(CASES)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
