"""What is read of the gateway's tables."""
