"""What was run before the search: the careful plan that needs least memory, again and again."""


def suggest(space, job, cluster, history, seed):
    """Suggest the first plan of the history."""
    return history[0]["plan"]
