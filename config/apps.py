"""Registers the project itself, so that every process that sets Django up has its Celery app."""

from django.apps import AppConfig

import celery_app  # noqa: F401, TID251  the import is the effect: shared tasks bind to this app


class ProjectConfig(AppConfig):
    """The project as a Django app; it owns no models."""

    name = "config"
    verbose_name = "Hotseat"
