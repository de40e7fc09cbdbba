"""Benches: they print figures with the machine and the commit, and assert no time."""
