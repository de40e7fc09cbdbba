"""The accounts' pages: who manages everything, and nobody else, says what others may.

Django lets whoever may change accounts change their own permissions, and set the password of
somebody who has more.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.http import HttpRequest

from gateway.models import User

if TYPE_CHECKING:
    Accounts = UserAdmin[User]
    Groups = GroupAdmin
else:
    Accounts, Groups = UserAdmin, GroupAdmin


class _ForSuperusers:
    """Pages that others see at most."""

    def _manages_all(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    has_change_permission = has_delete_permission = _manages_all

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether they manage everything."""
        return self._manages_all(request)


class AccountAdmin(_ForSuperusers, Accounts):
    """Who may sign in."""


class RoleAdmin(_ForSuperusers, Groups):
    """What a group of accounts may."""
