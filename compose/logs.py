"""The log files of our children: private, and never larger than a bound.

A child keeps its file open for as long as it lives, so a file that has grown is copied aside and
emptied in place; the child appends and notices nothing. What it writes in between is lost, which
is a line at most. Standard library only, as the servers' starter is.
"""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 20_000_000  # and as many again in the one file kept aside


def appending(path: Path) -> BinaryIO:
    """Return the file, open for a child to append to; nobody else may read it."""
    bound(path)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.fchmod(file, 0o600)
    return os.fdopen(file, "ab")


def bound(path: Path) -> None:
    """Empty a file that has grown past the bound; what was in it is kept aside, once."""
    try:
        if path.stat().st_size <= MAX_BYTES:
            return
        aside = path.with_suffix(".old.log")
        aside.touch(mode=0o600)
        shutil.copyfile(path, aside)
        os.truncate(path, 0)
    except FileNotFoundError:
        return
