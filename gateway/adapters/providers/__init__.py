"""The table of providers: a name in a request leads to the adapter that speaks its wire."""

from gateway.adapters.providers.scripted import ScriptedProvider
from gateway.domain.ports import ChatProvider

PROVIDERS: dict[str, type[ChatProvider]] = {ScriptedProvider.name: ScriptedProvider}
