"""Serve one reply again and again until killed: ``python -m tests.fakes.upstream --port 9000``."""

import argparse
import asyncio

from tests.fakes.upstream import Reply, Upstream


async def serve(*, port: int, reply: Reply) -> None:
    """Say where the server is, then answer for ever."""
    async with Upstream(port=port) as upstream:
        upstream.otherwise = reply
        print(upstream.base_url, flush=True)  # noqa: T201  whoever started us waits for it
        await asyncio.Event().wait()


def main() -> None:
    """Read what to say from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=50)
    parser.add_argument("--first-delay-seconds", type=float, default=0.0)
    parser.add_argument("--token-delay-seconds", type=float, default=0.0)
    asked = parser.parse_args()
    reply = Reply(
        text=" ".join(["word"] * asked.tokens),
        first_delay_seconds=asked.first_delay_seconds,
        token_delay_seconds=asked.token_delay_seconds,
    )
    asyncio.run(serve(port=asked.port, reply=reply))


if __name__ == "__main__":
    main()
