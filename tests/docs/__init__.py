"""Keeps README, docs/ and CONTRIBUTING true: every code block runs, every table and link is checked."""
