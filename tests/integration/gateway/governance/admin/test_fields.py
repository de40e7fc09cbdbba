"""Fields of the admin read what people type."""

import pytest

from gateway.admin.fields import PairsField, SharesField, UsdField, usd

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("microusd", "shown"),
    [(0, "$0.00"), (12_500_000, "$12.50"), (280_000, "$0.2800"), (7, "$0.000007")],
)
def test_money_is_shown_as_finely_as_it_needs(microusd: int, shown: str):
    assert usd(microusd) == shown


@pytest.mark.parametrize("typed", ["many", "-1", "nan", "1e30", "0.0000001"])
def test_what_is_no_amount_is_refused(typed: str):
    field = UsdField()
    with pytest.raises(Exception, match="amount|decimals"):
        field.clean(typed)
    assert field.has_changed(1, typed)


def test_fields_know_whether_something_changed():
    assert not UsdField().has_changed(1_500_000, "$1.50")
    assert not SharesField().has_changed([0.8, 1.0], "100, 80 %")
    assert SharesField().has_changed([0.8], "much")
    assert not PairsField().has_changed({"a": "b"}, "a = b\n\n")
    assert PairsField().has_changed({}, "nonsense")
