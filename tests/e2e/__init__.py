"""Journeys through the whole game in a real browser."""
