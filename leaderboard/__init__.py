"""Ranks of settled games."""
