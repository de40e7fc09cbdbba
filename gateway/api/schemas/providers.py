"""Providers, and how a trial of one went."""

from typing import Self

from ninja import Field, Schema

from gateway.api.schemas.figures import Given, Seconds, Text
from gateway.api.schemas.warnings import Warned
from gateway.domain.configuration.figures import MOST_COUNT
from gateway.models import Provider


class ProviderPatch(Given):
    """What to change; what is absent stays. ``credential`` is sealed and never comes back.

    Give it or ``credential_env``, not both; the one that is given takes the other's place.
    """

    adapter: Text | None = None
    vendor: Text | None = None
    base_url: Text | None = None
    credential: str | None = Field(None, max_length=4000)
    credential_env: Text | None = None
    is_enabled: bool | None = None
    is_local: bool | None = None
    n_places: int | None = Field(None, ge=1, le=MOST_COUNT)
    wait_seconds: Seconds | None = None
    connect_seconds: Seconds | None = None
    first_seconds: Seconds | None = None
    idle_seconds: Seconds | None = None
    total_seconds: Seconds | None = None
    options: dict[str, str] | None = None


class ProviderIn(ProviderPatch):
    """A new provider."""

    name: Text
    adapter: Text


class ProviderOut(Schema):
    """A provider; of its credential only where it is from."""

    name: str
    adapter: str
    vendor: str
    base_url: str
    credential: str
    is_enabled: bool
    is_local: bool
    n_places: int
    wait_seconds: float
    connect_seconds: float | None
    first_seconds: float | None
    idle_seconds: float | None
    total_seconds: float | None
    options: dict[str, str]

    @classmethod
    def from_row(cls, row: Provider) -> Self:
        """Return the row as programs see it."""
        columns = {
            name: getattr(row, name) for name in ProviderOut.model_fields if name != "credential"
        }
        return cls(**columns, credential=credential_of(row))


class ChangedProvider(ProviderOut, Warned):
    """A provider that was just added or changed."""


def credential_of(row: Provider) -> str:
    """Return where a provider's credential is from, never what it is."""
    if row.credential_env:
        return f"env:{row.credential_env}"
    return f"sealed:…{row.credential_last4}" if row.credential_sealed else ""


class TrialIn(Given):
    """The model to ask for; empty asks for the first one a route leads to."""

    model: Text = ""


class TrialOut(Schema):
    """How a short real call to the provider went."""

    is_ok: bool
    model: str
    seconds: float
    code: str
    message: str
