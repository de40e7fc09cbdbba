"""Who manages: an operator signed in to the admin, or a program with a key of the right scope.

A session must show the page's CSRF token on writes and have Django's permission for the kind of
row; a key has no ambient authority to abuse and needs its scope. A key that has only the scope of
a part (usage, faults) is let into that part, and sees its own tenant.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from gateway.domain.audit import Actor, Via
from gateway.domain.catalog import Scope
from gateway.domain.errors import ForbiddenError, UnauthenticatedError
from gateway.services import keys

_ACTIONS = {"GET": "view", "HEAD": "view", "POST": "add", "DELETE": "delete"}
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def _everything(_permission: str) -> bool:
    return True


def _nothing(_permission: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Operator:
    """Who asks; ``tenant`` is set for somebody who may only see that one.

    ``grants`` are the scopes they may give to a key, or take from one.
    """

    actor: Actor
    is_allowed: Callable[[str], bool]
    grants: frozenset[Scope] = frozenset()
    tenant: str = ""

    def check(self, *permissions: str) -> None:
        """Raise ForbiddenError unless they have each of them, such as ``change_apikey``."""
        if not all(self.is_allowed(f"gateway.{name}") for name in permissions):
            raise ForbiddenError("This account does not have the permission for it.")

    def check_grant(self, scopes: Iterable[str] | None) -> None:
        """Raise ForbiddenError when the secret of such a key would open more than they may."""
        if not self.grants.issuperset(scopes or ()):
            raise ForbiddenError("Nobody can let a key do what they may not do themselves.")


class OperatorAuth(AuthBase):
    """Lets operators in, to one kind of thing."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, kind: str, *, action: str = "", scope: Scope | None = None) -> None:
        """Guard a kind of row.

        ``action`` is what a call does to it where its method does not say so; ``scope`` opens
        this part to keys beside the managing ones.
        """
        super().__init__()
        self._kind = kind
        self._action = action
        self._scope = scope

    def __call__(self, request: HttpRequest) -> Operator:
        """Return who asks; raise UnauthenticatedError or ForbiddenError."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._program(secret.strip())
        return self._person(request)

    def _program(self, secret: str) -> Operator:
        key = keys.by_secret(secret)
        if key is None:
            raise UnauthenticatedError("This API key is not valid (any more).")
        actor = Actor(f"key:{key.pk}", Via.API)
        if Scope.MANAGE in key.scopes:
            return Operator(actor, _everything, frozenset(Scope))
        if self._scope is not None and self._scope in key.scopes:
            return Operator(actor, _nothing, tenant=key.tenant.name)
        raise ForbiddenError("This API key does not have the scope for it.")

    def _person(self, request: HttpRequest) -> Operator:
        user = request.user
        if not user.is_authenticated:
            raise UnauthenticatedError("Sign in to the admin, or bring a key with scope manage.")
        if not (user.is_active and user.is_staff):
            raise ForbiddenError("This account is not an operator's.")
        if request.method not in _READS and check_csrf(request) is not None:
            raise ForbiddenError("The page's token is missing or old; reload the page.")
        grants = keys.grantable(is_allowed=user.has_perm, manages_all=bool(user.is_superuser))
        found = Operator(Actor(user.get_username(), Via.API), user.has_perm, grants)
        action = self._action or _ACTIONS.get(request.method or "", "change")
        found.check(f"{action}_{self._kind}")
        return found


def operator(request: HttpRequest) -> Operator:
    """Return what `OperatorAuth` found."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Operator):
        raise UnauthenticatedError("Sign in to the admin, or bring a key with scope manage.")
    return found
