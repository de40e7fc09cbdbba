"""Log lines as JSON."""

import logging


def configure(options: dict[str, str]) -> None:
    """Set the root logger up from ``settings.LOGGING``."""
    logging.basicConfig(level=options["level"])
