"""What the gateway knows: providers, routes, keys, limits, prices. One immutable snapshot.

A process holds one `Catalog` and swaps it whole; a request keeps the one it began with. All of
it is data: `routing` chooses from it, `keys` checks against it, adapters read their target.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.faults import FaultRule
from gateway.domain.messages import Deadlines, Dialect
from gateway.domain.money import Budget, Price
from gateway.domain.pricing import NO_PRICES, PriceList
from gateway.domain.rate_limit import Limit
from gateway.domain.vendors import usual_name

NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


class Secret:
    """A word that is used and never shown; it is not part of any text made from its owner."""

    __slots__ = ("_word",)

    def __init__(self, word: str) -> None:
        self._word = word

    def __repr__(self) -> str:
        return "Secret(***)" if self._word else "Secret()"

    def __bool__(self) -> bool:
        return bool(self._word)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._word == self._word

    def __hash__(self) -> int:
        return hash(self._word)

    def reveal(self) -> str:
        """Return the word, for the header that needs it."""
        return self._word


NO_SECRET = Secret("")


class Ability(StrEnum):
    """What a request may need of a model."""

    STREAM = "stream"
    TOOLS = "tools"
    JSON = "json"
    VISION = "vision"
    PREFILL = "prefill"  # goes on from an assistant message: what a continuation needs
    REASONING = "reasoning"
    EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True)
class Provider:
    """One account at one vendor, or one server of one's own.

    ``adapter`` names the wire, ``vendor`` its row of quirks. ``n_places`` is the most calls in
    flight, over all processes. ``options`` are the vendor's own settings (api version ...).
    """

    name: str
    adapter: str
    dialect: Dialect
    vendor: str = ""
    base_url: str = ""
    credential: Secret = NO_SECRET
    is_local: bool = False
    n_places: int = 256
    wait_seconds: float = 30.0
    deadlines: Deadlines | None = None
    options: Mapping[str, str] = field(default_factory=lambda: NO_OPTIONS)


@dataclass(frozen=True, slots=True)
class Target:
    """One model at one provider: what a request is finally sent to.

    ``quality`` is an operator's judgement in [0, 1]; ``weight`` a share among its siblings.
    ``context_tokens`` 0 means unknown, which never excludes. ``max_output_tokens`` is the longest
    answer, 0 for unknown.
    """

    provider: Provider
    model: str
    abilities: frozenset[Ability] = frozenset({Ability.STREAM})
    context_tokens: int = 0
    max_output_tokens: int = 0
    quality: float = 0.5
    weight: int = 1
    price: Price | None = None
    id: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        """Make its name in traces, headers and the breaker: ``provider/model``."""
        # Once, because every request asks every target for it several times.
        object.__setattr__(self, "id", f"{self.provider.name}/{self.model}")

    def bounded(self, asked_tokens: int) -> int:
        """Return how long an answer may be: what is asked for, as far as the target goes."""
        return min(asked_tokens, self.max_output_tokens or asked_tokens)


class RoutingPolicy(StrEnum):
    """How the candidates of a route are put in order."""

    PRIORITY = "priority"
    LOCAL_PREFER = "local_prefer"
    COST_AWARE = "cost_aware"
    QUALITY_AWARE = "quality_aware"
    LATENCY_AWARE = "latency_aware"
    WEIGHTED = "weighted"
    ROUND_ROBIN = "round_robin"
    LEAST_BUSY = "least_busy"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How stubbornly a request is tried.

    ``n_retries`` are per target, ``n_attempts`` over all of them. ``waits_for_primary`` waits
    out a short Retry-After of a target instead of asking the next one.
    """

    n_retries: int = 2
    n_attempts: int = 5
    waits_for_primary: bool = False
    continues_answers: bool = True
    hedge_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A public model name and the targets behind it, in the operator's order."""

    model: str
    targets: tuple[Target, ...]
    policy: RoutingPolicy = RoutingPolicy.PRIORITY
    retry: RetryPolicy = RetryPolicy()
    deadlines: Deadlines | None = None
    cache_seconds: float = 0.0
    is_coalesced: bool = False
    allows_faults: bool = False
    limits: tuple[Limit, ...] = ()

    target_ids: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())
    dialects: frozenset[Dialect] = field(init=False, repr=False, compare=False, default=frozenset())
    can_continue: bool = field(init=False, repr=False, compare=False, default=False)

    def __post_init__(self) -> None:
        """Note what every request asks of it.

        The ids of its targets, the dialects its providers speak, and whether some target could
        go on with an answer that another one began.
        """
        targets = self.targets
        can_continue = self.retry.continues_answers and any(
            Ability.PREFILL in target.abilities for target in targets
        )
        object.__setattr__(self, "target_ids", tuple(target.id for target in targets))
        object.__setattr__(self, "dialects", frozenset(each.provider.dialect for each in targets))
        object.__setattr__(self, "can_continue", can_continue)


class Scope(StrEnum):
    """What a key may be used for."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    MODELS = "models"
    USAGE = "usage"
    FAULTS = "faults"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who pays: a name, what all of its keys may use together, and its share of the queue."""

    name: str
    limits: tuple[Limit, ...] = ()
    budgets: tuple[Budget, ...] = ()
    is_active: bool = True
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Key:
    """A virtual key as the gateway knows it: by the hash of its secret, never the secret.

    ``models`` are glob patterns of public names; empty allows every route.
    ``expires_at`` is Unix seconds.
    """

    id: str
    tenant: Tenant
    scopes: frozenset[Scope] = frozenset({Scope.CHAT, Scope.EMBEDDINGS, Scope.MODELS})
    models: tuple[str, ...] = ()
    expires_at: float | None = None
    limits: tuple[Limit, ...] = ()
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything, at one version. ``keys`` are by hash, ``routes`` by public model name."""

    version: int = 0
    providers: Mapping[str, Provider] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    prices: PriceList = field(default=NO_PRICES, compare=False)

    def price_of_answer(self, target: Target, answered: str) -> Price | None:
        """Return what an answer costs whose model calls itself so; empty for the one asked."""
        provider = target.provider
        return self.prices.paid(
            provider=provider.name,
            vendor=usual_name(provider.vendor or provider.adapter),
            asked=target.model,
            answered=answered,
            agreed=target.price,
        )


SCRIPTED = "scripted"


def built_in_catalog() -> Catalog:
    """Return the catalog of a house without any configuration: the scripted provider alone.

    It has more places than any queue of turns lets run: speaking a script costs next to nothing.
    """
    provider = Provider(
        name=SCRIPTED, adapter=SCRIPTED, dialect=Dialect.SCRIPT, is_local=True, n_places=4096
    )
    route = Route(model=SCRIPTED, targets=(Target(provider=provider, model=SCRIPTED),))
    return Catalog(providers={SCRIPTED: provider}, routes={SCRIPTED: route})
