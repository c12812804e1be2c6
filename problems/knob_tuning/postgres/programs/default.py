"""PostgreSQL's defaults, no index."""


def suggest(space, workload, history, seed):
    """Suggest the default configuration, always."""
    return {"knobs": {}, "indexes": []}
