"""The id of one request: made at the edge, in every answer, every log line and every problem."""

import secrets

HEADER = "X-Request-ID"


def new() -> str:
    """Return a fresh id; an inbound one is never trusted, it would be written into our logs."""
    return secrets.token_hex(12)
