"""``gateway price``: prices are added to and never rewritten."""

from argparse import Namespace
from datetime import date

from django.utils import timezone

from gateway.domain.audit import Actor
from gateway.domain.errors import ConflictError, NotThereError
from gateway.management.desks.told import Kinds, Told, kind, listing, moment, usd, verb
from gateway.models import Price
from gateway.services import configuration


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    verbs = kind(kinds, "price", "what models cost, in USD per million tokens")
    adding = verb(verbs, "add", add, about="add a price, valid from a day on")
    adding.add_argument("vendor", help="a vendor, or one provider by its name")
    adding.add_argument("model", help="a model, or a pattern such as gpt-4o*")
    adding.add_argument("--input", type=usd, required=True, metavar="USD")
    adding.add_argument("--output", type=usd, required=True, metavar="USD")
    adding.add_argument("--cached", type=usd, metavar="USD", help="input read from a cache")
    adding.add_argument("--from", dest="valid_from", type=moment, metavar="DAY")
    adding.add_argument("--source", default="entered by hand", help="where the figures are from")
    verb(verbs, "list", show, about="list the prices", with_json=True)
    removing = verb(verbs, "remove", remove, about="remove a price no record refers to")
    removing.add_argument("name", help="vendor/model@day, as listed")


def add(given: Namespace, actor: Actor) -> Told:
    """Add a price."""
    today = timezone.now().date()
    day: date = given.valid_from.date() if given.valid_from else today
    row = Price(
        vendor=given.vendor,
        model=given.model,
        valid_from=day,
        input=given.input,
        output=given.output,
        input_cached=given.cached,
        source=given.source,
        as_of=today,
    )
    if Price.objects.filter(vendor=row.vendor, model=row.model, valid_from=day).exists():
        raise ConflictError(f"There is a price {row.name} already; give a later day with --from.")
    with configuration.change(actor=actor) as making:
        making.save(row)
    return Told(aside=(f"Price {row.name} is there.",))


def show(given: Namespace, _actor: Actor) -> Told:
    """List the prices."""
    rows = [
        {
            "price": row.name,
            "input": _usd(row.input),
            "cached": None if row.input_cached is None else _usd(row.input_cached),
            "output": _usd(row.output),
            "source": row.source,
            "as of": row.as_of.isoformat(),
        }
        for row in Price.objects.all()
    ]
    columns = ("price", "input", "cached", "output", "source", "as of")
    return listing(rows, columns, is_json=given.is_json, nothing="There are no prices yet.")


def remove(given: Namespace, actor: Actor) -> Told:
    """Remove a price."""
    found = next((row for row in Price.objects.all() if row.name == given.name), None)
    if found is None:
        raise NotThereError(f"There is no price called {given.name}.")
    with configuration.change(actor=actor) as making:
        making.remove(found)
    return Told(aside=(f"Price {given.name} is gone.",))


def _usd(microusd: int) -> str:
    return f"{microusd / 1_000_000:.6f}".rstrip("0").rstrip(".")
