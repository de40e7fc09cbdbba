"""The whole stack, as ``make run`` starts it, and a real browser before it.

Debian's Chromium is used through its own path; Playwright downloads nothing. Where there is no
Chromium the tests are skipped, except under CI, where a skipped test is a failure.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from compose import local

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_DESKTOP = {"width": 1280, "height": 800}


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
    found = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("There is no Chromium, and under CI the browser tests must run.")
    if found is None:
        pytest.skip("There is no Chromium on this machine.")
    return Path(found)


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """One browser for all tests; each test gets a context (cookies, storage) of its own."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser, stack: local.Stack) -> Iterator[BrowserContext]:
    """A visitor nobody has seen before, at a desktop, reading English."""
    visitor = browser.new_context(base_url=stack.url, viewport=_DESKTOP, locale="en-GB")
    visitor.set_default_timeout(10_000)
    yield visitor
    visitor.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab; what it logs as an error fails nothing by itself, see ``page.on``."""
    return context.new_page()
