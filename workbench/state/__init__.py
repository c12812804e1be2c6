"""What this user has done on this machine, kept outside every runs folder: a runs folder may come from anybody."""
