"""How many turns one worker process speaks at once, and how soon a cancel closes the provider.

    python -m tests.bench.turns --turns 200 --tokens 50 --seconds 10

Each turn is a thread that iterates `facade.speak`, as in a worker; nothing is written to a
database. Half of the turns are cancelled at a random moment from another process.
"""

import argparse
import multiprocessing
import os
import platform
import random
import subprocess
import sys
import threading
import time

import django

from gateway import facade
from tests.bench import bench_store

CHARACTERS_PER_TOKEN = 3.0  # about what a chunk of the scripted provider holds


def say(line: str) -> None:
    """Write a line to the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def percentiles(values: list[float]) -> str:
    """Return p50, p95 and p99 of the values as a line."""
    ordered = sorted(values)
    p50, p95, p99 = (ordered[int(len(ordered) * q)] for q in (0.5, 0.95, 0.99))
    return f"p50 {p50:.0f} ms   p95 {p95:.0f} ms   p99 {p99:.0f} ms   max {ordered[-1]:.0f} ms"


def cancel_some(stream_ids: list[str], seconds: float, begin: object) -> None:
    """Cancel each stream at a random moment of the run."""
    django.setup()

    roll = random.Random(1)
    facade.queue_status("turns")
    begin.set()  # type: ignore[attr-defined]
    began_at = time.monotonic()
    for at, stream_id in sorted((roll.uniform(0.2, 0.9) * seconds, one) for one in stream_ids):
        time.sleep(max(0.0, began_at + at - time.monotonic()))
        facade.cancel(stream_id, by="user")


def main() -> None:
    """Speak the turns and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--tokens", type=float, default=50.0, help="tokens per second and turn")
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("TURNS_CONCURRENCY", str(asked.turns))
    with bench_store.store():
        measure(n_turns=asked.turns, tokens=asked.tokens, seconds=asked.seconds)


def measure(*, n_turns: int, tokens: float, seconds: float) -> None:
    """Speak the turns in threads while a process of its own cancels half of them."""
    django.setup()

    pace = tokens * CHARACTERS_PER_TOKEN
    text = ("Which number changed, and who measured it? " * 10_000)[: int(pace * seconds)]
    run = f"bench{time.time_ns()}"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    say(f"machine    {os.cpu_count()} cores, {platform.machine()}")
    say(f"commit     {commit}")
    say(f"offered    {n_turns} turns x {tokens:g} tokens/s for {seconds:g} s")
    outcomes: list[facade.Outcome] = []
    n_deltas = [0]

    def speak(number: int) -> None:
        script = facade.Script(text, pace_cps=pace, seed=number)
        order = facade.SpeechOrder(
            stream_id=f"{run}.{number}",
            lease_id=f"{run}.{number}",
            epoch=1,
            request=facade.ChatRequest(f"{run}.{number}", "scripted", "scripted", script=script),
            ticket=facade.Ticket("turns", f"{run}.{number}"),
        )
        for piece in facade.speak(order):
            if isinstance(piece, facade.Segment):
                n_deltas[0] += len(piece.timing)
            elif isinstance(piece, facade.Outcome):
                outcomes.append(piece)

    context = multiprocessing.get_context("spawn")
    begin = context.Event()
    chosen = [f"{run}.{number}" for number in range(0, n_turns, 2)]
    canceller = context.Process(target=cancel_some, args=(chosen, seconds, begin))
    canceller.start()
    begin.wait()
    threads = [threading.Thread(target=speak, args=(number,)) for number in range(n_turns)]
    began_at, cpu_before = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began_at
    canceller.join()
    latencies = [o.cancel_latency_ms for o in outcomes if o.cancel_latency_ms is not None]
    over = [o.duration_ms - seconds * 1000 for o in outcomes if o.finish == "stop"]
    used = (time.process_time() - cpu_before) / took
    say(f"deltas     {n_deltas[0] / took:,.0f}/s   cpu {used:.0%}")
    say(f"ttft       {percentiles([float(o.ttft_ms or 0) for o in outcomes])}")
    say(f"cancelled  {len(latencies)}   {percentiles([float(ms) for ms in latencies])}")
    say(f"late       {percentiles(over)}   (end of an uncancelled turn against its plan)")
    say(f"endings    {sorted({str(o.finish) for o in outcomes})} {len(outcomes)}")


if __name__ == "__main__":
    main()
