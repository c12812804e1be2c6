"""Which experts to drop and to prefetch: the least recently used goes first (LRU).

The part between the markers says what it is worth to have an expert in memory; the class below it keeps the books, asks about what
might be dropped or prefetched, and exchanges the least worthy for the worthiest.
"""


# EVOLVE-BLOCK-START
def worth(
    distance: int, rank: int, share: float, recent: float, age: float, word: float, load: float, room: float, held: bool
) -> float:
    """Worth of having an expert in memory when its layer comes next: the least goes first, a prefetch must be worth more than it.

    distance  layers until its layer comes again, 1 for the next, as many as there are for this one
    rank      place in the hint of its layer, 0 for the likeliest; 99 if the hint does not name it; -1 without a hint
    share     share of other requests' tokens that used it
    recent    share of the latest tokens that used it, some ten of them
    age       tokens since it was used; 1000 if never
    word      share of the earlier occurrences of this token that used it; -1 if the token is new or its layer belongs to the next
    load      time to load an expert, over the time of a layer
    room      experts that memory holds, over those that a token uses in all layers
    held      whether it is in memory
    """
    return -age


# EVOLVE-BLOCK-END


class Policy:
    """Keeps the books, and exchanges experts by their worth."""

    def __init__(self, info):
        """Take the model and the machine.

        `info` is a dict of layers, experts (of each layer), top_k (that a token uses in each), slots (experts that memory holds),
        load_us, gate_us and expert_us (times in microseconds), usage (usage[layer][i]: tokens of other requests that used expert i
        of a layer) and resident (ids in memory at first). Expert i of a layer has the id layer * experts + i.
        """
        self.layers, self.experts, self.top_k = info["layers"], info["experts"], info["top_k"]
        self.load = info["load_us"] / (info["gate_us"] + info["expert_us"])
        self.room = info["slots"] / (self.layers * self.top_k)
        self.held = set(info["resident"])  # in memory or on the way
        self.share = [self.top_k * count / max(1, sum(row)) for row in info["usage"] for count in row]
        self.recent = list(self.share)
        self.last = [-1000] * len(self.share)  # last token that used an expert
        self.latest = [[] for _ in range(self.layers)]  # what each layer used last
        self.words = {}  # by token: its number of occurrences, and for each expert how many used it

    def step(self, news):
        """Return {"drop": [...], "prefetch": [...]}: ids to load ahead, and one to drop for each load.

        Called in each layer of each token, once its router has chosen. `news` is a dict of token (its number), token_id (in the
        vocabulary; -1 if unknown), new_request (whether the token begins a request), layer, need (ids that are used now), hint (a
        list for each of the next layers of this token, at most two: ids that its router would choose now, the likeliest first),
        loaded and dropped (ids since the last call), loading (id under way, or -1) and left_us (until it is there).

        The first ids of drop make room for those of need that are neither in memory nor under way; the others for prefetch, in the
        same order. An id to drop is in memory and not in need, one to prefetch is neither in memory nor under way nor in need.
        """
        layer, need, token = news["layer"], news["need"], news["token"]
        self.held.difference_update(news["dropped"])
        self.held.update(news["loaded"])
        missing = [e for e in need if e not in self.held]
        self.note(layer, need, token, news["token_id"])
        ranks = {}
        for row in news["hint"]:
            ranks.update((e, place) for place, e in enumerate(row))
        told = len(news["hint"])
        uses, counts = self.words.get(news["token_id"], (0, {}))
        uses -= 1  # this occurrence has told nothing of later layers yet

        def value(e):
            other = e // self.experts
            distance = (other - layer - 1) % self.layers + 1
            rank = ranks.get(e, 99) if distance <= told and other > layer else -1
            word = counts.get(e, 0) / uses if uses > 0 and other > layer else -1.0
            age = min(1000, token - self.last[e])
            return worth(distance, rank, self.share[e], self.recent[e], age, word, self.load, self.room, e in self.held)

        busy = {*need, news["loading"]}
        wanted = [(value(e), e) for e in self.candidates(layer, ranks) if e not in self.held and e not in busy]
        if not missing and not wanted:
            return {"drop": [], "prefetch": []}
        spare = sorted((value(e), e) for e in self.held - busy)
        drop, prefetch = [e for _, e in spare[: len(missing)]], []
        wanted.sort(key=lambda pair: (-pair[0], pair[1]))
        for (gain, e), (loss, victim) in zip(wanted, spare[len(missing) :], strict=False):
            if not gain > loss:
                break
            prefetch.append(e)
            drop.append(victim)
        return {"drop": drop, "prefetch": prefetch}

    def note(self, layer, need, token, token_id):
        """Write down what is used."""
        first = layer * self.experts
        for e in range(first, first + self.experts):
            self.recent[e] *= 0.9
        uses, counts = self.words.setdefault(token_id, (0, {}))
        if token_id >= 0:
            self.words[token_id] = uses + (layer == 0), counts
        for e in need:
            self.recent[e] += 0.1
            self.last[e] = token
            if token_id >= 0:
                counts[e] = counts.get(e, 0) + 1
        self.latest[layer] = need

    def candidates(self, layer, ranks):
        """Experts that may be worth prefetching: those in hints, and what the next two layers used last."""
        found = set(ranks)
        for ahead in (1, 2):
            found.update(self.latest[(layer + ahead) % self.layers])
        return found
