"""Words and figures every part of the management API takes, within the bounds it takes them."""

from typing import Annotated

from ninja import Field
from pydantic import AfterValidator


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
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Microusd = Annotated[int, Field(gt=0, lt=2**53)]
