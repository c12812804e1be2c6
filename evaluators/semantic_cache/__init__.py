"""Verifier and bound of `caching/semantic_cache`."""
