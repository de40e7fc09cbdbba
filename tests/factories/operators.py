"""An operator at a terminal beside a stack that runs."""

import os
import subprocess
import sys
from pathlib import Path

from compose import local

SERVERS_OF_ITS_OWN = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "STATIC_ROOT"), "")
"""For a stack: not the servers of the tests that started it."""


def operate(data_dir: Path, *words: str, prefix: str) -> str:
    """Run one command of the gateway's on the stack of a folder and return what it printed."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    environment |= {
        "DATA_DIR": str(data_dir),
        "ENV_FILE": os.devnull,
        "REDIS_PREFIX": prefix,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "gateway", *words],
        env=environment,
        cwd=local.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
