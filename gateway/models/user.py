"""Who may sign in: authors and operators. Players are guests and need no account."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """An account of this project, its own from the first migration so that it can grow."""
