"""How late an event loop's timers fire."""

from config import loop_lag


class Loop:
    """A loop whose clock the test moves, and that keeps what is to be called when."""

    def __init__(self):
        self.now = 10.0
        self.calls = []

    def time(self):
        return self.now

    def call_at(self, at, step, *arguments):
        self.calls.append((at, step, arguments))


def test_a_loop_that_was_blocked_shows_by_how_much_and_is_measured_on(monkeypatch):
    observed = []
    monkeypatch.setattr(loop_lag.metrics.LOOP_LAG_SECONDS, "observe", observed.append)
    loop = Loop()
    loop_lag.measure(loop)
    at, step, arguments = loop.calls.pop()

    loop.now = at + 0.25
    step(*arguments)

    assert observed == [0.25]
    assert loop.calls[0][0] == loop.now + 0.5
