"""Statistics and paired comparisons."""
