"""Verifier and references of `scheduling/job_shop`."""
