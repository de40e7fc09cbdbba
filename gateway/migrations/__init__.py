"""Schema history of the gateway."""
