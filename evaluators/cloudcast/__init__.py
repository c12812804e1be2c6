"""Verifier and references of `routing/cloudcast`."""
