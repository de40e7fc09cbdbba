"""The data plane against a bare passthrough and two peers, one after another in one run."""
