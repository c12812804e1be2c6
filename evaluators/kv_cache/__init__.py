"""Verifier and optimum of `caching/kv_cache`."""
