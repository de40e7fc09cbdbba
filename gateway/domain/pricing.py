"""Which price holds for an answer: by who listed it, by its pattern, and by who really answered.

Vendors answer as somebody more exact than was asked (``gpt-4o`` as ``gpt-4o-2024-08-06``), as
the model behind a deployment or an endpoint, or as another model altogether, when the one that
was asked declined. What is paid is the price of the one that answered.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.domain.money import Price

MOST_REMEMBERED = 4096  # answers; whoever answers says the name, so there may be any number

_WILD = str.maketrans("", "", "*?[]")
_EDITION = re.compile(
    r"(?:[-@:](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3}|latest)|-preview-\d{2}-\d{2,4})+$"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A price in a list: ``owner`` is a vendor, or one provider by its name; later days win."""

    owner: str
    pattern: str
    day: str
    price: Price


class PriceList:
    """Every price that holds today."""

    def __init__(self, listed: Iterable[Listed] = ()) -> None:
        self._by_owner: defaultdict[str, list[Listed]] = defaultdict(list)
        for one in listed:
            self._by_owner[one.owner].append(one)
        self._paid: dict[tuple[str, str, str, str], Price | None] = {}

    def of(self, *, provider: str, vendor: str, model: str) -> Price | None:
        """Return the price of a model there; None when nobody listed one.

        One listed for the provider itself wins over one for its vendor, then the pattern that
        says most letters of the name, then the latest day.
        """
        found = self._listed((provider, vendor), model)
        return found.price if found else None

    def paid(
        self, *, provider: str, vendor: str, asked: str, answered: str, agreed: Price | None
    ) -> Price | None:
        """Return the price of an answer whose model calls itself ``answered``.

        ``agreed`` is what was found for the model that was asked, and holds when nothing is
        known of the other: a name nobody has heard of makes no answer free.
        """
        if not answered or answered == asked:
            return agreed
        key = (provider, vendor, asked, answered)
        try:  # in one step: any thread may ask, and another forget meanwhile
            found = self._paid[key]
        except KeyError:
            found = self._of_answer(*key)
            if len(self._paid) >= MOST_REMEMBERED:
                self._paid.clear()
            self._paid[key] = found
        return found or agreed

    def _of_answer(self, provider: str, vendor: str, asked: str, answered: str) -> Price | None:
        owners = (provider, vendor)
        is_same = family(asked) == family(answered)
        wanted = self._listed(owners, asked)
        given = self._listed(owners, answered) or self._listed(owners, answered.casefold())
        if given is None and not (is_same and wanted):
            given = self._listed(owners, family(answered))
        if given is None or wanted is None:
            found = given or wanted
            return found.price if found else None
        # What an operator entered for an own account stands, unless another model answered.
        is_alias = is_same or self._listed((vendor,), asked) is None
        is_own = wanted.owner == provider != vendor and given.owner != provider
        return (wanted if is_own and is_alias else given).price

    def _listed(self, owners: tuple[str, ...], model: str) -> Listed | None:
        fitting = [
            one
            for owner in dict.fromkeys(owners)
            for one in self._by_owner.get(owner, ())
            if fnmatchcase(model, one.pattern)
        ]
        return max(
            fitting,
            key=lambda one: (
                one.owner == owners[0],
                one.pattern == model,
                len(one.pattern.translate(_WILD)),
                one.day,
            ),
            default=None,
        )


NO_PRICES = PriceList()


def family(model: str) -> str:
    """Return the model's name without whose it is and without its edition.

    ``models/Gpt-4o-2024-08-06`` and ``gpt-4o-latest`` are of one family, ``gpt-4o``.
    """
    name = model.rpartition("/")[2].casefold()
    return _EDITION.sub("", name) or name
