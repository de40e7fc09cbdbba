"""Mounts the gateway in Django."""

from django.apps import AppConfig

from gateway import metrics, runtime


class GatewayConfig(AppConfig):
    """The gateway app; accounts and, later, tenants and keys live here."""

    name = "gateway"
    label = "gateway"
    verbose_name = "Gateway"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the series known, so that a scrape is complete before the first request."""
        metrics.precreate(providers=runtime.provider_names(), queues=[runtime.TURNS])
        metrics.publish_state(runtime.read_state)
