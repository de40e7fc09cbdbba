"""Whose turn it is in a fair line, whatever the weights and whoever comes and goes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.fair_line import Belonging, FairLine

One = tuple[str, str, int]  # the tenant, its flow, and who it is

WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 7), min_size=1)


def line(weights: dict[str, int] | None = None) -> FairLine[One]:
    known = weights or {}
    return FairLine(lambda one: Belonging(one[0], known.get(one[0], 1), one[1]))


def joined(line: FairLine[One], *names: str) -> list[One]:
    """Let ones named ``<tenant><flow>`` join, numbered in the order in which they come."""
    ones = [(name[0], name[1], number) for number, name in enumerate(names)]
    for one in ones:
        line.join(one)
    return ones


def served(line: FairLine[One], n_times: int | None = None) -> list[One]:
    """Return who is served, one after another."""
    order = []
    for _ in range(len(line) if n_times is None else n_times):
        order.append(line.first())
        line.serve(order[-1])
    return order


def test_one_flow_is_served_in_the_order_in_which_it_came() -> None:
    crowd = line()
    ones = joined(crowd, "ax", "ax", "ax", "ax")

    assert [crowd.position(one) for one in ones] == [1, 2, 3, 4]
    assert served(crowd) == ones
    assert len(crowd) == 0


def test_who_brings_many_does_not_keep_the_others_from_their_turn() -> None:
    crowd = line()
    joined(crowd, *["ax"] * 5, "by", "cz")

    assert "".join(one[0] for one in served(crowd)) == "abcaaaa"


def test_twice_the_weight_is_served_twice_as_often() -> None:
    crowd = line({"b": 2})
    joined(crowd, *["ax"] * 4, *["by"] * 8)

    assert "".join(one[0] for one in served(crowd)) == "babbabbabbab"


def test_within_a_tenant_its_rooms_and_keys_take_turns() -> None:
    crowd = line()
    joined(crowd, "ax", "ax", "ax", "ay", "az", "bx")

    assert ["".join(one[:2]) for one in served(crowd)] == ["ax", "bx", "ay", "az", "ax", "ax"]


def test_who_comes_back_at_once_has_its_share_and_no_more() -> None:
    crowd = line()
    joined(crowd, "ax", *["bx"] * 20)
    order = ""
    for number in range(9):
        order += "".join(one[0] for one in served(crowd, 1))
        if order[-1] == "a":
            crowd.join(("a", "x", 100 + number))

    assert order == "abbababab"


def test_who_rested_long_has_not_saved_up_turns() -> None:
    crowd = line()
    joined(crowd, *["ax"] * 20)
    served(crowd, 10)
    for number in range(4):
        crowd.join(("b", "x", 100 + number))

    assert Counter(one[0] for one in served(crowd, 8)) == {"a": 4, "b": 4}


def test_a_new_weight_holds_from_the_next_who_comes() -> None:
    weights = {"a": 1, "b": 1}
    crowd = line(weights)
    joined(crowd, *["ax"] * 12, *["bx"] * 6)
    before = Counter(one[0] for one in served(crowd, 6))
    weights["a"] = 3
    crowd.join(("a", "x", 100))

    assert before == {"a": 3, "b": 3}
    assert Counter(one[0] for one in served(crowd, 4)) == {"a": 3, "b": 1}


def test_those_who_come_and_go_are_not_remembered() -> None:
    crowd = line()
    joined(crowd, "ax", "bx")
    for number in range(1000):
        passing = [(f"{number}", "x", number), (f"{number}", "y", number), (f"-{number}", "x", 0)]
        for one in passing:
            crowd.join(one)
        for one in passing:
            crowd.leave(one)

    assert len(crowd._turns._begin_later) + len(crowd._turns._may_begin) < 50
    assert served(crowd) == [("a", "x", 0), ("b", "x", 1)]


def test_the_last_of_whoever_waits_most_has_to_go_when_it_is_too_long() -> None:
    crowd = line({"b": 3})
    ones = joined(crowd, "ax", "ax", "ay", "bx", "bx", "bx", "bx")

    assert crowd.last_of_the_most(ones[-1]) == ones[1]
    crowd.leave(ones[1])
    assert crowd.last_of_the_most(ones[2]) == ones[2]
    crowd.leave(ones[2])
    assert crowd.last_of_the_most(ones[0]) == ones[-1]


def test_the_newcomer_has_to_go_where_it_is_one_of_the_most() -> None:
    crowd = line()
    joined(crowd, "ax", "ax", "bx", "bx")
    newcomer = ("b", "y", 9)
    crowd.join(newcomer)
    crowd.leave(("b", "x", 3))

    assert crowd.last_of_the_most(newcomer) == newcomer


@given(weights=WEIGHTS, n_turns=st.integers(1, 60))
def test_while_the_same_wait_shares_follow_weights_within_one(
    weights: dict[str, int], n_turns: int
) -> None:
    crowd = line(weights)
    joined(crowd, *[f"{tenant}x" for tenant in weights for _ in range(n_turns)])
    total, had = sum(weights.values()), Counter[str]()

    for n_served in range(1, n_turns + 1):
        had[served(crowd, 1)[0][0]] += 1
        for tenant, weight in weights.items():
            assert abs(had[tenant] - n_served * weight / total) < 1 + 1e-6


@given(flows=st.integers(1, 6), n_turns=st.integers(1, 40))
def test_the_flows_of_a_tenant_share_alike_within_one(flows: int, n_turns: int) -> None:
    crowd = line()
    joined(crowd, *[f"a{flow}" for flow in range(flows) for _ in range(n_turns)])
    had = Counter(one[1] for one in served(crowd, n_turns))

    assert all(abs(had[str(flow)] - n_turns / flows) < 1 for flow in range(flows))


@given(weights=WEIGHTS, n_others=st.integers(1, 30))
def test_newcomers_without_end_let_nobody_starve(weights: dict[str, int], n_others: int) -> None:
    """Each turn is followed by somebody quite new, who has had nothing yet."""
    crowd = line(weights)
    patient = ("patient", "x", 0)
    crowd.join(("greedy", "x", -1))
    joined(crowd, *[f"{tenant}x" for tenant in weights for _ in range(3)])
    for number in range(n_others):
        crowd.join((f"other {number}", "x", number))
    crowd.join(patient)
    most = (len(crowd) + 1) * (sum(weights.values()) + n_others + 2)

    for number in range(most):
        (one,) = served(crowd, 1)
        if one == patient:
            return
        crowd.join((f"new {number}", "x", number))
    raise AssertionError("the patient one was never served")


NAMES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")).map("".join), min_size=1, max_size=25
)


@given(names=NAMES, gone=st.sets(st.integers(0, 24)), weights=WEIGHTS)
def test_who_leaves_leaves_as_if_it_had_never_come(
    names: list[str], gone: set[int], weights: dict[str, int]
) -> None:
    ones = [(name[0], name[1], number) for number, name in enumerate(names)]
    kept = [one for one in ones if one[2] not in gone]
    # Of names that tie the one that came first goes first, so all of them come in one order.
    order = [(tenant, flow, -1) for tenant in "abc" for flow in "xyz"]
    crowd, other = line(weights), line(weights)
    for each in order:
        crowd.join(each)
        other.join(each)
    for one in ones:
        crowd.join(one)
    for one in ones:
        if one[2] in gone:
            crowd.leave(one)
    for one in kept:
        other.join(one)

    assert served(crowd) == served(other)


@given(names=NAMES, n_before=st.integers(0, 10))
def test_among_equals_the_position_is_when_it_is_ones_turn(names: list[str], n_before: int) -> None:
    crowd = line()
    joined(crowd, *names)
    served(crowd, min(n_before, len(names) - 1))
    waiting = [one for one in _all(names) if _is_in(crowd, one)]
    told = {one: crowd.position(one) for one in waiting}

    assert told == {one: number for number, one in enumerate(served(crowd), start=1)}


@given(names=NAMES, weights=WEIGHTS)
def test_with_weights_it_is_an_estimate_that_grows_along_each_flow(
    names: list[str], weights: dict[str, int]
) -> None:
    crowd = line(weights)
    ones = joined(crowd, *names)
    told = {one: crowd.position(one) for one in ones}

    assert told[crowd.first()] == 1
    for flow in {one[:2] for one in told}:
        positions = [told[one] for one in told if one[:2] == flow]
        assert positions == sorted(set(positions))


class Coming(RuleBasedStateMachine):
    """People come, go and are served in any order; flows keep theirs, and nothing is left over."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = {"a": 1, "b": 2, "c": 5}
        self.line = line(self.weights)
        self.waiting: list[One] = []
        self.n_came = 0

    @rule(tenant=st.sampled_from("abc"), flow=st.sampled_from("xyz"))
    def comes(self, tenant: str, flow: str) -> None:
        self.n_came += 1
        self.waiting.append((tenant, flow, self.n_came))
        self.line.join(self.waiting[-1])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def goes(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(one)
        self.line.leave(one)

    @precondition(lambda self: self.waiting)
    @rule()
    def is_served(self) -> None:
        one = self.line.first()
        assert one == next(each for each in self.waiting if each[:2] == one[:2])
        self.waiting.remove(one)
        self.line.serve(one)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def is_served_before_its_turn(self, data: st.DataObject) -> None:
        """Who was first asks for a place, and has it when somebody else is first."""
        one = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(one)
        self.line.serve(one)

    @invariant()
    def everybody_is_somewhere_in_it(self) -> None:
        assert len(self.line) == len(self.waiting)
        assert all(1 <= self.line.position(one) <= len(self.line) for one in self.waiting)

    @invariant()
    def it_keeps_nobody_for_whom_it_need_not(self) -> None:
        line, tenants = self.line, {one[0] for one in self.waiting}
        assert set(line._tenants) == set(line._turns._waiting) == tenants
        assert set(line._turns._ahead) <= set(self.weights) - tenants
        for heap in (line._turns._may_begin, line._turns._begin_later):
            assert len(heap) <= 2 * len(tenants) + 17


TestComing = Coming.TestCase


def _all(names: list[str]) -> list[One]:
    return [(name[0], name[1], number) for number, name in enumerate(names)]


def _is_in(crowd: FairLine[One], one: One) -> bool:
    tenant = crowd._tenants.get(one[0])
    return tenant is not None and one in tenant.flows.get(one[1], ())
