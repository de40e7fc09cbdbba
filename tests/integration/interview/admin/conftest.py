"""An author who is signed in, and a bank of content."""

import pytest
from django.test import Client

from gateway.models import User
from tests.factories.interview import make_shelf, store


@pytest.fixture
def author() -> Client:
    """A browser with an author signed in."""
    user = User.objects.create_user("ada", password="x", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bank() -> None:
    """Content that breaks no rule."""
    store(make_shelf())
