"""The gate's sums against the ledger's."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from prometheus_client import REGISTRY

from gateway import runtime, tasks
from gateway.domain.budget import Account, account_of
from gateway.domain.catalog import Catalog, Key, Tenant
from gateway.domain.gate import Departure, Entrance, Reservation
from gateway.domain.money import Budget, BudgetPeriod
from gateway.domain.ports import Ports
from gateway.management.commands import reconcile as command
from gateway.services import reconciling
from gateway.services.reconciling import Balance
from tests.factories.ledger import BUDGET, database_ledger, make_entry
from tests.fakes.clock import Clock
from tests.fakes.gate import MemoryGate
from tests.fakes.gateway import FakeProvider, make_ports

ACCOUNT = Account("key:k", BudgetPeriod.MONTH, 0)


@pytest.fixture
def ports(database: None, tmp_path: Path) -> Iterator[Ports]:
    """Ports whose gate lives now, and whose ledger is in the database."""
    ledger = database_ledger(tmp_path)
    gate = MemoryGate(Clock(time.time()))
    yield replace(make_ports(provider=FakeProvider([])), gate=gate, ledger=ledger)
    ledger.close()


async def paid(ports: Ports, name: str, *, gate: int, ledger: int) -> None:
    """Let one request be paid for, in each book by its own figure."""
    await ports.gate.enter(Entrance(name, reservations=(Reservation(BUDGET, 50),)))
    await ports.gate.leave(Departure(name, tokens=0, cost_microusd=gate))
    ports.ledger.record(
        make_entry(f"{name}/1", cost_microusd=ledger, began_at=time.time(), ended_at=time.time())
    )
    await ports.ledger.flush()


async def balances(ports: Ports) -> list[Balance]:
    return await reconciling.reconcile([BUDGET], ports=ports, settle_seconds=0.0)


async def test_books_that_agree_have_no_drift(ports: Ports) -> None:
    await paid(ports, "a", gate=7, ledger=7)
    (balance,) = await balances(ports)

    assert (balance.gate_microusd, balance.ledger_after_microusd) == (7, 7)
    assert balance.drift_microusd == 0
    assert await reconciling.correct([balance], ports=ports) == 0
    assert REGISTRY.get_sample_value("gateway_ledger_drift_microusd") == 0


@pytest.mark.parametrize(("gate", "drift"), [(9, 2), (4, -3)])
async def test_drift_is_measured_and_taken_out_of_the_gate(
    ports: Ports, gate: int, drift: int, caplog: pytest.LogCaptureFixture
) -> None:
    await paid(ports, "a", gate=gate, ledger=7)
    (balance,) = await balances(ports)

    assert balance.drift_microusd == drift
    assert REGISTRY.get_sample_value("gateway_ledger_drift_microusd") == abs(drift)
    with caplog.at_level("CRITICAL"):
        assert await reconciling.correct([balance], ports=ports) == 1
    assert [each.drift_microusd for each in await balances(ports)] == [0]


async def test_a_budget_nobody_used_has_no_balance(ports: Ports) -> None:
    assert await balances(ports) == []


@pytest.mark.parametrize(
    ("before", "gate", "after", "drift"),
    [(5, 5, 9, 0), (5, 9, 9, 0), (5, 7, 9, 0), (5, 4, 9, -1), (5, 10, 9, 1)],
)
def test_what_was_on_its_way_between_two_looks_is_no_drift(
    before: int, gate: int, after: int, drift: int
) -> None:
    assert Balance(ACCOUNT, gate, before, after).drift_microusd == drift


def test_a_budget_of_two_keys_is_looked_at_once() -> None:
    mine, shared = Budget("key:one", 5), Budget("tenant:t", 9)
    tenant = Tenant("t", budgets=(shared,))
    catalog = Catalog(keys={"h1": Key("one", tenant, budgets=(mine,)), "h2": Key("two", tenant)})

    assert reconciling.budgets_of(catalog) == [mine, shared]


@pytest.fixture
def wired(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Commands and tasks on these ports; call it to have something paid in both books."""
    owner = Key("k", Tenant("t"), budgets=(BUDGET,))
    budgeted = replace(ports, catalog=lambda: Catalog(keys={"h": owner}))
    monkeypatch.setattr(runtime, "ports", lambda: budgeted)
    monkeypatch.setattr(command.snapshot, "start", lambda: True)
    monkeypatch.setattr(runtime, "call", lambda step: asyncio.run(step))
    monkeypatch.setattr(reconciling, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(reconciling.reconcile, "__kwdefaults__", {"settle_seconds": 0.0})

    def pay(gate: int, ledger: int) -> None:
        asyncio.run(paid(ports, "a", gate=gate, ledger=ledger))

    return pay


def reconciled(*arguments: str) -> tuple[int, str]:
    printed = StringIO()
    try:
        call_command(command.Command(), "--settle-seconds", "0", *arguments, stdout=printed)
    except SystemExit as exit_:
        return int(str(exit_.code)), printed.getvalue()
    return 0, printed.getvalue()


def test_the_command_says_when_all_is_well(wired: Callable[[int, int], None]) -> None:
    wired(7, 7)

    assert reconciled() == (
        0,
        "key:k  month  gate 7  ledger 7  drift 0\n1 budgets in use, 0 of them drifted.\n",
    )


def test_the_command_says_when_it_does_not_know_the_budgets(
    wired: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.snapshot, "start", lambda: False)

    with pytest.raises(CommandError, match="could not be read"):
        reconciled()


def test_the_command_fails_on_drift_and_corrects_it_when_told_to(
    wired: Callable[[int, int], None], caplog: pytest.LogCaptureFixture
) -> None:
    wired(9, 7)
    with caplog.at_level("CRITICAL"):
        first, second, third = reconciled(), reconciled("--correct"), reconciled()

    assert first == second
    assert first[0] == 1
    assert "drift 2\n" in first[1]
    assert third[0] == 0


def test_the_task_corrects(
    wired: Callable[[int, int], None], ports: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    wired(9, 7)
    with caplog.at_level("CRITICAL"):
        tasks.reconcile()

    (spending,) = asyncio.run(ports.gate.spendings([BUDGET]))
    assert spending is not None
    assert spending.spent_microusd == 7


def test_the_other_tasks_run_on_nothing(wired: Callable[[int, int], None]) -> None:
    tasks.reap_requests()
    tasks.roll_up_usage()
    tasks.alert_budgets()

    assert account_of(BUDGET, time.time_ns() // 1000).subject == "key:k"
