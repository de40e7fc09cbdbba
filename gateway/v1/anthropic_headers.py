"""What a client of Anthropic's dialect says beside its body and a provider of it may hear.

Two headers and no others: which version of the API it speaks, and which trials of it it takes
part in. Everything else a client sends is for us, or for nobody.
"""

import re
from collections.abc import Iterable

from gateway.v1.headers import Header

VERSION, BETA = "anthropic-version", "anthropic-beta"
USUAL = "2023-06-01"  # asks for nothing that is not done anyway
MOST_BETAS = 32

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Brought = tuple[tuple[str, str], ...]


def brought(headers: Iterable[Header]) -> Brought:
    """Return the two headers, so far as they are there and in order; betas sorted and once."""
    version = ""
    betas: set[str] = set()
    for name, value in headers:
        if name == VERSION.encode():
            version = value.decode("latin-1").strip()
        elif name == BETA.encode():
            betas.update(word.strip() for word in value.decode("latin-1").split(","))
    named = sorted(word for word in betas if _NAME.fullmatch(word))[:MOST_BETAS]
    is_other = version > USUAL and _DATE.fullmatch(version)
    found = ((VERSION, version if is_other else ""), (BETA, ",".join(named)))
    return tuple((name, value) for name, value in found if value)
