"""Judges the problem `llm_serving`."""
