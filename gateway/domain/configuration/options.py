"""The options of a provider: which ones its adapter reads, and what each may say.

What is written here is sent to a vendor as it stands, in an address, a header or a body; so a
word that does not fit is refused when it is written, and not found out by a request.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.domain.configuration.problems import Problem

HEADER = "header."
MOST_OPTIONS = 32
LONGEST = 4_000
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Made by the gateway for each call, or a place for a credential, which is not kept in the open.
_OURS = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"),
        *("x-goog-api-key", "host", "content-length", "content-type", "accept-encoding"),
        *("transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"),
    }
)


_ONE_OF = "%(option)s is one of: %(known)s."


@dataclass(frozen=True, slots=True)
class _Form:
    """What a value looks like, and the sentence for one that does not."""

    pattern: re.Pattern[str]
    told: str
    known: str = ""

    def fits(self, value: str) -> bool:
        """Return whether the value is of the form."""
        return bool(self.pattern.fullmatch(value))


class _Json(_Form):
    """A JSON object."""

    def fits(self, value: str) -> bool:
        """Return whether the value is an object, with nothing in it that JSON does not have."""
        try:
            return isinstance(json.loads(value, parse_constant=_refuse), dict)
        except (ValueError, RecursionError):
            return False


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _one_of(*words: str) -> _Form:
    return _Form(re.compile("|".join(map(re.escape, words))), _ONE_OF, ", ".join(words))


_SWITCH = _Form(re.compile("(?i:true|yes|1|false|no|0)"), _ONE_OF, "true, false")
_WORD = _Form(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"),
    "%(option)s is made of letters, digits, dots, dashes, colons and underscores.",
)
# Part of the name of the server that is asked, with our credential.
_PLACE = _Form(
    re.compile(r"[a-z0-9][a-z0-9-]{0,62}"),
    "%(option)s is made of small letters, digits and dashes.",
)
_NAMES = _Form(
    re.compile(r"[ ]*([\w.*-]+([ ]*,[ ]*[\w.*-]+)*)?[ ]*", re.ASCII),
    "%(option)s is made of names separated by commas.",
)
_LINE = _Form(
    re.compile(r"[!-~]([ -~]*[!-~])?"),
    "%(option)s goes into a header: one line of plain letters, without spaces around it.",
)
_JSON = _Json(re.compile(""), '%(option)s is a JSON object, such as {"top_k": 20}.')

#: What each adapter reads; a test holds this against their code.
OPTIONS: Mapping[str, Mapping[str, _Form]] = MappingProxyType(
    {
        "openai": {
            "auth": _one_of("bearer", "api-key", "none"),
            "url_style": _one_of("plain", "azure", "deployments"),
            "api_version": _WORD,
            "max_tokens_field": _WORD,
            "drop_params": _NAMES,
            "extra_body": _JSON,
            "thinking": _one_of("effort", "switch", "type", "none"),
            "include_usage": _SWITCH,
            "keep_reasoning": _SWITCH,
            "stop_is_said": _SWITCH,
            "retracts": _SWITCH,
        },
        "anthropic": {
            "auth": _one_of("bearer"),
            "version": _WORD,
            "beta": _NAMES,
            "client_betas": _NAMES,
            "thinking": _one_of("adaptive"),
            "drop_params": _NAMES,
        },
        "gemini": {
            "project": _PLACE,
            "location": _PLACE,
            "safety": _one_of(
                "OFF",
                "BLOCK_NONE",
                "BLOCK_ONLY_HIGH",
                "BLOCK_MEDIUM_AND_ABOVE",
                "BLOCK_LOW_AND_ABOVE",
            ),
            "drop_params": _NAMES,
        },
    }
)
#: The adapters that send ``header.NAME`` as a header.
WITH_HEADERS = frozenset({"openai"})


def of_options(subject: str, adapter: str, options: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what speaks against the options, each in a sentence of its own."""
    if len(options) > MOST_OPTIONS:
        yield _problem(subject, "There are more than %(most)s options.", most=MOST_OPTIONS)
    for name, value in options.items():
        if len(value) > LONGEST:
            yield _problem(subject, "%(option)s is too long.", option=name)
        elif name.startswith(HEADER) and adapter in WITH_HEADERS:
            yield from _of_header(subject, name, value)
        else:
            yield from _of_option(subject, adapter, name, value)


def _of_option(subject: str, adapter: str, name: str, value: str) -> Iterator[Problem]:
    known = OPTIONS.get(adapter, {})
    form = known.get(name)
    if form is not None:
        if not form.fits(value):
            yield _problem(subject, form.told, option=name, known=form.known)
        return
    if not known:
        yield _problem(
            subject, "This adapter reads no options, and so not %(option)s.", option=name
        )
        return
    names = [*known, f"{HEADER}NAME"] if adapter in WITH_HEADERS else list(known)
    yield _problem(
        subject,
        "This adapter has no option %(option)s; it has %(known)s.",
        option=name,
        known=", ".join(names),
    )


def _of_header(subject: str, option: str, value: str) -> Iterator[Problem]:
    name = option.removeprefix(HEADER)
    if not _TOKEN.fullmatch(name):
        yield _problem(subject, "%(option)s does not name a header.", option=option)
    elif name.lower() in _OURS:
        yield _problem(
            subject,
            "%(option)s is not to be set here: keys belong into the credential, the rest is ours.",
            option=option,
        )
    elif not _LINE.fits(value):
        yield _problem(subject, _LINE.told, option=option)


def _problem(subject: str, pattern: str, **values: str | int) -> Problem:
    return Problem(subject, "options", pattern, values)
