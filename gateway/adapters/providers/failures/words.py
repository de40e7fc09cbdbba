"""The last resort: what a refusal says in words, where its code and status left it open.

Words only narrow down what the status means; they never overrule it. They are read from the
beginning of the message, where vendors say what is wrong before they quote anything.
"""

import re

from gateway.domain.errors import (
    ContentFilteredError,
    ContextTooLongError,
    CredentialError,
    InvalidRequestError,
    ModelNotFoundError,
    ProviderError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    UpstreamError,
)

Kind = type[ProviderError]

_READ_CHARACTERS = 500


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CONTEXT = _any_of(
    r"maximum context length",
    r"context (length|window|size)",
    r"exceeds? (the )?context limit",
    r"prompt is too long",
    r"input is too long",
    r"too many (input |prompt )?tokens",
    r"exceeds? the (maximum|max|limit).{0,30}tokens?",
    r"range of input length",
)
_FILTER = _any_of(
    r"content (management )?policy",
    r"content[ _]filter",
    r"inappropriate content",
    r"safety (system|reasons|policy)",
    r"sensitive (content|information)",
)
_KEY = _any_of(
    r"api[ _-]?key (is )?(not valid|invalid|expired|missing)",
    r"(incorrect|invalid|missing) api[ _-]?key",
    r"user location is not supported",
)
_MODEL = _any_of(
    r"model.{0,100}(does not exist|not found|not exist|is not supported)",
    r"unknown model",
    r"no such model",
)
_MONEY = _any_of(
    r"credit balance",
    r"spend(ing)? (limit|cap)",
    r"reached your .{0,30}usage limits?",
    r"insufficient (account )?(balance|credits?|funds|quota)",
    r"exceeded your current quota",
    r"\barrears\b",
    r"\boverdue\b",
)
_BUSY = _any_of(
    r"high demand",
    r"overloaded",
    r"(over|at|out of|no) capacity",
    r"(server|system|engine) is (currently |too )?busy",
    r"temporarily unavailable",
)
_LIMIT = _any_of(r"rate limit", r"too many requests")

_NARROWER: dict[Kind | None, tuple[tuple[re.Pattern[str], Kind], ...]] = {
    InvalidRequestError: (
        (_CONTEXT, ContextTooLongError),
        (_FILTER, ContentFilteredError),
        (_KEY, CredentialError),
        (_MONEY, QuotaExhaustedError),
        (_MODEL, ModelNotFoundError),
    ),
    CredentialError: ((_MONEY, QuotaExhaustedError),),
    RateLimitedError: ((_MONEY, QuotaExhaustedError), (_BUSY, ProviderUnavailableError)),
    UpstreamError: ((_BUSY, ProviderUnavailableError),),
    None: (
        (_CONTEXT, ContextTooLongError),
        (_FILTER, ContentFilteredError),
        (_MONEY, QuotaExhaustedError),
        (_LIMIT, RateLimitedError),
        (_BUSY, ProviderUnavailableError),
        (_KEY, CredentialError),
        (_MODEL, ModelNotFoundError),
    ),
}


def refined(habit: Kind | None, message: str) -> Kind | None:
    """Return what the words make of it, None when they add nothing."""
    beginning = message[:_READ_CHARACTERS]
    for pattern, kind in _NARROWER.get(habit, ()):
        if pattern.search(beginning):
            return kind
    return None
