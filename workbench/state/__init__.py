"""What this user has done on this machine, kept outside runs folders because a runs folder may come from anyone."""
