"""Figures somebody made up, and what is counted and set aside all the same."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.caller import Caller
from gateway.domain.catalog import Catalog, Key, Provider, Route, Target, Tenant
from gateway.domain.messages import MOST_TOKENS, ChatRequest, Dialect, Usage, UsageSource
from gateway.domain.money import Price, cost_microusd
from gateway.domain.rate_limit import Dimension, Limit, Unit
from gateway.services import admitting
from gateway.services.completion import Call
from gateway.services.watchdog import Watchdog

PRICE = Price("p", input=3_000_000, output=15_000_000, input_cached=300_000)
figures = st.integers(-(10**40), 10**40)


@given(*[figures] * 6)
def test_no_figure_of_a_vendor_gives_money_back_or_is_too_large_to_write(a, b, c, d, e, f):
    usage = Usage(a, b, UsageSource.PROVIDER, c, d, e, f)
    told = (
        usage.input_total,
        usage.output_total,
        usage.input_cached,
        usage.input_cache_write_5m,
        usage.input_cache_write_1h,
        usage.output_reasoning,
    )
    assert told == tuple(min(max(0, figure), MOST_TOKENS) for figure in (a, b, c, d, e, f))
    assert 0 <= cost_microusd(usage, PRICE) < 2**53


async def test_what_is_set_aside_is_for_all_the_answers_asked_for():
    limit = Limit(Dimension.KEY, Unit.TOKENS, amount=10_000)
    target = Target(Provider("acme", "openai", Dialect.OPENAI), "m-1", price=PRICE)
    key = Key("k", Tenant("acme"), limits=(limit,))
    one = ChatRequest("q", "", "open", max_output_tokens=50, input_estimate=7)
    catalog = Catalog(routes={"open": Route("open", (target,))})

    def claimed(request: ChatRequest) -> int:
        call = Call(request, Watchdog(), caller=Caller(key=key), catalog=catalog)
        (claim,) = admitting.claims_of(call)
        return claim.cost

    assert claimed(one) == 57
    assert claimed(replace(one, n_answers=20)) == 1007
    assert claimed(replace(one, n_answers=3, max_output_tokens=None)) == 7 + 3 * 512
