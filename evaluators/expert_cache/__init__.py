"""Verifier and bound of `moe_placement/expert_cache`."""
