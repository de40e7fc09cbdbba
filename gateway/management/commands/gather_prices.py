"""`manage.py gather_prices`: write the price file anew from two public lists."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from gateway.services import price_sources, prices

_HEAD = """\
# Prices in USD per million tokens. Written by `manage.py gather_prices`; do not edit: a price of
# your own goes into the table, from a day on, where it wins over these (docs/money.md).
# Sources, both under the MIT licence:
"""


class Command(BaseCommand):
    """``manage.py gather_prices --genai-prices FILE --litellm FILE``; both unpacked before."""

    requires_system_checks = ()
    help = "Write gateway/content/prices.yaml from the data files of genai-prices and litellm."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where the lists are, which versions, and of what day."""
        parser.add_argument("--genai-prices", type=Path, required=True, metavar="DATA_PY")
        parser.add_argument("--genai-version", required=True)
        parser.add_argument("--litellm", type=Path, required=True, metavar="JSON")
        parser.add_argument("--litellm-version", required=True)
        parser.add_argument("--as-of", type=date.fromisoformat, required=True, metavar="DAY")
        parser.add_argument("--to", type=Path, default=prices.FILE, metavar="FILE")

    def handle(self, **given: Any) -> None:
        """Read both, choose, write."""
        vendors = price_sources.genai_vendors(given["genai_prices"])
        rows = list(
            price_sources.gathered(
                {
                    name: price_sources.genai_finder(models, day=given["as_of"])
                    for name, models in vendors.items()
                },
                {name: price_sources.genai_names(models) for name, models in vendors.items()},
                price_sources.litellm_offers(given["litellm"]),
            )
        )
        lines = [
            _HEAD,
            f'as_of: "{given["as_of"].isoformat()}"\n',
            "sources:\n",
            f'  genai-prices: "{given["genai_version"]}"\n',
            f'  litellm: "{given["litellm_version"]}"\n',
            "prices:\n",
            *(f"  - {json.dumps(row, ensure_ascii=False)}\n" for row in rows),
        ]
        given["to"].write_text("".join(lines), encoding="utf-8")
        n_noted = sum(" has " in row.get("note", "") for row in rows)
        self.stdout.write(f"{len(rows)} prices; the lists differ over {n_noted} of them.")
