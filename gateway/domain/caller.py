"""Who asks: a program with a key, or the house itself."""

from dataclasses import dataclass

from gateway.domain.catalog import Key


@dataclass(frozen=True, slots=True)
class Caller:
    """The key a request came with, and where from; no key is one of the house's own calls.

    ``api`` names the call as limits and metrics know it (``chat`` ...), ``room_id`` the room a
    turn is spoken in.
    """

    key: Key | None = None
    ip: str = ""
    api: str = "chat"
    room_id: str = ""

    @property
    def key_id(self) -> str:
        """Return the id of the key, empty without one."""
        return self.key.id if self.key else ""

    @property
    def tenant(self) -> str:
        """Return the name of who pays, empty for the house."""
        return self.key.tenant.name if self.key else ""


HOUSE = Caller()
