"""What a configuration is refused for, and what it is only warned of."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters import providers
from gateway.adapters.providers import PROVIDERS, vendors
from gateway.domain.catalog import (
    Ability,
    Catalog,
    Key,
    Provider,
    RetryPolicy,
    Route,
    RoutingPolicy,
    Target,
    Tenant,
    built_in_catalog,
)
from gateway.domain.configuration import (
    ADAPTERS,
    VENDORS,
    ConfigurationError,
    Problem,
    Severity,
    errors,
    problems,
    sound_part,
)
from gateway.domain.configuration.options import MOST_OPTIONS, OPTIONS
from gateway.domain.faults import FaultProfile, FaultRule
from gateway.domain.messages import Deadlines, Dialect
from gateway.domain.money import Budget, BudgetPeriod, Price
from gateway.domain.rate_limit import Algorithm, Dimension, Limit, Unit

ADAPTERS_CODE = Path(providers.__file__).parent
ACME = Provider(
    name="acme", adapter="openai", dialect=Dialect.OPENAI, base_url="https://acme.example/v1"
)
LARGE = Target(provider=ACME, model="large", price=Price("p", 1, 1))
SMALL = replace(LARGE, model="small")
FAST = Route(model="fast", targets=(LARGE, SMALL))
TENANT = Tenant("team")
KEY = Key(id="k1", tenant=TENANT)
RPM = Limit(Dimension.KEY, Unit.REQUESTS, 60)
FAULT = FaultRule(id="f", profile=FaultProfile.CUT)


def catalog(
    *,
    provider: Provider = ACME,
    route: Route = FAST,
    key: Key = KEY,
    limits: tuple[Limit, ...] = (),
    fault: FaultRule = FAULT,
) -> Catalog:
    return Catalog(
        providers={provider.name: provider},
        routes={route.model: route},
        keys={"hash": key},
        limits=limits,
        faults=(fault,),
    )


def found(**parts: object) -> list[tuple[str, str, Severity]]:
    return [(p.subject, p.field, p.severity) for p in problems(catalog(**parts))]  # type: ignore[arg-type]


ERROR, WARNING = Severity.ERROR, Severity.WARNING


def test_the_built_in_catalog_and_a_plain_one_are_in_order():
    assert problems(built_in_catalog()) == []
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Acme Ltd"}, "name"),
        ({"adapter": "telex"}, "adapter"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": "", "vendor": "nobody"}, "base_url"),
        ({"base_url": "", "vendor": "azure"}, "base_url"),
        ({"base_url": "ftp://acme.example"}, "base_url"),
        ({"base_url": "https://"}, "base_url"),
        ({"base_url": "https://me:secret@acme.example"}, "base_url"),
        ({"base_url": "https://@acme.example"}, "base_url"),
        ({"base_url": "https://acme.example/v1?key=1"}, "base_url"),
        ({"base_url": "https://acme.example/v1#"}, "base_url"),
        ({"base_url": "https://acme.example/\r\nHost: thief.example"}, "base_url"),
        ({"base_url": "https://acme.exa\nmple/v1"}, "base_url"),
        ({"base_url": "https://acme.example\\.thief.example"}, "base_url"),
        ({"base_url": "https://acme .example"}, "base_url"),
        ({"base_url": "https://ácme.example"}, "base_url"),
        ({"base_url": "https://acme.example:0/"}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
        ({"base_url": "file:///etc/passwd"}, "base_url"),
        ({"base_url": "https://acme.example:nine/"}, "base_url"),
        ({"n_places": 0}, "n_places"),
        ({"deadlines": Deadlines(connect_seconds=0)}, "total_seconds"),
        ({"deadlines": Deadlines(first_seconds=700)}, "total_seconds"),
    ],
)
def test_a_provider_nobody_could_call_is_refused(changes, field):
    provider = replace(ACME, **changes)

    assert found(provider=provider) == [(f"provider:{provider.name}", field, ERROR)]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/v1",
        "http://[::1]:8000/v1",
        "http://my_server:11434",
        "HTTPS://acme.example./a/%7Eb",
    ],
)
def test_an_address_of_ones_own_is_taken(address):
    assert found(provider=replace(ACME, base_url=address)) == []


GOOD_OPTIONS = {
    "openai": {
        "auth": "api-key",
        "url_style": "deployments",
        "api_version": "2024-10-21",
        "max_tokens_field": "max_completion_tokens",
        "drop_params": " n, logit_bias",
        "extra_body": '{"top_k": 20, "service_tier": null}',
        "thinking": "switch",
        "include_usage": "False",
        "keep_reasoning": "yes",
        "stop_is_said": "0",
        "retracts": "true",
        "header.X-Team": "blue team",
    },
    "anthropic": {
        "auth": "bearer",
        "version": "2023-06-01",
        "beta": "one-2025-01-01, two",
        "client_betas": "one-*",
        "thinking": "adaptive",
        "drop_params": "",
    },
    "gemini": {
        "project": "my-project-1",
        "location": "europe-west4",
        "safety": "BLOCK_NONE",
        "drop_params": "seed",
    },
}


@pytest.mark.parametrize("adapter", GOOD_OPTIONS)
def test_every_option_is_taken_that_says_what_it_may(adapter):
    provider = replace(ACME, adapter=adapter, options=GOOD_OPTIONS[adapter])

    assert found(provider=provider) == []
    assert set(GOOD_OPTIONS[adapter]) - {"header.X-Team"} == set(OPTIONS[adapter])


@pytest.mark.parametrize(
    ("adapter", "option", "value", "told"),
    [
        ("openai", "auth", "Bearer", "auth is one of: bearer, api-key, none."),
        ("openai", "url_style", "", "url_style is one of: plain, azure, deployments."),
        ("openai", "include_usage", "maybe", "include_usage is one of: true, false."),
        ("openai", "api_version", "1&x=2", "api_version is made of letters"),
        ("openai", "drop_params", "a b", "drop_params is made of names separated by commas."),
        ("openai", "extra_body", "[1]", 'extra_body is a JSON object, such as {"top_k": 20}.'),
        ("openai", "extra_body", '{"a": NaN}', "extra_body is a JSON object"),
        ("openai", "extra_body", "[" * 3000, "extra_body is a JSON object"),
        ("openai", "extra_body", " " * 4001, "extra_body is too long."),
        ("openai", "temperature", "1", "This adapter has no option temperature; it has auth,"),
        ("openai", "header.X-A", "1\r\nX-B: 2", "header.X-A goes into a header: one line"),
        ("openai", "header.X-A", "é", "header.X-A goes into a header: one line"),
        ("openai", "header.X A", "1", "header.X A does not name a header."),
        ("openai", "header.X-A\r\nX-B", "1", "does not name a header."),
        ("openai", "header.", "1", "header. does not name a header."),
        ("openai", "header.AUTHORIZATION", "Bearer x", "keys belong into the credential"),
        ("openai", "header.Host", "thief.example", "is not to be set here"),
        ("anthropic", "auth", "none", "auth is one of: bearer."),
        ("anthropic", "beta", "a\r\nb", "beta is made of names separated by commas."),
        ("anthropic", "version", "a\nb", "version is made of letters"),
        ("anthropic", "header.X-A", "1", "This adapter has no option header.X-A; it has auth,"),
        ("gemini", "location", "thief.example/", "location is made of small letters"),
        ("gemini", "project", "../x", "project is made of small letters"),
        ("gemini", "safety", "none", "safety is one of: OFF, BLOCK_NONE,"),
        ("scripted", "pace", "1", "This adapter reads no options, and so not pace."),
    ],
)
def test_an_option_is_refused_in_a_sentence(adapter, option, value, told):
    provider = replace(ACME, adapter=adapter, options={option: value})

    (problem,) = problems(catalog(provider=provider))

    assert (problem.field, problem.severity) == ("options", ERROR)
    assert told in problem.message


def test_there_are_only_so_many_options():
    options = {f"header.X-{number}": "1" for number in range(MOST_OPTIONS + 1)}

    (problem,) = problems(catalog(provider=replace(ACME, options=options)))

    assert problem.message == "There are more than 32 options."


@pytest.mark.parametrize(
    ("adapter", "files"),
    [
        ("openai", ["vendors.py", *ADAPTERS_CODE.glob("openai_chat/*.py")]),
        ("anthropic", ADAPTERS_CODE.glob("anthropic/*.py")),
        ("gemini", ADAPTERS_CODE.glob("gemini/*.py")),
        ("scripted", ["scripted.py"]),
    ],
)
def test_the_options_are_those_the_adapters_read(adapter, files):
    code = "".join((ADAPTERS_CODE / file).read_text(encoding="utf-8") for file in files)
    reads = r'(?:options|given)(?:\.get\(|\[)"(\w+)"|_is_true\(given, "(\w+)"'
    read = {name or switch for name, switch in re.findall(reads, code)}

    headers_aside = {name for name in read if not name.startswith("anthropic-")}
    assert headers_aside == set(OPTIONS.get(adapter, {}))


def test_a_vendor_knows_its_own_address():
    assert found(provider=replace(ACME, base_url="", vendor="deepseek")) == []
    assert found(provider=replace(ACME, base_url="", adapter="anthropic")) == []


def test_deadlines_that_leave_each_other_time_are_taken():
    assert found(provider=replace(ACME, deadlines=Deadlines())) == []


@pytest.mark.parametrize(
    ("changes", "field", "severity"),
    [
        ({"model": "no blanks"}, "model", ERROR),
        ({"targets": ()}, "targets", WARNING),
        ({"retry": RetryPolicy(n_attempts=0)}, "n_attempts", ERROR),
        (
            {"targets": (LARGE,), "retry": RetryPolicy(hedge_after_seconds=1.0)},
            "hedge_after_seconds",
            ERROR,
        ),
        (
            {"policy": RoutingPolicy.WEIGHTED, "targets": (replace(LARGE, weight=0),)},
            "policy",
            ERROR,
        ),
        ({"policy": RoutingPolicy.LOCAL_PREFER}, "policy", WARNING),
        ({"targets": (LARGE, LARGE)}, "targets", ERROR),
        ({"targets": (replace(LARGE, abilities=frozenset({Ability.TOOLS})),)}, "targets", ERROR),
        (
            {"targets": (replace(LARGE, context_tokens=10, max_output_tokens=11),)},
            "targets",
            ERROR,
        ),
        ({"targets": (replace(LARGE, quality=1.5),)}, "targets", ERROR),
        ({"targets": (replace(LARGE, price=None),)}, "targets", WARNING),
        ({"deadlines": Deadlines(idle_seconds=700)}, "total_seconds", ERROR),
        ({"limits": (replace(RPM, amount=0),)}, "amount", ERROR),
    ],
)
def test_a_route_that_could_not_work_is_refused_and_a_doubtful_one_warned_of(
    changes, field, severity
):
    route = replace(FAST, **changes)

    assert found(route=route) == [(f"route:{route.model}", field, severity)]


def test_the_cheapest_of_targets_without_a_price_is_doubtful_twice():
    targets = (LARGE, replace(SMALL, price=None))
    route = replace(FAST, policy=RoutingPolicy.COST_AWARE, targets=targets)

    assert [field for _, field, _ in found(route=route)] == ["policy", "targets"]


def test_what_runs_on_our_own_machines_needs_no_price():
    local = replace(ACME, is_local=True)
    target = replace(LARGE, provider=local, price=None)

    assert (
        found(
            provider=local,
            route=replace(FAST, policy=RoutingPolicy.LOCAL_PREFER, targets=(target,)),
        )
        == []
    )


@pytest.mark.parametrize(
    ("changes", "subject", "field", "severity"),
    [
        ({"scopes": frozenset()}, "key:k1", "scopes", ERROR),
        ({"models": ("fa*", "slow")}, "key:k1", "models", WARNING),
        (
            {"limits": (replace(RPM, algorithm=Algorithm.FIXED_WINDOW, burst=9),)},
            "key:k1",
            "burst",
            ERROR,
        ),
        ({"limits": (replace(RPM, unit=Unit.CONCURRENT, burst=9),)}, "key:k1", "burst", ERROR),
        ({"budgets": (Budget("key:k1", 0),)}, "key:k1", "limit", ERROR),
        ({"budgets": (Budget("key:k1", 5, alerts=(0.5, 1.1)),)}, "key:k1", "alerts", ERROR),
        (
            {"tenant": replace(TENANT, limits=(replace(RPM, amount=0),))},
            "tenant:team",
            "amount",
            ERROR,
        ),
        (
            {"tenant": replace(TENANT, budgets=(Budget("tenant:team", 0),))},
            "tenant:team",
            "limit",
            ERROR,
        ),
    ],
)
def test_a_key_or_tenant_is_refused_for_what_could_never_be(changes, subject, field, severity):
    assert found(key=replace(KEY, **changes)) == [(subject, field, severity)]


def test_a_budget_larger_than_its_tenants_is_never_reached():
    outer = Budget("tenant:team", 100)
    tenant = replace(TENANT, budgets=(outer,))
    inner = Budget("key:k1", 101)

    assert found(key=replace(KEY, tenant=tenant, budgets=(inner,))) == [
        ("key:k1", "limit", WARNING)
    ]
    daily = replace(inner, period=BudgetPeriod.DAY)
    assert found(key=replace(KEY, tenant=tenant, budgets=(daily,))) == []


def test_limits_of_everybody_are_looked_at_too():
    assert found(limits=(replace(RPM, amount=0),)) == [("limit:all", "amount", ERROR)]


@pytest.mark.parametrize(
    ("changes", "field", "severity"),
    [
        ({"probability": 0.0}, "probability", ERROR),
        ({"profile": FaultProfile.LATENCY}, "seconds", ERROR),
        ({"profile": FaultProfile.STATUS, "status": 200}, "status", ERROR),
        ({"provider": "nobody*"}, "provider", WARNING),
        ({"route": "slow"}, "route", WARNING),
    ],
)
def test_a_fault_that_means_nothing_is_refused_or_warned_of(changes, field, severity):
    assert found(fault=replace(FAULT, **changes)) == [("fault:f", field, severity)]


def test_a_complaint_is_a_sentence():
    problem = Problem("route:fast", "targets", "%(target)s is odd.", {"target": "a/b"})

    assert (problem.message, str(problem)) == ("a/b is odd.", "route:fast: a/b is odd.")
    assert str(ConfigurationError([problem, problem])) == "a/b is odd. a/b is odd."
    assert errors([problem, replace(problem, severity=WARNING)]) == [problem]


def test_the_sound_part_leaves_out_only_what_is_wrong():
    bad = replace(ACME, name="bad", n_places=0)
    target = replace(LARGE, provider=bad)
    whole = Catalog(
        providers={"acme": ACME, "bad": bad},
        routes={
            "fast": replace(FAST, targets=(LARGE, target)),
            "odd": replace(FAST, model="odd", targets=(LARGE, LARGE)),
        },
        keys={
            "a": KEY,
            "b": replace(KEY, id="k2", scopes=frozenset()),
            "c": replace(KEY, id="k3", tenant=Tenant("other", limits=(replace(RPM, amount=0),))),
        },
        faults=(FAULT, replace(FAULT, id="g", probability=2.0)),
    )

    part = sound_part(whole, errors(problems(whole)))

    assert list(part.providers) == ["acme"]
    assert {model: route.targets for model, route in part.routes.items()} == {"fast": (LARGE,)}
    assert list(part.keys) == ["a"]
    assert [rule.id for rule in part.faults] == ["f"]
    assert problems(part) == []


def test_the_rules_know_every_registered_adapter_and_vendor_and_no_other():
    assert set(ADAPTERS) == set(PROVIDERS)
    assert set(vendors.VENDORS) == VENDORS
