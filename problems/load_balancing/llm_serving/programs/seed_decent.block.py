"""Serve a language model on several replicas: where a request goes, whom a replica admits next, who gives way.

The part between the markers holds three rules; the class below keeps the books that they look at.
"""

# EVOLVE-BLOCK-START
TUNABLE = {"WAITING": (0.0, 0.1), "BACKLOG": (0.0, 1.0), "PROMPT": (0.0, 0.002)}
WAITING = 0.01  # what a request adds to a replica's load, as a share of its memory
BACKLOG = 0.1  # what a second of prompts to compute adds
PROMPT = 0.0001  # seconds of waiting that a token of the prompt is worth


def load(
    turn: int,
    running: int,
    waiting: int,
    held: float,
    backlog: float,
    owed: float,
    prompt: int,
    guess: int,
) -> float:
    """Value of a replica for a request that has just come; the least gets it, a tie goes to the first."""
    return held + BACKLOG * backlog + WAITING * (running + waiting)


def rank(
    age: float,
    slack: float,
    prompt: int,
    todo: int,
    guess: int,
    done: int,
    left: int,
    client_served: int,
) -> float:
    """Value of a request that waits; the least is admitted first, a tie goes to the first that came."""
    return PROMPT * todo - age


def worth(
    age: float,
    slack: float,
    prompt: int,
    todo: int,
    guess: int,
    done: int,
    left: int,
    client_served: int,
) -> float:
    """Value of a request that runs; when memory is full the least gives way, in a tie the last that came."""
    return age


# EVOLVE-BLOCK-END
# The rest is from seed.py.
