"""How to reach somebody is nobody's business: masked before a text is read."""

import re

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,5}"
)
_PHONE = re.compile(
    r"(?<![\d.])(?:\+?86[-\s]?)?1[3-9]\d[-\s]?\d{4}[-\s]?\d{4}(?!\d)"
    r"|(?<![\w.])\+\d{1,3}[-.\s]?(?:\(\d{1,4}\)[-.\s]?)?\d{1,4}(?:[-.\s]\d{2,4}){1,4}(?!\d)"
    r"|(?<![\w.])\(?\d{3}\)?[-.\s]\d{3}[-.\s]\d{4}(?!\d)"
    r"|(?<![\w.,])0\d{2,4}[-\s]\d{3,4}[-\s]?\d{3,4}(?!\d)"
)


def redact(text: str) -> str:
    """Return the text with e-mail addresses and telephone numbers masked, its length kept."""
    masked = _EMAIL.sub(lambda match: "•" * len(match[0]), text)
    return _PHONE.sub(lambda match: "•" * len(match[0]), masked)
