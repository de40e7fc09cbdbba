"""Who manages: an operator signed in to the admin, or a program with a key of the right scope.

A session must show the page's CSRF token on writes and have Django's permission for the kind of
row; a key has no ambient authority to abuse and needs its scope. A key that has only the scope of
a part (usage, faults) is let into that part, and sees its own tenant.
"""

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


@dataclass(frozen=True, slots=True)
class Operator:
    """Who asks; ``tenant`` is set for somebody who may only see that one.

    ``may_manage_all`` says that they may let others manage everything, as they do themselves.
    """

    actor: Actor
    tenant: str = ""
    may_manage_all: bool = False


class OperatorAuth(AuthBase):
    """Lets operators in, to one kind of thing."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, kind: str, *, scope: Scope | None = None) -> None:
        """Guard a kind of row; ``scope`` opens this part to keys beside the managing ones."""
        super().__init__()
        self._kind = kind
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
            return Operator(actor, may_manage_all=True)
        if self._scope is not None and self._scope in key.scopes:
            return Operator(actor, tenant=key.tenant.name)
        raise ForbiddenError("This API key does not have the scope for it.")

    def _person(self, request: HttpRequest) -> Operator:
        user = request.user
        if not user.is_authenticated:
            raise UnauthenticatedError("Sign in to the admin, or bring a key with scope manage.")
        if not (user.is_active and user.is_staff):
            raise ForbiddenError("This account is not an operator's.")
        if request.method not in _READS and check_csrf(request) is not None:
            raise ForbiddenError("The page's token is missing or old; reload the page.")
        action = _ACTIONS.get(request.method or "", "change")
        if not user.has_perm(f"gateway.{action}_{self._kind}"):
            raise ForbiddenError("This account does not have the permission for it.")
        actor = Actor(user.get_username(), Via.API)
        return Operator(actor, may_manage_all=bool(user.is_superuser))


def operator(request: HttpRequest) -> Operator:
    """Return what `OperatorAuth` found."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Operator):
        raise UnauthenticatedError("Sign in to the admin, or bring a key with scope manage.")
    return found
