"""A turn in a model's words: what it is asked, and what of its answer the room may hear."""
