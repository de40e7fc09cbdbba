"""The Celery app: queues, logs, trace headers.

Apps never import this file; they declare ``shared_task`` and the outbox sends by name.
"""

import os

from celery import Celery, signals
from kombu import Queue

from config import broker, worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("hotseat")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name) for name in ("turns", "judging", "background", "voice")]
app.autodiscover_tasks()
worker.connect()
broker.correct()


@signals.setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Do nothing: being connected is enough for Celery to leave the root logger alone."""
