"""The tests: unit, integration, contracts, e2e, bench."""
