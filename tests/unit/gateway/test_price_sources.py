"""Two public price lists become one file."""

import json
import math
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from gateway.models import Price
from gateway.services import prices
from gateway.services.price_sources import (
    Figures,
    Offer,
    gathered,
    genai_finder,
    genai_names,
    genai_vendors,
    litellm_offers,
)

DAY = date(2026, 11, 21)
GENAI = """
from .types import *
providers: list[Provider] = [
    Provider(
        id='openai',
        pricing_urls=['https://prices.example'],
        models=[
            ModelInfo(
                id='small',
                match=ClauseOr(
                    or_=[ClauseEquals(equals='small-1'), ClauseStartsWith(starts_with='small-2')]
                ),
                prices=ModelPrice(
                    input_mtok=TieredPrices(
                        base=Decimal('1'), tiers=[Tier(start=1000, price=Decimal('2'))]
                    ),
                    output_mtok=Decimal('4'),
                    input_audio_mtok=Decimal('9'),
                ),
            ),
            ModelInfo(
                id='dated',
                match=ClauseContains(contains='dated'),
                prices=[
                    ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('5'))),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2026, 1, 1)),
                        prices=ModelPrice(input_mtok=Decimal('3')),
                    ),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2027, 1, 1)),
                        prices=ModelPrice(input_mtok=Decimal('1')),
                    ),
                ],
            ),
            ModelInfo(
                id='daily',
                match=ClauseAnd(and_=[ClauseEndsWith(ends_with='ly'), ClauseRegex(regex='.')]),
                prices=[
                    ConditionalPrice(
                        prices=ModelPrice(input_mtok=Decimal('1'), output_mtok=Decimal('1'))
                    ),
                    ConditionalPrice(
                        constraint=TimeOfDateConstraint(
                            start_time=datetime.time(0, 30, tzinfo=datetime.UTC)
                        ),
                        prices=ModelPrice(input_mtok=Decimal('2'), output_mtok=Decimal('1')),
                    ),
                ],
            ),
            ModelInfo(
                id='free',
                match=ClauseEquals(equals='free'),
                prices=ModelPrice(),
            ),
        ],
    ),
    Provider(id='somebody-else', models=[]),
]
"""
LITELLM = {
    "small-1": {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 4e-06,
        "input_cost_per_token_above_1k_tokens": 2e-06,
        "output_cost_per_token_above_1k_tokens": 4e-06,
        "input_cost_per_audio_token": 9e-06,
    },
    "small-2-b": {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 8e-06,
        "output_cost_per_token": 4e-06,
        "cache_read_input_token_cost": 1e-07,
    },
    "volcengine/doubao": {
        "litellm_provider": "volcengine",
        "mode": "chat",
        "tiered_pricing": [
            {
                "range": [32000, 64000],
                "input_cost_per_token": 2e-07,
                "output_cost_per_token": 3e-07,
            },
            {"range": [0, 32000], "input_cost_per_token": 1e-07, "output_cost_per_token": 2e-07},
        ],
    },
    "volcengine/unpriced": {
        "litellm_provider": "volcengine",
        "mode": "chat",
        "tiered_pricing": [{"range": [0, 32000]}],
    },
    "picture": {"litellm_provider": "openai", "mode": "image", "input_cost_per_token": 1},
    "unpriced": {"litellm_provider": "openai", "mode": "chat"},
    "stranger": {"litellm_provider": "stranger", "mode": "chat", "input_cost_per_token": 1},
}


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    """The two lists, unpacked."""
    genai, litellm = tmp_path / "data.py", tmp_path / "prices.json"
    genai.write_text(GENAI, encoding="utf-8")
    litellm.write_text(json.dumps(LITELLM), encoding="utf-8")
    return genai, litellm


@pytest.fixture
def rows(lists: tuple[Path, Path]) -> dict[str, dict[str, object]]:
    """What was gathered, by model."""
    models = genai_vendors(lists[0])
    found = gathered(
        {name: genai_finder(each, day=DAY) for name, each in models.items()},
        {name: genai_names(each) for name, each in models.items()},
        litellm_offers(lists[1]),
    )
    return {row["model"]: row for row in found}


def test_where_both_lists_agree_one_row_names_both(rows):
    assert rows["small-1"] == {
        "vendor": "openai",
        "model": "small-1",
        "input": "1",
        "output": "4",
        "tiers": [{"over_input_tokens": 1000, "input": "2", "output": "4"}],
        "source": "genai-prices and litellm",
        "note": "text figures: audio costs more",
    }


def test_where_they_differ_the_dearer_is_taken_and_the_other_noted(rows):
    assert rows["small-2-b"]["source"] == "litellm"
    assert rows["small-2-b"]["input"] == "8"
    assert rows["small-2-b"]["note"] == "genai-prices has input 1, output 4 and 1 tiers"


def test_the_price_of_the_day_is_taken_not_an_old_or_a_coming_one(rows):
    assert rows["dated"]["input"] == "3"


def test_of_prices_by_the_hour_the_dearest_is_taken(rows):
    assert (rows["daily"]["input"], rows["daily"]["note"]) == ("2", "by time of day, the dearest")


def test_ranges_of_input_are_tiers(rows):
    assert rows["doubao"]["input"] == "0.1"
    assert rows["doubao"]["tiers"] == [
        {"over_input_tokens": 32000, "input": "0.2", "output": "0.3"}
    ]


def test_what_has_no_price_or_is_no_text_model_is_left_out(rows):
    assert sorted(rows) == ["daily", "dated", "doubao", "small", "small-1", "small-2-b"]


def test_names_match_by_every_kind_of_clause_but_patterns(lists):
    find = genai_finder(genai_vendors(lists[0])["openai"], day=DAY)

    assert find("small-2-anything") is not None
    assert find("was-dated-once") == Offer(Figures(3_000_000, 0))
    assert find("daily") is not None
    assert find("hourly") is None
    assert find("free") is None


def test_the_command_writes_a_file_that_can_be_read(lists, tmp_path):
    written, printed = tmp_path / "prices.yaml", StringIO()
    call_command(
        "gather_prices",
        f"--genai-prices={lists[0]}",
        "--genai-version=1.2",
        f"--litellm={lists[1]}",
        "--litellm-version=3.4",
        "--as-of=2026-11-21",
        f"--to={written}",
        stdout=printed,
    )
    read = {row.model: row for row in prices.read(written)}

    assert printed.getvalue() == "6 prices; the lists differ over 1 of them.\n"
    assert read["small-1"].source == "genai-prices 1.2 and litellm 3.4"
    assert (read["small-1"].input, read["small-1"].input_cached) == (1_000_000, None)
    assert read["doubao"].tiers[0]["over_input_tokens"] == 32000
    assert read["dated"].name == "openai/dated@2026-11-21"


def test_a_file_with_a_mistake_is_refused_whole(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("as_of: 2026-11-21\nsources: {}\nprices: [{vendor: a, model: b}]\n")

    with pytest.raises(CommandError, match="not in order"):
        call_command("load_prices", "--check", f"--from={path}")
    with pytest.raises(CommandError, match="not in order"):
        call_command("load_prices", "--check", f"--from={tmp_path / 'none.yaml'}")


def test_our_own_file_is_in_order_and_names_its_sources(ours):
    rows = ours
    printed = StringIO()
    call_command("load_prices", "--check", stdout=printed)

    assert printed.getvalue() == f"{len(rows)} prices.\n"
    assert {row.vendor for row in rows} >= {
        *("openai", "anthropic", "gemini", "azure", "dashscope", "deepseek", "ark", "moonshot")
    }
    assert all(row.source and row.as_of for row in rows)
    assert len({(row.vendor, row.model) for row in rows}) == len(rows)
    assert all(len(row.model) <= 160 and row.input > 0 for row in rows)


def test_prices_in_another_currency_are_converted_by_the_files_own_rate_and_rounded_up(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(
        "as_of: 2026-11-21\ncurrency: CNY\nper_usd: '7'\nsources: {a page: of Monday}\nprices:\n"
        "- {vendor: v, model: m, input: '7', output: '8', source: a page,"
        " tiers: [{over_input_tokens: 9, input: '14', output: '8'}]}\n"
    )

    (row,) = prices.read(path)

    assert (row.input, row.output, row.input_cached) == (1_000_000, 1_142_858, None)
    assert row.tiers[0]["input"] == 2_000_000
    assert row.source == "a page of Monday, 7 CNY per USD"


def test_a_rate_of_nothing_is_refused(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("as_of: 2026-11-21\nper_usd: '0'\nsources: {}\nprices: []\n")

    with pytest.raises(CommandError, match="not in order"):
        call_command("load_prices", "--check", f"--from={path}")


@pytest.mark.parametrize(
    ("vendor", "model", "cny_in", "cny_out"),
    [
        ("qianfan", "ernie-5.1", 4, 18),
        ("qianfan", "ernie-4.5-turbo-128k", 0.8, 3.2),
        ("hunyuan", "hy3", 1, 4),
    ],
)
def test_prices_in_yuan_name_page_day_and_rate(ours, vendor, model, cny_in, cny_out):
    (row,) = [row for row in ours if (row.vendor, row.model) == (vendor, model)]

    assert (row.input, row.output) == (
        math.ceil(cny_in * 1e6 / 6.75),
        math.ceil(cny_out * 1e6 / 6.75),
    )
    assert row.source.startswith("https://")
    assert row.source.endswith(", 6.75 CNY per USD")
    assert " of 2026-" in row.source
    assert len(row.source) <= 120


@pytest.fixture(scope="module")
def ours() -> list[Price]:
    """Our own files, read once."""
    return prices.read_ours()


@pytest.mark.parametrize(
    ("vendor", "model", "usd_in", "usd_out"),
    [
        ("openai", "gpt-4o-mini", "0.15", "0.6"),
        ("anthropic", "claude-sonnet-4-5", "3", "15"),
        ("dashscope", "qwen-plus", "0.4", "1.2"),
    ],
)
def test_well_known_prices_are_what_both_vendors_and_lists_say(
    ours, vendor, model, usd_in, usd_out
):
    (row,) = [row for row in ours if (row.vendor, row.model) == (vendor, model)]

    assert (row.input, row.output) == (float(usd_in) * 1e6, float(usd_out) * 1e6)
