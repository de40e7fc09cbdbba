"""Registers the leaderboard."""

from django.apps import AppConfig


class LeaderboardConfig(AppConfig):
    """The leaderboard as a Django app."""

    name = "leaderboard"
    verbose_name = "Leaderboard"
