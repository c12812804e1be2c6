"""Verifier and references of `moe_placement/prism`."""
