"""Verifier and optimum of `load_balancing/spot_multi_region`."""
