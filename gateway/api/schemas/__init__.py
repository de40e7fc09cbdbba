"""What comes in and goes out of the management API. Money is whole micro-USD everywhere."""
