"""Tables of the gateway."""

from gateway.models.user import User

__all__ = ["User"]
