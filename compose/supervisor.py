"""Keeps the processes of a Procfile running and ends them in order.

A process that falls over is started again after a second, because a worker killed in the middle
of a game must not end the game. One that falls five times in a minute will not get better by
itself: then everything is stopped, with the end of its log.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from compose import logs
from compose.embedded import StackError, die_with_parent

_RESTART_SECONDS = 1.0
_FALLS = 5
_FALLS_SECONDS = 60.0
_TAIL_LINES = 12
_OURS_ALONE = 0o077
_POLL_SECONDS = 0.05


def read_procfile(path: Path, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return each process's command; ``$NAMES`` come from the environment, Python is this one."""
    commands: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, command = line.partition(":")
        if separator and not name.startswith("#"):
            commands[name.strip()] = [_expand(word, environment) for word in shlex.split(command)]
    return {name: _with_our_python(words) for name, words in commands.items()}


@dataclass(slots=True)
class Process:
    """One child of the supervisor, through all its restarts."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log_path: Path | None
    child: subprocess.Popen[bytes] | None = None
    starts_at: float = 0.0
    falls: deque[float] = field(default_factory=lambda: deque(maxlen=_FALLS))

    def start(self) -> None:
        """Start the process in a group of its own: Ctrl-C in the terminal is for us alone."""
        log: IO[bytes] | None = None
        if self.log_path is not None:
            log = logs.appending(self.log_path)
        try:
            self.child = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT if log else None,
                start_new_session=True,
                preexec_fn=die_with_parent,
                umask=_OURS_ALONE,
            )
        finally:
            if log is not None:
                log.close()

    @property
    def is_running(self) -> bool:
        """Whether the child lives."""
        return self.child is not None and self.child.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Signal the child and what it started."""
        if self.child is not None and self.is_running:
            try:
                os.killpg(self.child.pid, number)
            except ProcessLookupError:
                return

    def tail(self) -> str:
        """Return the last lines it wrote."""
        if self.log_path is None or not self.log_path.exists():
            return ""
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])


@dataclass(slots=True)
class Supervisor:
    """The processes of one stack."""

    processes: list[Process]

    def start(self) -> None:
        """Start them all."""
        for process in self.processes:
            process.start()

    def tend(self) -> None:
        """Look after each process once: note falls, restart what is due or give up, bound logs."""
        now = time.monotonic()
        for process in self.processes:
            if process.child is not None and not process.is_running:
                self._fell(process, now)
            elif process.child is None and now >= process.starts_at:
                process.start()
            if process.log_path is not None:
                logs.bound(process.log_path)

    def stop(self, *, within_seconds: float) -> None:
        """Ask all to end; those that have not when the time is over are killed."""
        for process in self.processes:
            process.signal(signal.SIGTERM)
        deadline = time.monotonic() + within_seconds
        try:
            while any(process.is_running for process in self.processes):
                if time.monotonic() > deadline:
                    break
                time.sleep(_POLL_SECONDS)
        finally:
            for process in self.processes:
                process.signal(signal.SIGKILL)
            for process in self.processes:
                if process.child is not None:
                    process.child.wait()

    def _fell(self, process: Process, now: float) -> None:
        assert process.child is not None
        code = process.child.returncode
        process.child = None
        process.falls.append(now)
        if len(process.falls) == _FALLS and now - process.falls[0] < _FALLS_SECONDS:
            raise StackError(
                f"The process '{process.name}' ended {_FALLS} times in a minute; "
                f"the end of its log ({process.log_path}):\n{process.tail()}"
            )
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        print(f"  {process.name} {how}; starting it again.", file=sys.stderr, flush=True)
        process.starts_at = now + _RESTART_SECONDS


def _expand(word: str, environment: Mapping[str, str]) -> str:
    if not word.startswith("$"):
        return word
    if word[1:] not in environment:
        raise StackError(f"The Procfile uses {word}, which is not set.")
    return environment[word[1:]]


def _with_our_python(words: list[str]) -> list[str]:
    if words and words[0] == "python":
        return [sys.executable, *words[1:]]
    return [sys.executable, "-m", *words]
