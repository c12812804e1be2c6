"""What a run learns from its attempts, and how that shapes the next request."""
