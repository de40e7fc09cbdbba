"""Mounts the gateway in Django."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """The gateway app; accounts and, later, tenants and keys live here."""

    name = "gateway"
    label = "gateway"
    verbose_name = "Gateway"
    default_auto_field = "django.db.models.BigAutoField"
