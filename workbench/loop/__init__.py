"""One run from its start to its end: the loop and what surrounds it."""
