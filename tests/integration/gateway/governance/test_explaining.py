"""What would become of a request now: the pipeline's own rules, nobody asked, nothing taken."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.breaker import Report
from gateway.domain.catalog import Ability, Catalog, Key, Scope, Target, Tenant
from gateway.domain.errors import CredentialError, NotThereError
from gateway.domain.gate import Entrance, Place, Reservation
from gateway.domain.messages import Failed, TextDelta
from gateway.domain.money import Budget, Price
from gateway.domain.ports import Ports
from gateway.domain.rate_limit import Claim, Dimension, Limit, Unit
from gateway.domain.routing import Exclusion
from gateway.services import explaining, spending, trials
from gateway.services.explaining import Explanation, Question
from tests.fakes.gateway import FakeProvider, make_catalog, make_ports, make_target

RPM = Limit(Dimension.KEY, Unit.REQUESTS, 2)
HELD = Limit(Dimension.TENANT, Unit.CONCURRENT, 1)
BUDGET = Budget("tenant:acme", 100)
KEY = Key(
    id="k1",
    tenant=Tenant("acme", limits=(HELD,), budgets=(BUDGET,)),
    limits=(RPM,),
    models=("m",),
)


@pytest.fixture
def targets() -> tuple[Target, Target]:
    """Two targets: the first can use tools, the second has little room."""
    first = replace(
        make_target(),
        abilities=frozenset({Ability.STREAM, Ability.TOOLS}),
        price=Price("p", 10_000, 0),
    )
    other = replace(first.provider, name="other")
    second = replace(first, provider=other, context_tokens=500, price=None)
    return first, second


@pytest.fixture
def catalog(targets: tuple[Target, Target]) -> Catalog:
    """One route to both, and one key."""
    return replace(make_catalog(*targets), keys={"hash": KEY})


@pytest.fixture
def ports(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Ports:
    """Ports in memory; the ledger says that nothing was spent yet."""
    monkeypatch.setattr(spending, "paid", lambda _budget: 0)
    return make_ports(provider=FakeProvider(), catalog=catalog)


async def asked(catalog: Catalog, ports: Ports, **question: Any) -> Explanation:
    wanted = Question(**{"model": "m", "input_tokens": 1000, **question})
    return await explaining.explain(wanted, catalog=catalog, ports=ports, at=100.0)


async def test_the_first_candidate_is_named_and_the_others_with_their_reason(
    catalog: Catalog, ports: Ports, targets: tuple[Target, Target]
):
    found = await asked(catalog, ports)

    assert (found.code, found.words) == ("ok", f"It would go to {targets[0].id}.")
    assert found.decision is not None
    assert [one.target.id for one in found.decision.candidates] == [targets[0].id]
    assert [one.reason for one in found.decision.dropped] == [Exclusion.CONTEXT_TOO_SMALL]
    assert [(place.provider, place.n_taken) for place in found.places] == [
        (targets[0].provider.name, 0),
        ("other", 0),
    ]


async def test_what_binds_a_key_is_looked_at_and_not_taken(catalog: Catalog, ports: Ports):
    for _ in range(3):
        found = await asked(catalog, ports, key_id="k1")
        await ports.gate.flush()

    assert found.code == "ok"
    assert {(one.name, one.remaining, one.is_enough) for one in found.limits} == {
        ("requests:key", 2, True),
        ("concurrent:tenant", None, True),
    }
    (budget,) = found.budgets
    assert (budget.subject, budget.wanted_microusd, budget.is_enough) == ("tenant:acme", 10, True)
    assert await ports.gate.orphans() == []


async def test_a_limit_that_is_used_up_is_the_answer(catalog: Catalog, ports: Ports):
    await ports.gate.enter(Entrance("h", claims=(Claim(RPM, "k1", 2),)))

    found = await asked(catalog, ports, key_id="k1")

    assert found.code == "rate_limit_exceeded"
    assert found.words == "The limit requests:key has not enough left."


async def test_a_budget_that_is_promised_away_is_the_answer(catalog: Catalog, ports: Ports):
    await ports.gate.enter(Entrance("h", reservations=(Reservation(BUDGET, 95),)))

    found = await asked(catalog, ports, key_id="k1")

    assert found.code == "budget_exceeded"
    assert found.budgets[0].reserved_microusd == 95


async def test_a_budget_the_gate_never_saw_is_read_from_the_ledger(
    catalog: Catalog, ports: Ports, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(spending, "paid", lambda _budget: 99)

    found = await asked(catalog, ports, key_id="k1")

    assert (found.code, found.budgets[0].spent_microusd) == ("budget_exceeded", 99)


async def test_places_that_are_taken_are_counted(
    catalog: Catalog, ports: Ports, targets: tuple[Target, Target]
):
    provider = targets[0].provider
    await ports.gate.enter(Entrance("h", places=(Place(provider.name, provider.n_places),)))

    assert (await asked(catalog, ports)).places[0].n_taken == 1


async def test_a_target_that_rests_is_not_a_candidate(
    catalog: Catalog, ports: Ports, targets: tuple[Target, Target]
):
    await ports.breakers.report(targets[0].id, Report.FAILED, is_long=True)

    found = await asked(catalog, ports)

    assert (found.code, found.decision.candidates) == ("no_target", ())
    told = found.as_data()
    assert told["breakers"][0]["state"] == "open"
    assert told["decision"]["dropped"][1]["reason"] == "breaker_open"


@pytest.mark.parametrize(
    ("question", "key", "code"),
    [
        ({"model": "ghost"}, KEY, "unknown_model"),
        ({"key_id": "ghost"}, KEY, "invalid_api_key"),
        ({"key_id": "k1"}, replace(KEY, expires_at=100.0), "invalid_api_key"),
        (
            {"key_id": "k1"},
            replace(KEY, tenant=replace(KEY.tenant, is_active=False)),
            "invalid_api_key",
        ),
        ({"key_id": "k1"}, replace(KEY, models=("other",)), "permission_denied"),
        ({"key_id": "k1"}, replace(KEY, scopes=frozenset({Scope.USAGE})), "permission_denied"),
        ({"needs": frozenset({Ability.EMBEDDINGS})}, KEY, "no_target"),
        ({"provider": "nobody"}, KEY, "no_target"),
    ],
)
async def test_what_the_first_steps_would_refuse_is_said_by_their_code(
    catalog: Catalog, ports: Ports, question: dict[str, Any], key: Key, code: str
):
    found = await asked(replace(catalog, keys={"hash": key}), ports, **question)

    assert found.code == code
    assert found.words
    assert found.as_data()["code"] == code


# --- trying a provider ---


async def tried(catalog: Catalog, provider: FakeProvider, **wanted: str) -> trials.Trial:
    name = next(iter(catalog.providers))
    ports = make_ports(provider=provider, catalog=catalog)
    return await trials.try_provider(
        **{"name": name, "model": "", **wanted}, catalog=catalog, ports=ports
    )


async def test_a_provider_that_says_a_word_is_well(catalog: Catalog):
    trial = await tried(catalog, FakeProvider(TextDelta("ok")))

    assert (trial.is_ok, trial.code, trial.model) == (True, "ok", make_target().model)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ([Failed(CredentialError("It does not know our key."))], "upstream_credentials"),
        ([TimeoutError()], "provider_timeout"),
        ([], "stream_truncated"),
        ([RuntimeError("a secret in a message")], "adapter_broke"),
    ],
)
async def test_what_goes_wrong_is_said_by_its_code(catalog: Catalog, plan: list[Any], code: str):
    trial = await tried(catalog, FakeProvider(*plan))

    assert (trial.is_ok, trial.code) == (False, code)
    assert "secret" not in trial.message


async def test_a_provider_without_an_adapter_or_a_route_is_no_riddle(catalog: Catalog):
    name, provider = next(iter(catalog.providers.items()))
    lonely = replace(catalog, routes={}, providers={name: replace(provider, adapter="telex")})

    with pytest.raises(NotThereError, match="say which model"):
        await tried(lonely, FakeProvider())
    with pytest.raises(NotThereError, match="no provider called ghost"):
        await tried(lonely, FakeProvider(), name="ghost")
    assert (await tried(lonely, FakeProvider(), model="m")).code == "provider_error"
