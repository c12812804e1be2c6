"""Programs x instances -> reports, in worker processes."""
