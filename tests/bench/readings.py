"""What a bench says about itself: the machine, the commit, percentiles, and who used the cores.

Everything is read from Linux's /proc, so that watching costs next to nothing.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_STATE, _PARENT, _USER, _SYSTEM = 0, 1, 11, 12  # fields of /proc/<pid>/stat after the name
_IDLE, _IOWAIT = 3, 4


def say(line: str = "") -> None:
    """Write a line to the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_where(load: str) -> None:
    """Write what every figure depends on: the machine, the commit and the load."""
    say(
        f"machine    {os.cpu_count()} cores ({_processor()}), {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
    say(f"commit     {commit()}")
    say(f"load       {load}")


def commit() -> str:
    """Return the short commit, with a plus sign when files of the program differ from it."""
    head = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", "config", "gateway", "interview", "compose")
    return head + ("+" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which the share of the values lies; NaN without values."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(seconds: Sequence[float]) -> str:
    """Return p50, p95, p99 and the greatest of some times, in milliseconds."""
    if not seconds:
        return "nothing measured"
    p50, p95, p99 = (quantile(seconds, share) * 1000 for share in (0.5, 0.95, 0.99))
    return (
        f"p50 {p50:7.1f}   p95 {p95:7.1f}   p99 {p99:7.1f}   "
        f"max {max(seconds) * 1000:7.1f} ms   (n = {len(seconds):,})"
    )


def family(pid: int) -> list[int]:
    """Return the process and everything below it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := _stat(int(folder.name))):
            children.setdefault(int(stat[_PARENT]), []).append(int(folder.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def rss_bytes(pids: Sequence[int]) -> int:
    """Return the resident memory of the processes together (shared pages count in each)."""
    total = 0
    for pid in pids:
        try:
            statm = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
        except OSError:
            continue
        total += int(statm.split()[1]) * _PAGE_BYTES
    return total


@dataclass(frozen=True, slots=True)
class Reading:
    """Processor seconds so far, by name of the process, and of the whole machine."""

    at: float
    used: Mapping[str, float]
    machine: float
    rss: Mapping[str, int]


def read(processes: Mapping[str, int]) -> Reading:
    """Return a reading of the named processes, each with its children."""
    # This process is everybody's parent; its own share is its own alone.
    families = {
        name: [pid] if pid == os.getpid() else family(pid) for name, pid in processes.items()
    }
    return Reading(
        at=time.monotonic(),
        used={name: sum(map(_cpu_seconds, pids)) for name, pids in families.items()},
        machine=_machine_seconds(),
        rss={name: rss_bytes(pids) for name, pids in families.items()},
    )


def shares(before: Reading, after: Reading) -> str:
    """Return who used how much of a core between two readings, and what strangers used."""
    took = after.at - before.at
    used = {name: (after.used[name] - before.used[name]) / took for name in after.used}
    parts = [f"{name} {share:.0%} {after.rss[name] / 2**20:.0f} MB" for name, share in used.items()]
    others = (after.machine - before.machine) / took - sum(used.values())
    return ", ".join([*parts, f"everybody else {max(0.0, others):.0%}"])


def cost(before: Reading, after: Reading, *, n_deltas: int, n_turns: int) -> str:
    """Return the processor time each process took between two readings, by delta and by turn.

    Unlike times of the clock it can be compared on a machine on which others work too.
    """
    used = {name: after.used[name] - before.used[name] for name in after.used}
    parts = [
        f"{name} {seconds * 1e6 / max(1, n_deltas):.1f} us/delta "
        f"{seconds * 1e3 / max(1, n_turns):.1f} ms/turn"
        for name, seconds in used.items()
    ]
    return ", ".join(parts)


def _cpu_seconds(pid: int) -> float:
    stat = _stat(pid)
    return (int(stat[_USER]) + int(stat[_SYSTEM])) / _TICKS_PER_SECOND if stat else 0.0


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _machine_seconds() -> float:
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    busy = [int(ticks) for number, ticks in enumerate(fields[:8]) if number not in {_IDLE, _IOWAIT}]
    return sum(busy) / _TICKS_PER_SECOND
