"""Prices gathered from two public lists, with the choice between them made by a rule.

The lists are the packages genai-prices (``genai_prices/data.py``, read as text and never run)
and litellm (its JSON of prices). Where both know a model and agree, one row names both. Where
they differ the dearer one is taken, by three parts of input to one of output: a budget had
rather be too careful; the other figures stay in the row's note, for a person to judge.
"""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

GENAI, LITELLM = "genai-prices", "litellm"
_MODES = frozenset({"chat", "completion", "responses", "embedding"})
_MICROUSD_PER_MILLION_AT_USD_PER_TOKEN = Decimal(10) ** 12
_MICROUSD_PER_USD = Decimal(10) ** 6


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor by our name and by those of the two lists; empty where a list has none."""

    name: str
    genai: str
    litellm: str


VENDORS = (
    Vendor("openai", "openai", "openai"),
    Vendor("azure", "azure", "azure"),
    Vendor("anthropic", "anthropic", "anthropic"),
    Vendor("gemini", "google", "gemini"),
    Vendor("dashscope", "", "dashscope"),
    Vendor("ark", "", "volcengine"),
    Vendor("deepseek", "deepseek", "deepseek"),
    Vendor("moonshot", "moonshotai", "moonshot"),
    Vendor("mistral", "mistral", "mistral"),
    Vendor("xai", "x-ai", "xai"),
    Vendor("zai", "", "zai"),
    Vendor("groq", "groq", "groq"),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Micro-USD per million tokens, as in `gateway.domain.money`."""

    input: int
    output: int
    input_cached: int | None = None
    input_cache_write_5m: int | None = None
    input_cache_write_1h: int | None = None
    output_reasoning: int | None = None

    @property
    def blend(self) -> int:
        """Return what a usual mix of tokens costs: three of input to one of output."""
        return 3 * self.input + self.output


@dataclass(frozen=True, slots=True)
class Offer:
    """What one list says of one model; ``tiers`` are by the input they begin above."""

    figures: Figures
    tiers: tuple[tuple[int, Figures], ...] = ()
    note: str = ""

    @property
    def said(self) -> tuple[Figures, tuple[tuple[int, Figures], ...]]:
        """Return what counts when two lists are compared."""
        return self.figures, self.tiers


_NAMES = tuple(field.name for field in fields(Figures))


def gathered(
    genai: Mapping[str, Callable[[str], Offer | None]],
    genai_names: Mapping[str, Iterable[str]],
    litellm: Mapping[str, Mapping[str, Offer]],
) -> Iterator[dict[str, Any]]:
    """Yield a row of the price file for every model either list knows, in order."""
    for vendor in VENDORS:
        ours = litellm.get(vendor.litellm, {})
        theirs = genai.get(vendor.genai, _unknown)
        for model in sorted({*ours, *genai_names.get(vendor.genai, ())}):
            offers = {LITELLM: ours.get(model), GENAI: theirs(model)}
            found = {name: offer for name, offer in offers.items() if offer is not None}
            if found:
                yield {"vendor": vendor.name, "model": model, **_chosen(found)}


def _unknown(_model: str) -> Offer | None:
    return None


def _chosen(offers: Mapping[str, Offer]) -> dict[str, Any]:
    names = sorted(offers, key=lambda name: (-offers[name].figures.blend, name))
    first = offers[names[0]]
    notes = [first.note]
    source = names[0]
    if len(names) == 2:
        other = offers[names[1]]
        if other.said == first.said:
            source = " and ".join(sorted(names))
        else:
            notes.append(f"{names[1]} has {_told(other)}")
    row: dict[str, Any] = _usd(first.figures)
    if first.tiers:
        row["tiers"] = [{"over_input_tokens": over, **_usd(each)} for over, each in first.tiers]
    row["source"] = source
    note = "; ".join(filter(None, notes))
    return {**row, "note": note} if note else row


def _usd(figures: Figures) -> dict[str, Any]:
    return {
        name: f"{Decimal(value) / _MICROUSD_PER_USD:f}"
        for name, value in asdict(figures).items()
        if value is not None
    }


def _told(offer: Offer) -> str:
    figures = ", ".join(f"{name} {usd}" for name, usd in _usd(offer.figures).items())
    return f"{figures} and {len(offer.tiers)} tiers" if offer.tiers else figures


# --- litellm --------------------------------------------------------------------------------

_LITELLM = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "input_cached": "cache_read_input_token_cost",
    "input_cache_write_5m": "cache_creation_input_token_cost",
    "input_cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "output_reasoning": "output_cost_per_reasoning_token",
}


def litellm_offers(path: Path) -> dict[str, dict[str, Offer]]:
    """Return what litellm's JSON says, by its vendor and the model's own name."""
    found: dict[str, dict[str, Offer]] = {vendor.litellm: {} for vendor in VENDORS}
    for key, row in json.loads(path.read_text(encoding="utf-8")).items():
        vendor = row.get("litellm_provider")
        if vendor in found and row.get("mode") in _MODES and (offer := _litellm_offer(row)):
            found[vendor][key.removeprefix(f"{vendor}/")] = offer
    return found


def _litellm_offer(row: Mapping[str, Any]) -> Offer | None:
    ranges = row.get("tiered_pricing") or []
    if ranges and all("range" in each for each in ranges):
        tiers = [(int(each["range"][0]), _litellm_figures(each, "")) for each in ranges]
        found = [(over, figures) for over, figures in sorted(tiers) if figures]
        return Offer(found[0][1], tuple(found[1:])) if found else None
    figures = _litellm_figures(row, "")
    if figures is None:
        return None
    marks = {
        key.removeprefix("input_cost_per_token")
        for key in row
        if key.startswith("input_cost_per_token_above_") and key.endswith("k_tokens")
    }
    above = sorted(
        (int(mark.removeprefix("_above_").removesuffix("k_tokens")) * 1000, over)
        for mark in marks
        if (over := _litellm_figures(row, mark)) is not None
    )
    note = "text figures: audio costs more" if "input_cost_per_audio_token" in row else ""
    return Offer(figures, tuple(above), note)


def _litellm_figures(row: Mapping[str, Any], mark: str) -> Figures | None:
    values: dict[str, int] = {}
    for name, key in _LITELLM.items():
        usd = row.get(f"{key}{mark}")
        if usd:
            values[name] = round(Decimal(str(usd)) * _MICROUSD_PER_MILLION_AT_USD_PER_TOKEN)
    return Figures(**{"output": 0, **values}) if values.get("input") else None


# --- genai-prices ---------------------------------------------------------------------------

_GENAI = {
    "input": "input_mtok",
    "output": "output_mtok",
    "input_cached": "cache_read_mtok",
    "input_cache_write_5m": "cache_write_mtok",
    "input_cache_write_1h": "cache_write_1h_mtok",
    "output_reasoning": "output_reasoning_mtok",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A call in the list's source, such as ``ModelPrice(input_mtok=...)``, as data."""

    name: str
    values: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """Return a keyword's value, None when it was not given."""
        return self.values.get(name)


def genai_vendors(path: Path) -> dict[str, list[Node]]:
    """Return the models of the vendors we know, as the list's source has them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wanted = {vendor.genai for vendor in VENDORS if vendor.genai}
    (listed,) = (
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "providers"
    )
    assert isinstance(listed, ast.List)
    providers = [_read(element) for element in listed.elts]
    return {each.get("id"): each.get("models") for each in providers if each.get("id") in wanted}


def genai_names(models: Iterable[Node]) -> list[str]:
    """Return the names the list spells out."""
    names = []
    for model in models:
        clauses = model.get("match").get("or_") or [model.get("match")]
        names.append(model.get("id"))
        names += [each.get("equals") for each in clauses if each.name == "ClauseEquals"]
    return names


def genai_finder(models: Sequence[Node], *, day: date) -> Callable[[str], Offer | None]:
    """Return what finds the offer for a model's name on that day."""

    def find(name: str) -> Offer | None:
        for model in models:
            if model.get("id") == name or _matches(model.get("match"), name):
                return _genai_offer(model, day=day)
        return None

    return find


def _genai_offer(model: Node, *, day: date) -> Offer | None:
    prices = model.get("prices")
    if isinstance(prices, Node):
        return _genai_prices(prices, "")
    begun = [
        each
        for each in prices
        if _constraint(each) != "StartDateConstraint"
        or each.get("constraint").get("start_date") <= day
    ]
    dated = [each for each in begun if _constraint(each) == "StartDateConstraint"]
    if dated:
        newest = max(dated, key=lambda each: each.get("constraint").get("start_date"))
        return _genai_prices(newest.get("prices"), "")
    note = "by time of day, the dearest" if len(begun) > 1 else ""
    offers = [_genai_prices(each.get("prices"), note) for each in begun]
    found = [offer for offer in offers if offer is not None]
    return max(found, key=lambda offer: offer.figures.blend, default=None)


def _constraint(conditional: Node) -> str:
    constraint = conditional.get("constraint")
    return constraint.name if isinstance(constraint, Node) else ""


def _genai_prices(prices: Node, note: str) -> Offer | None:
    starts = sorted(
        {
            tier.get("start")
            for key in _GENAI.values()
            if isinstance(found := prices.get(key), Node)
            for tier in found.get("tiers")
        }
    )
    figures = _genai_figures(prices, 0)
    above = [(start, over) for start in starts if (over := _genai_figures(prices, start))]
    if "input_audio_mtok" in prices.values:
        note = "; ".join(filter(None, (note, "text figures: audio costs more")))
    return Offer(figures, tuple(above), note) if figures else None


def _genai_figures(prices: Node, input_tokens: int) -> Figures | None:
    values: dict[str, int] = {}
    for name, key in _GENAI.items():
        found = prices.get(key)
        if isinstance(found, Node):
            passed = [each for each in found.get("tiers") if each.get("start") <= input_tokens]
            found = passed[-1].get("price") if passed else found.get("base")
        if found:
            values[name] = round(found * _MICROUSD_PER_USD)
    return Figures(**{"output": 0, **values}) if values.get("input") else None


def _matches(clause: Node, name: str) -> bool:
    match clause.name:
        case "ClauseEquals":
            return bool(clause.get("equals") == name)
        case "ClauseStartsWith":
            return name.startswith(clause.get("starts_with"))
        case "ClauseContains":
            return clause.get("contains") in name
        case "ClauseEndsWith":
            return name.endswith(clause.get("ends_with"))
        case "ClauseOr":
            return any(_matches(each, name) for each in clause.get("or_"))
        case "ClauseAnd":
            return all(_matches(each, name) for each in clause.get("and_"))
    return False  # a pattern of another kind is left to the other list


def _read(node: ast.expr) -> Any:
    """Return a literal of the list's source as data; nothing of it is run."""
    if isinstance(node, ast.List):
        return [_read(element) for element in node.elts]
    if not isinstance(node, ast.Call):
        return ast.literal_eval(node) if _is_plain(node) else None
    name = ast.unparse(node.func)
    if name == "Decimal":
        return Decimal(ast.literal_eval(node.args[0]))
    if name == "datetime.date":
        return date(*(ast.literal_eval(argument) for argument in node.args))
    if name == "datetime.time":
        return None
    return Node(name, {each.arg or "": _read(each.value) for each in node.keywords})


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.Dict | ast.Tuple)
