"""The only door to the runs folder."""
