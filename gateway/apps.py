"""Mounts the gateway in Django."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _

from gateway import checks, metrics, runtime, snapshot
from gateway.services.waiting import PLACES


class GatewayConfig(AppConfig):
    """The gateway app; accounts and, later, tenants and keys live here."""

    name = "gateway"
    label = "gateway"
    verbose_name = _("Gateway")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and make the series known before the first request."""
        register(checks.lease_outlives_heartbeats)
        register(checks.configuration_is_in_order, Tags.database)
        snapshot.use(runtime.notices)
        metrics.precreate(providers=runtime.provider_names(), queues=[runtime.TURNS, PLACES])
        metrics.publish_state(runtime.read_state)
