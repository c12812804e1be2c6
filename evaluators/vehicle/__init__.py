"""Verifier and references of `routing/vehicle`."""
