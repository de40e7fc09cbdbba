"""A process of its own that follows the configuration and says when a key is gone.

Its own looking is switched off for an hour, so only the word from the other process can do it.
"""

import sys
import time

import django

django.setup()

from gateway import snapshot  # noqa: E402  Django has to know its settings first

PATIENCE_SECONDS = 60.0
snapshot.POLL_SECONDS = 3600.0


def main(hash_: str) -> None:
    """Say ``ready`` once the key is known, and ``gone`` once it no longer is."""
    snapshot.start()
    told = False
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        is_known = hash_ in snapshot.current().keys
        if is_known and not told:
            told = True
            sys.stdout.write("ready\n")
            sys.stdout.flush()
        if told and not is_known:
            sys.stdout.write(f"gone {snapshot.current().version}\n")
            return
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1])
