"""Tables made up for stress tests: shapes that recorded tables do not have."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Data = dict[str, Any]


def _data(rows: list[list[str]], names: list[str] | None = None) -> Data:
    return {"columns": names or [f"column {number}" for number in range(len(rows[0]))], "rows": rows}


def _word(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=length))


def ten_times(rng: random.Random, copy: int, rows: int = 2_000) -> Data:
    """Many rows: a few categories, a number, and a key of each row."""
    words = [[_word(rng, rng.randint(4, 12)) for _ in range(size)] for size in (3, 12, 40, 200)]
    return _data([[*(rng.choice(some) for some in words), str(rng.randint(1, 50)), str(10**6 + row)] for row in range(rows)])


def single_row(rng: random.Random, copy: int) -> Data:
    """One row, of one column or of many."""
    return _data([[_word(rng, 5) for _ in range((1, 20)[copy])]])


def single_column(rng: random.Random, copy: int) -> Data:
    """One column, in which values come back."""
    words = [_word(rng, rng.randint(1, 30)) for _ in range((5, 60)[copy])]
    return _data([[rng.choice(words)] for _ in range(150)])


def equal_rows(rng: random.Random, copy: int) -> Data:
    """All rows are equal, or nearly all."""
    row = [_word(rng, 6) for _ in range(8)]
    return _data([[*row[:-1], _word(rng, 6)] if copy and rng.random() < 0.1 else list(row) for _ in range(100)])


def nothing_in_common(rng: random.Random, copy: int) -> Data:
    """No value occurs twice in a column."""
    return _data([[f"{row} {_word(rng, 3 + copy)}" for _ in range(6)] for row in range(100)])


def no_text(rng: random.Random, copy: int) -> Data:
    """Most cells are empty: what is read again and again is names of columns."""
    return _data([[_word(rng, 10) if rng.random() < (0.05, 0.2)[copy] else "" for _ in range(15)] for _ in range(150)])


def coins(rng: random.Random, copy: int) -> Data:
    """All columns are alike and hold one of two values, so that ties are everywhere."""
    return _data([[rng.choice(("yes", "no ")) for _ in range((6, 14, 30)[copy])] for _ in range(150)])


def own_columns(rng: random.Random, copy: int) -> Data:
    """Each group of rows has three columns of its own in which its rows agree, and nothing else in common."""
    width, groups = 12, (4, 8, 16)[copy]
    shared = [dict.fromkeys(rng.sample(range(width), 3), _word(rng, 20)) for _ in range(groups)]
    return _data([[shared[row % groups].get(c, f"{row} {_word(rng, 8)}") for c in range(width)] for row in range(160)])


def same_words(rng: random.Random, copy: int) -> Data:
    """The same few words stand in every column; a word in another column is no hit."""
    words = [_word(rng, rng.randint(3, 25)) for _ in range((3, 8, 20)[copy])]
    return _data([[rng.choice(words) for _ in range(8)] for _ in range(150)])


def long_texts(rng: random.Random, copy: int) -> Data:
    """A long text that hardly ever comes back, and short values that do."""
    texts = [_word(rng, 200) for _ in range((150, 75, 140)[copy])]
    return _data(
        [[rng.choice(texts), *(str(rng.randint(0, high)) for high in (1, 3, 9, 30)), f"key {row}"] for row in range(150)]
    )  # fmt: skip


def chain(rng: random.Random, copy: int) -> Data:
    """Neighbours in a ring have one long value in common and none with others, so that a row can please one side alone."""
    size = (60, 61, 120)[copy]
    links = [_word(rng, 20) for _ in range(size)]
    rows = [[links[row], links[(row + 1) % size]] if row % 2 else [links[(row + 1) % size], links[row]] for row in range(size)]
    return _data([[*row, str(number)] for number, row in enumerate(rows)])


def joined(rng: random.Random, copy: int, rows: int = 200) -> Data:
    """Order lines joined with orders, customers, parts and places, as in the schema of TPC-H: a key decides other columns."""
    regions = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"]
    nations = [(f"{region[:3]} {_word(rng, 7).upper()}", region) for region in regions for _ in range(5)]
    segments = ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"]
    customers = [
        (f"Customer#{number:09}", *rng.choice(nations), rng.choice(segments), f"{rng.randint(-999, 9999)}.{rng.randint(10, 99)}")
        for number in range((10, 30, 80)[copy])
    ]
    parts = [
        (f"{_word(rng, 6)} {_word(rng, 8)}", f"Brand#{rng.randint(1, 5)}{rng.randint(1, 5)}", rng.choice(("JUMBO BOX", "SM CASE")))
        for _ in range(60)
    ]
    orders = [
        (str(number), *rng.choice(customers), f"199{rng.randint(2, 8)}-0{rng.randint(1, 9)}-{rng.randint(10, 28)}")
        for number in range((40, 80, 120)[copy])
    ]
    names = ["l_shipmode", "l_quantity", "p_name", "p_brand", "p_container", "o_orderkey", "c_name", "n_name", "r_name",
             "c_mktsegment", "c_acctbal", "o_orderdate"]  # fmt: skip
    made = [
        [rng.choice(("AIR", "RAIL", "TRUCK")), str(rng.randint(1, 50)), *rng.choice(parts), *rng.choice(orders)]
        for _ in range(rows)
    ]
    turn = rng.sample(range(len(names)), len(names))
    return _data([[row[c] for c in turn] for row in made], [names[c] for c in turn])


SHAPES: dict[str, tuple[int, Callable[[random.Random, int], Data]]] = {
    "ten-times": (2, ten_times),
    "single-row": (2, single_row),
    "single-column": (2, single_column),
    "equal-rows": (2, equal_rows),
    "nothing-in-common": (2, nothing_in_common),
    "no-text": (2, no_text),
    "coins": (3, coins),
    "own-columns": (3, own_columns),
    "same-words": (3, same_words),
    "long-texts": (3, long_texts),
    "chain": (3, chain),
    "joined": (3, joined),
}
"""Number of stress instances and generator of each class; a generator takes the number of the copy too."""
