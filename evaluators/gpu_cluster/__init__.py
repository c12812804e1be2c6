"""Verifier and bound of `load_balancing/gpu_cluster`."""
