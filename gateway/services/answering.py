"""Attempts until one of them answers: seat, breaker, call, retry, failover, continuation."""

from collections.abc import AsyncGenerator, Iterator

from gateway.domain import attributes
from gateway.domain.errors import GatewayError, StoppedError
from gateway.domain.messages import Delta, Seam, Start, UsageUpdate
from gateway.domain.money import AttemptEnd
from gateway.domain.ports import Ports
from gateway.services import asking, hedging, recovery, settling
from gateway.services.attempts import Attempt
from gateway.services.calls import Call


async def answer(call: Call, *, ports: Ports) -> AsyncGenerator[Delta, None]:
    """Yield the answer of the first target that gives a whole one; raise when nobody does.

    What ends it is the ``finish`` of the call's current attempt, not a delta.
    """
    while True:
        attempt = await asking.begin(call, ports=ports)
        end, failure = AttemptEnd.CANCELLED, None
        try:
            opening, attempt = await hedging.opening(call, attempt, ports=ports)
            for delta in _committed(call, attempt, opening):
                yield delta
            await attempt.let_through()
            with attempt.watchdog:
                while (following := await attempt.next()) is not None:
                    call.said.take(following)
                    yield following
            await attempt.succeeded()
            end = AttemptEnd.DONE
        except StoppedError:
            raise
        except GatewayError as error:
            end, failure = AttemptEnd.ERROR, error
            await attempt.failed(error)
        except Exception:
            end = AttemptEnd.ERROR  # an adapter's bug: whoever reads the ledger should see it
            raise
        finally:
            settling.settle(attempt, end, ports=ports)
            await attempt.close()
        if failure is None:
            call.remember(ports)
            return
        if call.is_answering and call.broken_by is None:
            call.broken_by = failure
        await recovery.after_failure(call, attempt, failure, ports=ports)


def _committed(call: Call, attempt: Attempt, opening: list[Delta]) -> Iterator[Delta]:
    """Yield what was held back: it is the answer now, or the next part of it."""
    is_going_on = call.is_answering
    if is_going_on:
        target = attempt.target
        call.observed.happened(attributes.SEAM, target=target.id, offset=call.said.n_chars)
        yield Seam(target.provider.name, target.model, call.said.n_chars)
    elif attempt.first_at is not None:
        call.is_answering = True
        call.observed.content_arrived(attempt.first_at)
    for delta in opening:
        if is_going_on and isinstance(delta, Start | UsageUpdate):
            continue
        call.said.take(delta)
        yield delta
