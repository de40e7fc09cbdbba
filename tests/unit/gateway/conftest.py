"""What several of the gateway's tests need."""

import pytest

from gateway.services.watchdog import Watchdog


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were wanted; none of them is really waited for."""
    taken: list[float] = []

    async def nap(self: Watchdog, seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(Watchdog, "sleep", nap)
    return taken
