"""What the tests and the served data plane both know."""

SECRET = "sk-" + "plain" * 8
NARROW = "sk-" + "narrow" * 8
LIMITED = "sk-" + "limited" * 8
UPSTREAM_SECRET = "upstream-secret"
FRAIL = tuple(f"frail-{number:02}" for number in range(40))
