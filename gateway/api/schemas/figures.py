"""Words and figures every part of the management API takes, within the bounds it takes them."""

from typing import Annotated

from ninja import Field, Schema
from pydantic import AfterValidator, ConfigDict

from gateway.domain.configuration.figures import (
    LONGEST_PUBLIC_NAME,
    LONGEST_SECONDS,
    MOST_COUNT,
    MOST_UNITS,
)


class Given(Schema):
    """What somebody sends; a field nobody knows is a mistake of theirs, and told."""

    model_config = ConfigDict(extra="forbid")


def _storable(text: str) -> str:
    """Return the text if a database can hold it; raise ValueError."""
    if "\x00" in text:
        raise ValueError("there is a zero byte in it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("there is half a character in it") from None
    return text


Text = Annotated[str, AfterValidator(_storable), Field(max_length=300)]
Pattern = Annotated[str, AfterValidator(_storable), Field(max_length=LONGEST_PUBLIC_NAME)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS)]
Count = Annotated[int, Field(ge=0, le=MOST_COUNT)]
Microusd = Annotated[int, Field(gt=0, le=MOST_UNITS)]
