"""In-memory ports: each keeps the promises its contract suite states."""
