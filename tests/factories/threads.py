"""Things that happen at the same time, each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")
_PATIENCE_SECONDS = 60.0


def at_once(*calls: Callable[[], Result]) -> list[Result | Exception]:
    """Return what each call returned or raised, in order; none begins before all are ready."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result | Exception:
        gate.wait(_PATIENCE_SECONDS)
        try:
            return call()
        except Exception as error:  # noqa: BLE001  the caller looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [done.result(_PATIENCE_SECONDS) for done in [threads.submit(run, c) for c in calls]]


def elsewhere(call: Callable[[], Result]) -> Result:
    """Return what the call returns in another thread, so in another transaction."""
    (result,) = at_once(call)
    if isinstance(result, Exception):
        raise result
    return result
