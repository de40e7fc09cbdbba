"""Start-up checks of the game: content files with mistakes are refused before anything runs."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register

from interview.services import content
from interview.services.content_files import Complaint


@register("content")
def check_content(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Return an error for each mistake in the content files, a warning for each piece of advice."""
    if app_configs is not None and not any(config.name == "interview" for config in app_configs):
        return []
    return [_message(complaint) for complaint in content.check()]


def _message(complaint: Complaint) -> CheckMessage:
    if complaint.is_error:
        return Error(str(complaint), id="interview.E001")
    return Warning(str(complaint), id="interview.W001")
