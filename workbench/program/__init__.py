"""Programs as text and as syntax trees."""
