"""Start the calls of agents on replicas of a language model: which call first, and where.

The part between the markers holds two rules; the class below keeps the books that they look at.
"""

# EVOLVE-BLOCK-START
TUNABLE = {"REST": (0.0, 2.0), "QUEUE": (0.0, 4.0), "CROWD": (0.0, 4.0)}
REST = 0.3  # what a second of work that is still to come counts beside one of slack
QUEUE = 1.0  # what a second of prompts on the replica counts
CROWD = 0.5  # what each call that runs there counts, in seconds of the call's prompt


def rank(
    age: float,
    promise: float,
    waited: float,
    prompt: int,
    tokens: float,
    own: float,
    rest: float,
    served: float,
    siblings: int,
) -> float:
    """Value of a call that waits; the least is started first, a tie goes to the first that became ready."""
    return promise - age - REST * (own + rest)


def cost(
    turn: int,
    running: int,
    free: int,
    seconds: float,
    prompts: float,
    prompt_s: float,
    step_s: float,
    tokens: float,
    slack: float,
    rest: float,
) -> float:
    """Value of a replica with a free slot for the call; the least gets it, a tie goes to the first. Infinity: it waits on."""
    return seconds + QUEUE * prompts + CROWD * running * prompt_s


# EVOLVE-BLOCK-END
# The rest is from seed.py.
