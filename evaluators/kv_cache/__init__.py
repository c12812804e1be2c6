"""Judges the problem `kv_cache`."""
