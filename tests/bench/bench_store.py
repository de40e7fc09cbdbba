"""A store for a bench: the configured one, else an embedded one for as long as it runs."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose import embedded


@contextmanager
def store() -> Iterator[str]:
    """Yield the address of a store and put it into the environment for child processes."""
    if "REDIS_URL" in os.environ:
        yield os.environ["REDIS_URL"]
        return
    with tempfile.TemporaryDirectory(prefix="hotseat-bench-") as folder:
        server = embedded.Valkey(Path(folder) / "valkey", Path(folder), is_durable=False)
        server.launch()
        server.wait()
        os.environ["REDIS_URL"] = server.url
        try:
            yield server.url
        finally:
            del os.environ["REDIS_URL"]
            server.stop()
