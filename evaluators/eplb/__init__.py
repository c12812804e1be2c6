"""Verifier and bounds of `moe_placement/eplb`."""
