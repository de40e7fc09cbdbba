"""Bounds of a column: told beside its field by every door, since every door saves the row."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from gateway.domain.configuration.figures import LONGEST_PUBLIC_NAME, MOST_PATTERNS


@deconstructible
@dataclass
class Between:
    """Refuses a figure outside its bounds, and what is no number at all."""

    least: float
    most: float

    def __call__(self, value: float) -> None:
        """Raise ValidationError for such a figure."""
        if not self.least <= value <= self.most:
            raise ValidationError(
                _("A number from %(least)s to %(most)s."),
                code="bounds",
                params={"least": self.least, "most": self.most},
            )


def are_patterns(value: Any) -> None:
    """Raise ValidationError for more patterns than a key has, or longer ones."""
    is_fine = (
        isinstance(value, list)
        and len(value) <= MOST_PATTERNS
        and all(isinstance(one, str) and len(one) <= LONGEST_PUBLIC_NAME for one in value)
    )
    if not is_fine:
        raise ValidationError(
            _("At most %(most)s patterns, each of %(longest)s letters or fewer."),
            code="patterns",
            params={"most": MOST_PATTERNS, "longest": LONGEST_PUBLIC_NAME},
        )
