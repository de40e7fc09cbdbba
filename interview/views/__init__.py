"""The pages: a module each, with who asks, what they see, and nothing decided."""
