"""A ledger in memory: what was recorded, and which of it could have been lost."""

from dataclasses import replace

from gateway.domain.money import AttemptEnd, Entry


class MemoryLedger:
    """Keeps the first entry of each attempt; ``durable`` are those a flush has reached."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.durable: set[str] = set()

    def record(self, entry: Entry) -> None:
        """Take the entry, unless its attempt has one; of a crashed one it may be the rest."""
        known = self.entries.setdefault(entry.id, entry)
        rest = entry.cost_microusd - known.cost_microusd
        if known.end is AttemptEnd.CRASHED and rest > 0:
            late = replace(entry, id=f"{entry.id}/late", cost_microusd=rest)
            self.entries.setdefault(late.id, late)

    async def flush(self) -> None:
        """Count everything taken so far as durable."""
        self.durable.update(self.entries)

    async def adopt(self) -> int:
        """Find nothing: what a dead process had in memory is gone with it."""
        return 0

    def spent_microusd(self) -> int:
        """Return the sum of all entries."""
        return sum(entry.cost_microusd for entry in self.entries.values())
