"""Processes and secrets of this machine: processes that end with their parent, keys kept out of texts."""
