"""What speaks against a provider: its name, its adapter, its address, its options."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from gateway.domain.catalog import SCRIPTED, Provider
from gateway.domain.configuration.options import of_options
from gateway.domain.configuration.problems import Problem
from gateway.domain.messages import Deadlines, Dialect

OPENAI_WIRE = "openai"
#: The wires an adapter exists for, with the dialect each speaks.
ADAPTERS: Mapping[str, Dialect] = MappingProxyType(
    {
        OPENAI_WIRE: Dialect.OPENAI,
        "anthropic": Dialect.ANTHROPIC,
        "gemini": Dialect.GEMINI,
        SCRIPTED: Dialect.SCRIPT,
    }
)
#: The vendors whose accent of the OpenAI wire is known, most with their address.
VENDORS = frozenset(
    {
        *("openai", "azure", "dashscope", "qianfan", "hunyuan", "ark", "deepseek"),
        *("vllm", "ollama", "zhipu", "zai"),
    }
)
_WITHOUT_ADDRESS = frozenset({"azure"})
#: A variable that may be sent to a vendor; no other is, whatever an operator writes.
CREDENTIAL_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,80}_API_KEY")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# All that an address is made of; Python's own parser leaves line ends out without a word.
_PLAIN = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%-]+")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?|[0-9A-Fa-f:.]+")


def of_provider(provider: Provider) -> Iterator[Problem]:
    """Yield what speaks against the provider."""
    subject = f"provider:{provider.name}"
    if not NAME.fullmatch(provider.name):
        yield Problem(
            subject,
            "name",
            "A name is made of small letters, digits, dots, dashes and underscores.",
        )
    if provider.adapter not in ADAPTERS:
        yield Problem(
            subject,
            "adapter",
            "There is no adapter called %(adapter)s; there are %(known)s.",
            {"adapter": provider.adapter, "known": ", ".join(ADAPTERS)},
        )
    elif not provider.base_url and provider.adapter == OPENAI_WIRE:
        yield from _of_vendor(subject, provider.vendor)
    if provider.base_url:
        yield from _of_address(subject, provider.base_url)
    yield from of_options(subject, provider.adapter, provider.options)
    if provider.n_places < 1:
        yield Problem(subject, "n_places", "With no place nobody is ever served.")
    if provider.deadlines is not None:
        yield from of_deadlines(subject, provider.deadlines)


def _of_vendor(subject: str, vendor: str) -> Iterator[Problem]:
    """Yield what speaks against asking this vendor where it is thought to live."""
    if vendor not in VENDORS:
        yield Problem(
            subject,
            "base_url",
            "Without a vendor that is known (%(known)s) an address has to be given.",
            {"known": ", ".join(sorted(VENDORS))},
        )
    elif vendor in _WITHOUT_ADDRESS:
        yield Problem(
            subject, "base_url", "Everybody has an address of their own at this vendor: give yours."
        )


def _of_address(subject: str, address: str) -> Iterator[Problem]:
    if not _PLAIN.fullmatch(address):
        yield Problem(
            subject,
            "base_url",
            "An address is made of plain letters, without spaces, quotes or line ends.",
        )
        return
    try:
        parts = urlsplit(address)
        has_host = bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        yield Problem(subject, "base_url", "This is not an address.")
        return
    if "@" in parts.netloc:
        yield Problem(
            subject, "base_url", "A password does not belong into an address: give it below."
        )
    elif parts.scheme not in {"http", "https"} or not has_host:
        yield Problem(subject, "base_url", "An address begins with http:// or https:// and a host.")
    if "?" in address or "#" in address:
        yield Problem(subject, "base_url", "An address ends before any ? or #.")


def of_deadlines(subject: str, deadlines: Deadlines) -> Iterator[Problem]:
    """Yield what speaks against the deadlines; whoever has them is the subject."""
    single = (deadlines.connect_seconds, deadlines.first_seconds, deadlines.idle_seconds)
    if min(*single, deadlines.total_seconds) <= 0:
        yield Problem(subject, "total_seconds", "A deadline is more than 0 seconds.")
    elif deadlines.total_seconds < max(single):
        yield Problem(
            subject,
            "total_seconds",
            "The total deadline passes before another one of them can.",
        )
