"""A pipeline in memory, what its targets say, and what became of one request."""

from gateway.domain.caller import Caller
from gateway.domain.catalog import Catalog, Key, RetryPolicy, Tenant
from gateway.domain.errors import (
    GatewayError,
    ProviderUnavailableError,
)
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Failed,
    Finish,
    FinishReason,
    Message,
    Role,
    Start,
    Usage,
    UsageSource,
)
from gateway.domain.money import Entry, Price
from gateway.domain.ports import Ports
from gateway.services import completion
from gateway.services.completion import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from tests.fakes.breakers import MemoryBreakers
from tests.fakes.clock import Clock
from tests.fakes.gateway import FakeProvider, make_catalog, make_ports, make_target
from tests.fakes.ledger import MemoryLedger

PRICE = Price("p", input=1_000_000, output=2_000_000)
A = make_target("a", "m1", price=PRICE)
B = make_target("b", "m2", price=PRICE)
A_STARTS, B_STARTS = Start("q", "a", "m1"), Start("q", "b", "m2")
DONE = Finish(FinishReason.STOP, Usage(3, 9, UsageSource.PROVIDER))
DOWN = ProviderUnavailableError("down")
ONE_EACH = RetryPolicy(n_retries=0)
ASKED = (Message.plain(Role.USER, "Why?"),)
KEY = Key("k1", Tenant("acme"))
HURRIED = RetryPolicy(n_retries=0, hedge_after_seconds=0.0)


class Stage:
    """A pipeline in memory and what became of one request."""

    def __init__(self, provider: FakeProvider, catalog: Catalog, **ports: object) -> None:
        self.provider = provider
        self.clock = Clock()
        self.ports: Ports = make_ports(
            provider=provider,
            catalog=catalog,
            clock=self.clock,
            **ports,  # type: ignore[arg-type]
        )
        self.heart = Heart(self.ports, beat_seconds=60)

    def call(self, *, caller: Caller | None = None, **request: object) -> Call:
        """Return a call of the usual question."""
        asked = ChatRequest(
            **{"request_id": "q", "provider": "", "model": "m", "messages": ASKED, **request}
        )  # type: ignore[arg-type]
        return Call(asked, Watchdog(), **({"caller": caller} if caller else {}))

    async def run(self, call: Call | None = None, **request: object) -> list[Delta]:
        """Return everything the pipeline yields."""
        call = call or self.call(**request)
        return [d async for d in completion.stream(call, ports=self.ports, heart=self.heart)]

    @property
    def entries(self) -> list[Entry]:
        """The ledger's entries in the order of attempts."""
        assert isinstance(self.ports.ledger, MemoryLedger)
        return sorted(self.ports.ledger.entries.values(), key=lambda entry: entry.id)

    @property
    def ends(self) -> list[tuple[str, str, str, int]]:
        """Who was asked, how it ended, in which state, at what cost."""
        return [
            (entry.provider, entry.end.value, entry.state.value, entry.cost_microusd)
            for entry in self.entries
        ]

    @property
    def breakers(self) -> MemoryBreakers:
        """The breakers in memory."""
        assert isinstance(self.ports.breakers, MemoryBreakers)
        return self.ports.breakers

    async def is_empty(self) -> bool:
        """Whether nothing is held at the gate and nothing is open at a provider."""
        held = [await self.ports.gate.in_flight(name) for name in ("a", "b", "c")]
        return held == [0, 0, 0] and self.provider.n_open == 0


def stage(
    *steps: tuple[str, tuple[Delta | BaseException | None, ...]],
    targets: tuple[object, ...] = (A, B),
    retry: RetryPolicy = ONE_EACH,
    **route: object,
) -> Stage:
    """Return a stage on which each target's calls go as listed, one after another."""
    provider = FakeProvider()
    by_target: dict[str, list[tuple[Delta | BaseException | None, ...]]] = {}
    for target, call in steps:
        by_target.setdefault(target, []).append(call)
    for target, calls in by_target.items():
        provider.say(target, *calls)
    return Stage(provider, make_catalog(*targets, retry=retry, **route))  # type: ignore[arg-type]


def error_of(deltas: list[Delta]) -> GatewayError:
    """Return the error at the end."""
    assert isinstance(deltas[-1], Failed)
    return deltas[-1].error
