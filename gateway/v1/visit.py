"""One authenticated request on its way through an endpoint, and what the plane is made of."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.domain import keys
from gateway.domain.caller import Caller
from gateway.domain.catalog import Catalog, Key, Route, Scope
from gateway.domain.errors import ForbiddenError, RequestError, UnknownModelError
from gateway.domain.faults import FaultRule, brought
from gateway.domain.messages import ChatRequest, Dialect
from gateway.v1 import auth
from gateway.v1.delivery import KEEP_ALIVE_SECONDS, Delivery, Deltas
from gateway.v1.exchange import BODY_SECONDS, Exchange
from gateway.v1.headers import Account
from gateway.v1.runs import Shelf

BUDGET_HEADER = b"x-request-budget-ms"
SESSION_HEADER = b"x-session-key"
FAULT_HEADER = b"x-gateway-fault"
ANTHROPIC_ID_NAMES = (b"x-request-id", b"request-id")
_MAX_SESSION_BYTES = 200
_MAX_BUDGET_MS = 3_600_000
_MAX_DIGITS = 20


class Asked(Protocol):
    """One call of the pipeline."""

    @property
    def deltas(self) -> Deltas:
        """The answer, with exactly one terminal delta."""
        ...

    def account(self) -> Account:
        """Return what is known of the call by now."""
        ...


class Ask(Protocol):
    """The pipeline as the edge sees it."""

    def __call__(
        self,
        request: ChatRequest,
        *,
        caller: Caller,
        catalog: Catalog,
        budget_seconds: float | None,
    ) -> Asked:
        """Return the call; nothing happens before its deltas are asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Plane:
    """What every request of a process shares; without a ``shelf`` no stream can be resumed."""

    catalog: Callable[[], Catalog]
    ask: Ask
    max_body_bytes: int = 8 * 1024 * 1024
    body_seconds: float = BODY_SECONDS
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    shelf: Callable[[], Shelf] | None = None


@dataclass(slots=True)
class Visit:
    """A request, who sent it, and the catalog it began with."""

    plane: Plane
    exchange: Exchange
    dialect: Dialect
    catalog: Catalog = field(init=False)
    _key: Key | None = None
    _route: str = ""
    _asked: Asked | None = None
    _asked_after_seconds: float = 0.0

    def __post_init__(self) -> None:
        """Take the catalog of this moment, for good; name the id as the dialect does."""
        self.catalog = self.plane.catalog()
        if self.dialect is Dialect.ANTHROPIC:
            self.exchange.id_names = ANTHROPIC_ID_NAMES

    @property
    def delivery(self) -> Delivery:
        """Return the way back to the client."""
        return Delivery(self.exchange, self.account, self.dialect, self.plane.keep_alive_seconds)

    def account(self) -> Account:
        """Return what can be told of the request by now."""
        if self._asked is None:
            return Account(route=self._route)
        known = self._asked.account()
        known.route = self._route
        known.overhead_seconds += self._asked_after_seconds
        return known

    @property
    def key(self) -> Key:
        """Return the key, once it has been found good."""
        assert self._key is not None
        return self._key

    def authenticate(self, scope: Scope) -> Key:
        """Return the key; raise an AccessError unless it is good for this kind of call."""
        self._key = auth.key_of(self.exchange.headers, self.catalog, at=time.time())
        keys.check_scope(self._key, scope)
        return self._key

    def route(self, model: str) -> Route:
        """Return where the model's name leads; raise when nowhere, or not for this key."""
        assert self._key is not None
        keys.check_model(self._key, model)
        route = self.catalog.routes.get(model)
        if route is None:
            raise UnknownModelError(f"There is no model {model!r} here.", param="model")
        self._route = model
        return route

    def ask(self, request: ChatRequest, *, api: str) -> Deltas:
        """Return the answer's deltas."""
        client = self.exchange.scope.get("client")
        caller = Caller(key=self._key, ip=client[0] if client else "", api=api)
        if FAULT_HEADER in self.exchange.headers:
            request = replace(request, faults=self._faults())
        self._asked_after_seconds = self.exchange.elapsed_seconds
        self._asked = self.plane.ask(
            request, caller=caller, catalog=self.catalog, budget_seconds=self._budget_seconds()
        )
        return self._asked.deltas

    @property
    def session(self) -> str:
        """Return the key that prefers the same target as last time, empty for none.

        What one account calls its session is none of another's.
        """
        given = self.exchange.headers.get(SESSION_HEADER, b"")
        if len(given) > _MAX_SESSION_BYTES:
            raise RequestError(
                f"{SESSION_HEADER.decode()} is longer than {_MAX_SESSION_BYTES} bytes."
            )
        return f"{self._key.tenant.name}:{given.decode('latin-1')}" if given and self._key else ""

    def _faults(self) -> tuple[FaultRule, ...]:
        """Return the faults the request wants to suffer; raise where they are not allowed."""
        assert self._key is not None
        keys.check_scope(self._key, Scope.FAULTS)
        if not self.catalog.routes[self._route].allows_faults:
            raise ForbiddenError("This model does not allow faults on purpose.")
        return brought(self.exchange.headers[FAULT_HEADER].decode("latin-1"))

    def _budget_seconds(self) -> float | None:
        """Return all the time the client gives us, None when it did not say."""
        given = self.exchange.headers.get(BUDGET_HEADER)
        if given is None:
            return None
        is_number = given.isdigit() and len(given) <= _MAX_DIGITS  # Python reads no more of them
        if not is_number or not 1 <= int(given) <= _MAX_BUDGET_MS:
            raise RequestError(
                f"{BUDGET_HEADER.decode()} is a whole number from 1 to {_MAX_BUDGET_MS}."
            )
        return int(given) / 1000
