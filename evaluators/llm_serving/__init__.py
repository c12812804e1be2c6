"""Verifier and bound of `load_balancing/llm_serving`."""
