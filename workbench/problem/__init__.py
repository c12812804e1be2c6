"""Problems: discovery and loading, references, and the normalized gap."""
