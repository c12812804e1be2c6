"""Verifier and simulator of `knob_tuning/plan_search`."""
