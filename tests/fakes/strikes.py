"""Counters of faults on purpose in memory; ``is_away`` is a store that does not answer."""


class MemoryStrikes:
    """What all processes together have counted."""

    def __init__(self) -> None:
        self.struck: dict[str, int] = {}
        self.is_away = False

    async def take(self, rule_id: str, n_times: int) -> bool:
        """Return whether this strike is among the first so many."""
        if self.is_away:
            return False
        self.struck[rule_id] = self.struck.get(rule_id, 0) + 1
        return self.struck[rule_id] <= n_times
