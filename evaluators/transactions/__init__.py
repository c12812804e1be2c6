"""Verifier and references of `scheduling/transactions`."""
