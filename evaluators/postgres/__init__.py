"""Verifier and measurements of `knob_tuning/postgres`."""
