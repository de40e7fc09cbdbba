"""The interview app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InterviewConfig(AppConfig):
    """The game: rooms, panels, questions, scores."""

    name = "interview"
    verbose_name = _("The tribunal")

    def ready(self) -> None:
        """Register the start-up checks."""
        from interview import checks  # noqa: F401, PLC0415  (registers on import, apps are ready)
