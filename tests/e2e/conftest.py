"""The whole stack, as ``make run`` starts it, and a real browser before it.

Debian's Chromium is used through its own path; Playwright downloads nothing. Where there is no
Chromium the tests are skipped, except under CI, where a skipped test is a failure.
Whatever a page complains about in its console fails the test that opened it.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebError,
    expect,
    sync_playwright,
)

from compose import local
from tests.e2e.court import Court, seat

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 15_000
_BATCH = 12

# A violation of the content security policy is an event; say it where the other complaints are.
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} stopped ${event.blockedURI}`));
"""

NewVisitor = Callable[..., BrowserContext]


# Without slots: Playwright hangs a name of its own on the object whose method it calls.
@dataclass
class Complaints:
    """What the pages of a test logged as an error, and which of it the test brings about."""

    heard: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Let complaints pass that match; a test says so before it breaks something."""
        self.expected.append(pattern)

    def listen(self, context: BrowserContext) -> None:
        """Hear what every page of this visitor complains about."""
        context.on("console", self._take_message)
        context.on("weberror", self._take_error)

    @property
    def unexpected(self) -> list[str]:
        """What nobody brought about."""
        return [
            words
            for words in self.heard
            if not any(re.search(pattern, words) for pattern in self.expected)
        ]

    def _take_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.heard.append(f"{message.type}: {message.text}")

    def _take_error(self, error: WebError) -> None:
        self.heard.append(f"uncaught: {error.error}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Stack]:
    """A running game with servers, database and workers of its own."""
    own = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "ENV_FILE", "STATIC_ROOT"), "")
    own |= {"REDIS_PREFIX": "e2e:", "ENV_FILE": os.devnull, "DRAIN_SECONDS": "2"}
    data_dir = tmp_path_factory.mktemp("stack")
    with local.Stack(data_dir=data_dir, port=local.free_port(), extra=own) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program file."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("There is no Chromium, and under CI the browser tests must run.")
    if found is None:
        pytest.skip("There is no Chromium on this machine.")
    return Path(found)


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """One browser for all tests; each test gets a context (cookies, storage) of its own."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield running
        running.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the pages complain about; at the end of the test there must be nothing unexpected."""
    kept = Complaints()
    yield kept
    assert kept.unexpected == []


@pytest.fixture
def new_visitor(
    browser: Browser, stack: local.Stack, complaints: Complaints
) -> Iterator[NewVisitor]:
    """A way to let in visitors nobody has seen before, each with settings of their own."""
    visitors: list[BrowserContext] = []

    def let_in(*, language: str = "en", is_phone: bool = False, **settings: Any) -> BrowserContext:
        if is_phone:
            settings = {"has_touch": True, "is_mobile": True, "viewport": PHONE, **settings}
        visitor = browser.new_context(
            base_url=stack.url,
            locale="zh-CN" if language == "zh" else "en-GB",
            **{"viewport": DESKTOP, **settings},
        )
        visitor.set_default_timeout(PATIENCE_MS)
        visitor.add_init_script(_REPORT_VIOLATIONS)
        complaints.listen(visitor)
        visitors.append(visitor)
        return visitor

    yield let_in
    for visitor in visitors:
        visitor.close()


@dataclass(slots=True)
class EarlyRooms:
    """Rooms whose panel has asked its first question by the time somebody sits down.

    A question takes seconds to speak, and a dozen rooms take no longer than one. Each belongs to
    a player of its own.
    """

    browser: Browser
    url: str
    _ready: list[tuple[str, Any]] = field(default_factory=list)

    def take(self) -> tuple[str, Any]:
        """Return a room's path and the cookies of the player it belongs to."""
        if not self._ready:
            self._ready = [self._open() for _ in range(_BATCH)]
        return self._ready.pop(0)

    def _open(self) -> tuple[str, Any]:
        player = self.browser.new_context(base_url=self.url, locale="en-GB")
        try:
            return seat(player), player.storage_state()
        finally:
            player.close()


@pytest.fixture(scope="session")
def early_rooms(browser: Browser, stack: local.Stack) -> EarlyRooms:
    """A supply of rooms that wait for an answer."""
    return EarlyRooms(browser, stack.url)


@pytest.fixture
def seated(new_visitor: NewVisitor, early_rooms: EarlyRooms) -> Court:
    """A player in the chair, at a desktop, with less motion; the first question is asked."""
    path, cookies = early_rooms.take()
    visitor = new_visitor(reduced_motion="reduce", storage_state=cookies)
    court = Court(visitor.new_page()).enter(path)
    court.my_move()
    return court


@pytest.fixture
def context(new_visitor: NewVisitor) -> BrowserContext:
    """A visitor at a desktop, reading English, who asked the system for less motion."""
    return new_visitor(reduced_motion="reduce")


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()


@pytest.fixture
def court(page: Page) -> Court:
    """The same tab, for somebody who came to play."""
    return Court(page)
