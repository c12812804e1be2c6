"""Verifier and bound of `routing/flow_assign`."""
