"""The price of an answer is that of the model that gave it, whatever it was asked as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import pricing
from gateway.domain.money import Price
from gateway.domain.pricing import NO_PRICES, Listed, PriceList, family

SHOP = ("openai", "gpt-4o", "gpt-4o-2024-05-13", "gpt-4o-mini", "claude-*")


def listed(owner: str, pattern: str, day: str = "2027-01-01") -> Listed:
    return Listed(owner, pattern, day, Price(f"{owner}/{pattern}@{day}", 1, 2))


def price_list(*own: str) -> PriceList:
    vendor, *models = SHOP
    return PriceList(
        [*(listed(vendor, model) for model in models), *(listed("mine", model) for model in own)]
    )


def paid(asked: str, answered: str, *own: str, agreed: Price | None = None) -> str:
    """Return whose price is paid; what was agreed on is what was found for the one asked."""
    shop = price_list(*own)
    agreed = agreed or shop.of(provider="mine", vendor="openai", model=asked)
    found = shop.paid(
        provider="mine", vendor="openai", asked=asked, answered=answered, agreed=agreed
    )
    return found.id.partition("@")[0] if found else ""


@pytest.mark.parametrize(
    ("asked", "answered", "whose"),
    [
        ("gpt-4o", "", "openai/gpt-4o"),
        ("gpt-4o", "gpt-4o", "openai/gpt-4o"),
        ("gpt-4o", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("gpt-4o", "gpt-4o-2099-01-01", "openai/gpt-4o"),
        ("gpt-4o-2024-05-13", "gpt-4o-2099-01-01", "openai/gpt-4o-2024-05-13"),
        ("gpt-4o", "gpt-4o-mini", "openai/gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("gpt-4o", "GPT-4o-mini", "openai/gpt-4o-mini"),
        ("gpt-4o", "models/gpt-4o-mini-001", "openai/gpt-4o-mini"),
        ("gpt-4o", "nobody-knows-me", "openai/gpt-4o"),
        ("my-deployment", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("ep-20270101-x", "gpt-4o-mini-250615", "openai/gpt-4o-mini"),
        ("my-deployment", "nobody-knows-me", ""),
    ],
)
def test_the_model_that_answered_is_paid_for(asked: str, answered: str, whose: str) -> None:
    assert paid(asked, answered) == whose


@pytest.mark.parametrize(
    ("asked", "answered", "own", "whose"),
    [
        ("gpt-4o", "gpt-4o-2024-05-13", ("gpt-4o",), "mine/gpt-4o"),
        ("my-deployment", "gpt-4o-2024-05-13", ("my-deployment",), "mine/my-deployment"),
        ("gpt-4o", "gpt-4o-mini", ("gpt-4o",), "openai/gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini", ("gpt-4o", "gpt-4o-mini"), "mine/gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini", ("*",), "mine/*"),
    ],
)
def test_what_an_operator_entered_stands_unless_another_model_answered(
    asked: str, answered: str, own: tuple[str, ...], whose: str
) -> None:
    assert paid(asked, answered, *own) == whose


def test_a_name_nobody_has_heard_of_makes_no_answer_free() -> None:
    agreed = Price("agreed", 5, 6)

    found = NO_PRICES.paid(provider="p", vendor="v", asked="m", answered="other", agreed=agreed)

    assert found is agreed


def test_the_same_question_has_the_same_answer_again() -> None:
    shop = price_list()
    named = {"provider": "p", "vendor": "openai", "asked": "gpt-4o"}

    found = [shop.paid(**named, answered="gpt-4o-mini-001", agreed=None) for _ in range(2)]

    assert found == [Price("openai/gpt-4o-mini@2027-01-01", 1, 2)] * 2
    agreed = Price("agreed", 5, 6)
    assert [shop.paid(**named, answered="gpt-9", agreed=a) for a in (None, agreed)] == [
        shop.of(provider="p", vendor="openai", model="gpt-4o"),
        shop.of(provider="p", vendor="openai", model="gpt-4o"),
    ]


def test_names_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "MOST_REMEMBERED", 2)
    shop = price_list()

    for number in range(5):
        found = shop.paid(
            provider="p",
            vendor="openai",
            asked="gpt-4o",
            answered=f"gpt-4o-mini-{number:03}",
            agreed=None,
        )
        assert found == Price("openai/gpt-4o-mini@2027-01-01", 1, 2)
    assert len(shop._paid) <= 2


@pytest.mark.parametrize(
    ("model", "its"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-opus-4-1-20250805", "claude-opus-4-1"),
        ("claude-3-5-sonnet@20240620", "claude-3-5-sonnet"),
        ("doubao-seed-1-6-250615", "doubao-seed-1-6"),
        ("gpt-4-0613", "gpt-4"),
        ("gemini-1.5-pro-002", "gemini-1.5-pro"),
        ("gemini-2.5-flash-preview-05-20", "gemini-2.5-flash"),
        ("hunyuan-turbos-latest", "hunyuan-turbos"),
        ("openai/GPT-4o", "gpt-4o"),
        ("ERNIE-4.5-Turbo-128K", "ernie-4.5-turbo-128k"),
        ("-2024", "-2024"),
    ],
)
def test_editions_of_a_model_are_of_one_family(model: str, its: str) -> None:
    assert family(model) == its


@given(model=st.text(max_size=40))
def test_a_family_is_its_own_family_or_shorter_still_and_never_nothing(model: str) -> None:
    its = family(model)

    assert bool(its) == bool(model.rpartition("/")[2])
    assert len(its) <= len(model.casefold())


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([listed("openai", "m*"), listed("openai", "*")], "openai/m*@2027-01-01"),
        ([listed("openai", "m1"), listed("openai", "m?")], "openai/m1@2027-01-01"),
        ([listed("openai", "m1"), listed("openai", "m1", "2027-01-15")], "openai/m1@2027-01-15"),
        ([listed("openai", "m1"), listed("mine", "*")], "mine/*@2027-01-01"),
        ([listed("other", "m1")], None),
    ],
)
def test_the_row_that_says_most_holds(rows: list[Listed], chosen: str | None) -> None:
    found = PriceList(rows).of(provider="mine", vendor="openai", model="m1")

    assert (found.id if found else None) == chosen
