"""OpenTelemetry set-up; without an exporter nothing of its SDK is imported or started."""


def name_span(*, method: str, route: str) -> None:
    """Name the current span by method and route."""
