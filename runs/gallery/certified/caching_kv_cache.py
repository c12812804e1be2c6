"""KV cache eviction: a heuristic for caching/kv_cache.

Which blocks of earlier prompts should an LLM server drop when its cache is full? Call `Policy`; its
docstring says what goes in and what comes out.

Which blocks of a cache of prompts to drop: everything may change but the contract, `Policy(task)` and `evict(served, need)`.

Mean gap to the reference (proven optimum of a cache that knows the whole trace (Belady's rule)); 0
is the reference, lower is better:

    program            train  validation        test
    this program      0.5507      0.5654      0.4653
    lfu               0.5627      0.5807      0.4788
    length_aware      0.5688      0.5710      0.4936
    arc               0.6483      0.6589      0.5295
    s3fifo            0.6579      0.6823      0.5410
    sieve             0.6787      0.6659      0.5725
    gdsf              0.6920      0.7054      0.5242
    lru               0.7007      0.7231      0.5316
    fifo              0.7051      0.7391      0.5807

Candidate 82 of run kv_cache-20261125-234846-35f4, written by: no LLM (built-in operators); 6 steps
from gap 0.5627 to 0.5507. Exported 2026-11-25. Certificate: not better (2026-11-25: test: gap
-0.0135 [-0.0311, +0.0037] against lfu at 0.994 (11 won, 0 equal, 7 lost)). Licence: derived from
the problem's seed program, whose licence applies.

`python kv_cache.py` (this file) asks it again what it was asked on 3 small instances and compares
the answers; of 3 long episodes, the beginning.
"""

# The search judged this code by its decisions alone: it is kept as it was found, not as linters like it.
# ruff: noqa
# mypy: ignore-errors

import heapq
import json
import math
from typing import Any

__all__ = ["MEASURED", "PROVENANCE", "Policy"]


class Policy:
    """Drops what was asked for least often, of equals the least recent.

    `remember(request)`: Write down who was asked for.

    `value(block, turnover)`: Ask `worth` about one block.

    Problem: KV cache eviction (caching/kv_cache, version ec061f40a17f). Which blocks of earlier
    prompts should an LLM server drop when its cache is full?

    Objective: maximised, in share of blocks found in the cache.

    Reference: proven optimum of a cache that knows the whole trace (Belady's rule)
    """

    def __init__(self, task: dict[str, Any]) -> None:
        """Take the task: {"capacity": blocks that the cache can hold}."""
        self.capacity = task['capacity']
        self.uses = {}
        self.entry = {}
        self.heap = []
        self.when = 0

    def evict(self, served: list[dict[str, Any]], need: int) -> list[int]:
        """Return the ids of at least `need` different blocks to drop, e.g. [17, 16, 42].

        `served` lists the requests since the last call, the latest last, each a dict of time_s (since the start), tokens
        (length of the prompt), blocks (ids of its blocks of 512 tokens in order) and hits (how many of the first ones were
        in the cache). All blocks that were asked for and not dropped are in the cache now, those of `served` included.
        A block is of use only while all blocks before it in its prompt are in the cache: drop from the end.
        """
        for request in served:
            for block in reversed(request['blocks']):
                self.when += 0.985
                self.uses[block] = self.uses.get(block, 0) + max(self.when, 0)
                self.entry[block] = (self.score(block, request), self.when, block)
                heapq.heappush(self.heap, self.entry[block])
        dropped = []
        while len(dropped) < need:
            entry = heapq.heappop(self.heap)
            block = entry[-1]
            if self.entry.get(block) == entry or need <= 0:
                del self.entry[block]
                dropped.append(block)
        return dropped

    def score(self, block, request):
        """What keeping the block is worth, judged when it is asked for."""
        return self.uses[block] - 0.5 * (self.when + self.uses[block]) if self.when >= 0 else self.uses[block]


PROVENANCE: dict[str, Any] = {
    "problem": "caching/kv_cache",
    "version": "ec061f40a17f",
    "run": "kv_cache-20261125-234846-35f4",
    "candidate": 82,
    "lineage": [
        (0, "seed", 0.5626962410582793),
        (4, "constant", 0.5626962410582793),
        (27, "feature", 0.5536897490058661),
        (35, "condition", 0.5512064229160571),
        (70, "simplify", 0.5507707825779817),
        (82, "constant", 0.5506798867395873),
    ],
    "models": "no LLM",
    "date": "2026-11-25",
    "verdict": "not better",
    "reason": "2026-11-25: test: gap -0.0135 [-0.0311, +0.0037] against lfu at 0.994 (11 won, 0 equal, 7 lost)",
    "licence": "derived from the problem's seed program, whose licence applies",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED: dict[str, dict[str, float]] = {
    "this program": {"train": 0.5506798867395873, "validation": 0.5654129549644957, "test": 0.4652723934025042},
    "lfu": {"train": 0.5626962410582793, "validation": 0.5806781492013455, "test": 0.47875219873291225},
    "length_aware": {"train": 0.5688415207530656, "validation": 0.5710280033145987, "test": 0.49358435634296816},
    "arc": {"train": 0.6482992512549417, "validation": 0.6588615105789403, "test": 0.5294874927763009},
    "s3fifo": {"train": 0.6579211505540684, "validation": 0.6823165311478463, "test": 0.5409603515648916},
    "sieve": {"train": 0.6786527924929957, "validation": 0.665857536587002, "test": 0.5724828616590971},
    "gdsf": {"train": 0.6920058935640319, "validation": 0.705372445415444, "test": 0.5241809118336673},
    "lru": {"train": 0.7006835561022773, "validation": 0.7230591162295836, "test": 0.5315572321878098},
    "fifo": {"train": 0.7051492104946264, "validation": 0.7390710959488151, "test": 0.5806885403495295},
}

# What the program was asked on small instances, and what it answered when it was exported.
CASES: list[dict[str, Any]] = [
    {
        "instance": "validation-mixed-large-3", "family": "mixed-large",
        "calls": (
            ("__init__", [{"capacity": 700}], None),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 0.0, "tokens": 37393,
                            "blocks": [
                                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                                19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
                                36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
                                53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69,
                                70, 71, 72, 73,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 0.701, "tokens": 35435,
                            "blocks": [
                                74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90,
                                91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105,
                                106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118,
                                119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 131,
                                132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 1.644, "tokens": 22623,
                            "blocks": [
                                144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156,
                                157, 158, 159, 160, 161, 162, 163, 164, 165, 166, 167, 168, 169,
                                170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 181, 182,
                                183, 184, 185, 186, 187, 188,
                            ],
                            "hits": 0,
                        },
                        {"time_s": 2.245, "tokens": 59, "blocks": [189], "hits": 0},
                        {"time_s": 3.416, "tokens": 633, "blocks": [190, 191], "hits": 0},
                        {
                            "time_s": 4.348, "tokens": 2605,
                            "blocks": [192, 193, 194, 195, 196, 197], "hits": 0,
                        },
                        {"time_s": 5.64, "tokens": 633, "blocks": [198, 199], "hits": 0},
                        {
                            "time_s": 5.936, "tokens": 35692,
                            "blocks": [
                                200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212,
                                213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223, 224, 225,
                                226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238,
                                239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251,
                                252, 253, 254, 255, 256, 257, 258, 259, 260, 261, 262, 263, 264,
                                265, 266, 267, 268, 269,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 8.143, "tokens": 16721,
                            "blocks": [
                                270, 271, 272, 273, 274, 275, 276, 277, 278, 279, 280, 281, 282,
                                283, 284, 285, 286, 287, 288, 289, 290, 291, 292, 293, 294, 295,
                                296, 297, 298, 299, 300, 301, 302,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 8.967, "tokens": 38768,
                            "blocks": [
                                303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 313, 314, 315,
                                316, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328,
                                329, 330, 331, 332, 333, 334, 335, 336, 337, 338, 339, 340, 341,
                                342, 343, 344, 345, 346, 347, 348, 349, 350, 351, 352, 353, 354,
                                355, 356, 357, 358, 359, 360, 361, 362, 363, 364, 365, 366, 367,
                                368, 369, 370, 371, 372, 373, 374, 375, 376, 377, 378,
                            ],
                            "hits": 0,
                        },
                        {"time_s": 9.903, "tokens": 18, "blocks": [379], "hits": 0},
                        {
                            "time_s": 11.361, "tokens": 21874,
                            "blocks": [
                                380, 381, 382, 383, 384, 385, 386, 387, 388, 389, 390, 391, 392,
                                393, 394, 395, 396, 397, 398, 399, 400, 401, 402, 403, 404, 405,
                                406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
                                419, 420, 421, 422,
                            ],
                            "hits": 0,
                        },
                        {"time_s": 12.004, "tokens": 32, "blocks": [423], "hits": 0},
                        {
                            "time_s": 12.849, "tokens": 34845,
                            "blocks": [
                                424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 435, 436,
                                437, 438, 439, 440, 441, 442, 443, 444, 445, 446, 447, 448, 449,
                                450, 451, 452, 453, 454, 455, 456, 457, 458, 459, 460, 461, 462,
                                463, 464, 465, 466, 467, 468, 469, 470, 471, 472, 473, 474, 475,
                                476, 477, 478, 479, 480, 481, 482, 483, 484, 485, 486, 487, 488,
                                489, 490, 491, 492,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 13.545, "tokens": 22625,
                            "blocks": [
                                493, 494, 495, 496, 497, 498, 499, 500, 501, 502, 503, 504, 505,
                                506, 507, 508, 509, 510, 511, 512, 513, 514, 515, 516, 517, 518,
                                519, 520, 521, 522, 523, 524, 525, 526, 527, 528, 529, 530, 531,
                                532, 533, 534, 535, 536, 537,
                            ],
                            "hits": 0,
                        },
                        {"time_s": 14.283, "tokens": 20, "blocks": [538], "hits": 0},
                        {"time_s": 15.046, "tokens": 387, "blocks": [539], "hits": 0},
                        {"time_s": 16.221, "tokens": 116, "blocks": [540], "hits": 0},
                        {
                            "time_s": 17.307, "tokens": 3478,
                            "blocks": [541, 542, 543, 544, 545, 546, 547], "hits": 0,
                        },
                        {"time_s": 18.87, "tokens": 17, "blocks": [548], "hits": 0},
                        {
                            "time_s": 19.481, "tokens": 6187,
                            "blocks": [549, 550, 551, 552, 553, 554, 555, 556, 557, 558, 559, 560, 561],
                            "hits": 0,
                        },
                        {
                            "time_s": 20.713, "tokens": 19880,
                            "blocks": [
                                562, 563, 564, 565, 566, 567, 568, 569, 570, 571, 572, 573, 574,
                                575, 576, 577, 578, 579, 580, 581, 582, 583, 584, 585, 586, 587,
                                588, 589, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 600,
                            ],
                            "hits": 0,
                        },
                        {"time_s": 22.009, "tokens": 24, "blocks": [601], "hits": 0},
                        {
                            "time_s": 23.546, "tokens": 16067,
                            "blocks": [
                                602, 603, 604, 605, 606, 607, 608, 609, 610, 611, 612, 613, 614,
                                615, 616, 617, 618, 619, 620, 621, 622, 623, 624, 625, 626, 627,
                                628, 629, 630, 631, 632, 633,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 24.253, "tokens": 36028,
                            "blocks": [
                                634, 635, 636, 637, 638, 639, 640, 641, 642, 643, 644, 645, 646,
                                647, 648, 649, 650, 651, 652, 653, 654, 655, 656, 657, 658, 659,
                                660, 661, 662, 663, 664, 665, 666, 667, 668, 669, 670, 671, 672,
                                673, 674, 675, 676, 677, 678, 679, 680, 681, 682, 683, 684, 685,
                                686, 687, 688, 689, 690, 691, 692, 693, 694, 695, 696, 697, 698,
                                699, 700, 701, 702, 703, 704,
                            ],
                            "hits": 0,
                        },
                    ],
                    5,
                ],
                [73, 72, 71, 70, 69],
            ),
        ),
        "total": 180, "objective": 0.10072376357056695,
    },
    {
        "instance": "train-mixed-small-2", "family": "mixed-small",
        "calls": (
            ("__init__", [{"capacity": 250}], None),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 0.0, "tokens": 23769,
                            "blocks": [
                                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                                19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
                                36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 1.474, "tokens": 18053,
                            "blocks": [
                                47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
                                64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
                                81, 82,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 3.363, "tokens": 48567,
                            "blocks": [
                                83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
                                100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
                                113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125,
                                126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138,
                                139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 150, 151,
                                152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 163, 164,
                                165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177,
                            ],
                            "hits": 0,
                        },
                        {"time_s": 5.252, "tokens": 622, "blocks": [178, 179], "hits": 0},
                        {"time_s": 6.911, "tokens": 100, "blocks": [180], "hits": 0},
                        {"time_s": 8.616, "tokens": 40, "blocks": [181], "hits": 0},
                        {"time_s": 11.821, "tokens": 30, "blocks": [182], "hits": 0},
                        {
                            "time_s": 13.309, "tokens": 23359,
                            "blocks": [
                                183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195,
                                196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207, 208,
                                209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221,
                                222, 223, 224, 225, 226, 227, 228,
                            ],
                            "hits": 0,
                        },
                        {"time_s": 14.892, "tokens": 22, "blocks": [229], "hits": 0},
                        {
                            "time_s": 16.629, "tokens": 14624,
                            "blocks": [
                                230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242,
                                243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
                                256, 257, 258,
                            ],
                            "hits": 0,
                        },
                    ],
                    9,
                ],
                [46, 45, 44, 43, 42, 41, 40, 39, 38],
            ),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 17.277, "tokens": 15151,
                            "blocks": [
                                230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242,
                                243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
                                256, 257, 259, 260,
                            ],
                            "hits": 28,
                        },
                    ],
                    2,
                ],
                [37, 36],
            ),
            ("evict", [[{"time_s": 17.951, "tokens": 32, "blocks": [261], "hits": 0}], 1], [35]),
            ("evict", [[{"time_s": 18.589, "tokens": 28, "blocks": [262], "hits": 0}], 1], [34]),
            ("evict", [[{"time_s": 21.475, "tokens": 118, "blocks": [263], "hits": 0}], 1], [33]),
            ("evict", [[{"time_s": 23.425, "tokens": 13, "blocks": [264], "hits": 0}], 1], [32]),
            ("evict", [[{"time_s": 26.978, "tokens": 146, "blocks": [265], "hits": 0}], 1], [31]),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 27.718, "tokens": 15963,
                            "blocks": [
                                266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 276, 277, 278,
                                279, 280, 281, 282, 283, 284, 285, 286, 287, 288, 289, 290, 291,
                                292, 293, 294, 295, 296, 297,
                            ],
                            "hits": 0,
                        },
                    ],
                    32,
                ],
                [
                    30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11,
                    10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 82,
                ],
            ),
            ("evict", [[{"time_s": 28.763, "tokens": 13, "blocks": [298], "hits": 0}], 1], [81]),
            ("evict", [[{"time_s": 30.999, "tokens": 36, "blocks": [299], "hits": 0}], 1], [80]),
            ("evict", [[{"time_s": 32.749, "tokens": 43, "blocks": [300], "hits": 0}], 1], [79]),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 35.173, "tokens": 14583,
                            "blocks": [
                                230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242,
                                243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
                                256, 257, 301,
                            ],
                            "hits": 28,
                        },
                    ],
                    1,
                ],
                [78],
            ),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 35.295, "tokens": 5891,
                            "blocks": [302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 313],
                            "hits": 0,
                        },
                    ],
                    12,
                ],
                [77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66],
            ),
            ("evict", [[{"time_s": 38.791, "tokens": 23, "blocks": [314], "hits": 0}], 1], [65]),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 40.442, "tokens": 18300,
                            "blocks": [
                                315, 316, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327,
                                328, 329, 330, 331, 332, 333, 334, 335, 336, 337, 338, 339, 340,
                                341, 342, 343, 344, 345, 346, 347, 348, 349, 350,
                            ],
                            "hits": 0,
                        },
                    ],
                    36,
                ],
                [
                    64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 177,
                    176, 175, 174, 173, 172, 171, 170, 169, 168, 167, 166, 165, 164, 163, 162, 161,
                    160,
                ],
            ),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 43.253, "tokens": 17201,
                            "blocks": [
                                351, 352, 353, 354, 355, 356, 357, 358, 359, 360, 361, 362, 363,
                                364, 365, 366, 367, 368, 369, 370, 371, 372, 373, 374, 375, 376,
                                377, 378, 379, 380, 381, 382, 383, 384,
                            ],
                            "hits": 0,
                        },
                    ],
                    34,
                ],
                [
                    159, 158, 157, 156, 155, 154, 153, 152, 151, 150, 149, 148, 147, 146, 145, 144,
                    143, 142, 141, 140, 139, 138, 137, 136, 135, 134, 133, 132, 131, 130, 129, 128,
                    127, 126,
                ],
            ),
        ),
        "total": 252, "objective": 0.02986312733305682,
    },
    {
        "instance": "validation-chat-large-5", "family": "chat-large",
        "calls": (
            ("__init__", [{"capacity": 600}], None),
            (
                "evict",
                [
                    [
                        {
                            "time_s": 0.0, "tokens": 117917,
                            "blocks": [
                                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                                19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
                                36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
                                53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69,
                                70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86,
                                87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102,
                                103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115,
                                116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128,
                                129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141,
                                142, 143, 144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154,
                                155, 156, 157, 158, 159, 160, 161, 162, 163, 164, 165, 166, 167,
                                168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180,
                                181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193,
                                194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206,
                                207, 208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219,
                                220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230,
                            ],
                            "hits": 0,
                        },
                        {
                            "time_s": 3.0, "tokens": 8896,
                            "blocks": [
                                0, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243,
                                244, 245, 246, 247,
                            ],
                            "hits": 1,
                        },
                        {"time_s": 3.0, "tokens": 1821, "blocks": [0, 248, 249, 250], "hits": 1},
                        {"time_s": 6.0, "tokens": 1622, "blocks": [0, 251, 252, 253], "hits": 1},
                        {"time_s": 6.0, "tokens": 1346, "blocks": [0, 254, 255], "hits": 1},
                        {"time_s": 9.001, "tokens": 906, "blocks": [0, 256], "hits": 1},
                        {
                            "time_s": 9.001, "tokens": 49234,
                            "blocks": [
                                0, 257, 258, 259, 260, 261, 262, 263, 264, 265, 266, 267, 268, 269,
                                270, 271, 272, 273, 274, 275, 276, 277, 278, 279, 280, 281, 282,
                                283, 284, 285, 286, 287, 288, 289, 290, 291, 292, 293, 294, 295,
                                296, 297, 298, 299, 300, 301, 302, 303, 304, 305, 306, 307, 308,
                                309, 310, 311, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321,
                                322, 323, 324, 325, 326, 327, 328, 329, 330, 331, 332, 333, 334,
                                335, 336, 337, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347,
                                348, 349, 350, 351, 352,
                            ],
                            "hits": 1,
                        },
                        {"time_s": 12.001, "tokens": 1726, "blocks": [0, 353, 354, 355], "hits": 1},
                        {
                            "time_s": 15.001, "tokens": 4104,
                            "blocks": [0, 356, 357, 358, 359, 360, 361, 362, 363], "hits": 1,
                        },
                        {
                            "time_s": 18.001, "tokens": 8810,
                            "blocks": [
                                0, 364, 365, 366, 367, 368, 369, 370, 371, 372, 373, 374, 375, 376,
                                377, 378, 379, 380,
                            ],
                            "hits": 1,
                        },
                        {
                            "time_s": 18.001, "tokens": 8009,
                            "blocks": [
                                0, 381, 382, 383, 384, 385, 386, 387, 388, 389, 390, 391, 392, 393,
                                394, 395,
                            ],
                            "hits": 1,
                        },
                        {"time_s": 18.001, "tokens": 923, "blocks": [0, 396], "hits": 1},
                        {"time_s": 21.001, "tokens": 916, "blocks": [0, 397], "hits": 1},
                        {"time_s": 24.0, "tokens": 957, "blocks": [0, 398], "hits": 1},
                        {"time_s": 24.0, "tokens": 1144, "blocks": [0, 399, 400], "hits": 1},
                        {
                            "time_s": 27.0, "tokens": 6821,
                            "blocks": [0, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413],
                            "hits": 1,
                        },
                        {"time_s": 27.0, "tokens": 903, "blocks": [0, 414], "hits": 1},
                        {
                            "time_s": 30.001, "tokens": 29578,
                            "blocks": [
                                0, 415, 416, 417, 418, 419, 420, 421, 422, 423, 424, 425, 426, 427,
                                428, 429, 430, 431, 432, 433, 434, 435, 436, 437, 438, 439, 440,
                                441, 442, 443, 444, 445, 446, 447, 448, 449, 450, 451, 452, 453,
                                454, 455, 456, 457, 458, 459, 460, 461, 462, 463, 464, 465, 466,
                                467, 468, 469, 470, 471,
                            ],
                            "hits": 1,
                        },
                        {
                            "time_s": 33.001, "tokens": 2455, "blocks": [0, 472, 473, 474, 475],
                            "hits": 1,
                        },
                        {
                            "time_s": 36.001, "tokens": 5414,
                            "blocks": [0, 476, 477, 478, 479, 480, 481, 482, 483, 484, 485],
                            "hits": 1,
                        },
                        {
                            "time_s": 36.001, "tokens": 9239,
                            "blocks": [
                                0, 486, 487, 488, 489, 490, 491, 492, 493, 494, 495, 496, 497, 498,
                                499, 500, 501, 502, 503,
                            ],
                            "hits": 1,
                        },
                        {
                            "time_s": 39.0, "tokens": 5376,
                            "blocks": [0, 504, 505, 506, 507, 508, 509, 510, 511, 512, 513],
                            "hits": 1,
                        },
                        {"time_s": 42.001, "tokens": 896, "blocks": [0, 514], "hits": 1},
                        {"time_s": 42.001, "tokens": 2011, "blocks": [0, 515, 516, 517], "hits": 1},
                        {
                            "time_s": 45.001, "tokens": 12098,
                            "blocks": [
                                0, 518, 519, 520, 521, 522, 523, 524, 525, 526, 527, 528, 529, 530,
                                531, 532, 533, 534, 535, 536, 537, 538, 539, 540,
                            ],
                            "hits": 1,
                        },
                        {
                            "time_s": 48.001, "tokens": 9246,
                            "blocks": [
                                0, 541, 542, 543, 544, 545, 546, 547, 548, 549, 550, 551, 552, 553,
                                554, 555, 556, 557, 558,
                            ],
                            "hits": 1,
                        },
                        {
                            "time_s": 48.001, "tokens": 14422,
                            "blocks": [
                                0, 559, 560, 561, 562, 563, 564, 565, 566, 567, 568, 569, 570, 571,
                                572, 573, 574, 575, 576, 577, 578, 579, 580, 581, 582, 583, 584,
                                585, 586,
                            ],
                            "hits": 1,
                        },
                        {
                            "time_s": 51.0, "tokens": 3901,
                            "blocks": [0, 587, 588, 589, 590, 591, 592, 593], "hits": 1,
                        },
                        {"time_s": 54.0, "tokens": 1661, "blocks": [0, 594, 595, 596], "hits": 1},
                        {"time_s": 57.001, "tokens": 1170, "blocks": [0, 597, 598], "hits": 1},
                        {
                            "time_s": 57.001, "tokens": 3941,
                            "blocks": [0, 599, 600, 601, 602, 603, 604, 605], "hits": 1,
                        },
                    ],
                    6,
                ],
                [230, 229, 228, 227, 226, 225],
            ),
        ),
        "total": 381, "objective": 0.16725495519956557,
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
