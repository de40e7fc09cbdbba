"""The configuration this process works by: one immutable catalog, swapped whole.

`current` may be called from any thread and any loop, any number of times: it reads one name. A
thread of its own keeps that name fresh: it waits for word that something has changed, looks by
itself every few seconds in case the word was lost, reads all of it, and swaps only if nothing is
wrong with it. Whoever holds a catalog keeps it: a request ends by the one it began with.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import date

from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string

from gateway import metrics
from gateway.domain.catalog import Catalog, built_in_catalog
from gateway.domain.configuration import errors, sound_part
from gateway.domain.ports import Notices
from gateway.snapshot.found import Reading

FIRST_READING_SECONDS = 5.0
POLL_SECONDS = 5.0
SLICE_SECONDS = 0.5  # how soon the thread notices that it should stop

# By name, because this module is imported before Django knows any table.
_READ = "gateway.snapshot.reading.read"
_VERSION = "gateway.snapshot.reading.version"

_logger = logging.getLogger(__name__)


class Snapshot:
    """Holds a catalog and the thread that renews it."""

    def __init__(self) -> None:
        self.catalog: Catalog = built_in_catalog()
        self.is_loaded = False
        self._make_notices: Callable[[], Notices] | None = None
        self._telling: Notices | None = None
        self._lock = threading.Lock()
        self._first = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._refused_version: int | None = None
        self._is_away = False
        self._day: date | None = None

    def use(self, make_notices: Callable[[], Notices]) -> None:
        """Set how word of changes travels."""
        self._make_notices = make_notices
        self._telling = None

    def tell(self, version: int) -> None:
        """Tell every process, this one too, that there is a new version; never raises."""
        if self._make_notices is None:
            return
        with self._lock:
            if self._telling is None:
                self._telling = self._make_notices()
            self._telling.send(version)

    def start(self) -> bool:
        """Begin to follow the tables; return whether the first reading is there.

        Waits for that reading a few seconds at most. A second call only waits.
        """
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._follow, name="gateway-snapshot", daemon=True
                )
                self._thread.start()
        self._first.wait(FIRST_READING_SECONDS)
        return self.is_loaded

    def stop(self) -> None:
        """Stop following and forget what was read."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stop.set()
        if thread is not None:
            thread.join()
        self.forget()

    def forget(self) -> None:
        """Begin anew without touching the thread: in a forked child it does not exist."""
        self._lock = threading.Lock()
        self._first, self._stop, self._thread = threading.Event(), threading.Event(), None
        self._telling = None
        self.catalog, self.is_loaded = built_in_catalog(), False
        self._refused_version, self._is_away, self._day = None, False, None

    def refresh(self) -> None:
        """Read the tables if there is a version that is not ours yet; keep ours if it is bad."""
        try:
            known = {self.catalog.version, self._refused_version}
            today = timezone.now().date()  # a new day may bring prices that begin with it
            is_fresh = self.is_loaded and self._day == today
            if not is_fresh or import_string(_VERSION)() not in known:
                self._take(import_string(_READ)())
                self._day = today
            if self._is_away:
                _logger.info("gateway.configuration_back")
            self._is_away = False
        except Exception as error:  # noqa: BLE001  one bad row must not end the following
            if not self._is_away:
                _logger.warning(
                    "gateway.configuration_away", extra={"error_type": type(error).__name__}
                )
            self._is_away = True
            metrics.CONFIGURATION_READINGS.labels("error").inc()
        finally:
            connection.close()

    def _take(self, found: Reading) -> None:
        wrong = errors(found.problems)
        if wrong:
            _logger.error(
                "gateway.configuration_refused",
                extra={"version": found.catalog.version, "problems": len(wrong)},
            )
            metrics.CONFIGURATION_READINGS.labels("refused").inc()
        if wrong and self.is_loaded:
            self._refused_version = found.catalog.version
            return
        # Before anything good was read there is nothing to keep: begin with the sound part.
        self.catalog = sound_part(found.catalog, wrong)
        self.is_loaded = True
        metrics.CONFIGURATION_READINGS.labels("ok").inc()
        metrics.CONFIGURATION_VERSION.set(found.catalog.version)

    def _follow(self) -> None:
        stop, first = self._stop, self._first
        hearing = self._make_notices() if self._make_notices else None
        next_look = time.monotonic()
        while not stop.is_set():
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + POLL_SECONDS
                self.refresh()
                first.set()
            if hearing is None:
                stop.wait(SLICE_SECONDS)
            elif hearing.wait(seconds=SLICE_SECONDS):
                next_look = time.monotonic()
        if hearing is not None:
            hearing.close()


_snapshot = Snapshot()
os.register_at_fork(after_in_child=_snapshot.forget)

use = _snapshot.use
tell = _snapshot.tell
start = _snapshot.start
stop = _snapshot.stop


def current() -> Catalog:
    """Return the catalog to work by: the last good one, or the built-in one before the first."""
    return _snapshot.catalog


def is_loaded() -> bool:
    """Return whether the tables have been read at least once since the start."""
    return _snapshot.is_loaded
