"""The gateway's named series. Labels are enums or configured names, never ids.

What only one process knows is a counter or histogram here. What processes share (places at a
provider, queues) is read from the shared store when somebody scrapes: see `StateCollector`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_TTFT = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 4, 5, 7.5, 10, 15, 20, 30, 60)
_WAIT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CANCEL = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5)
_PACE = (1, 2, 5, 10, 20, 40, 60, 80, 120, 200, 400)
_OVERHEAD = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5)
_CALL = ("provider", "model")

OUTCOMES = ("ok", "error", "timeout", "cancelled", "rejected_capacity", "rejected_client")
CANCEL_PHASES = ("queued", "pre_first_token", "streaming")
CANCEL_SOURCES = ("user", "disconnect", "deadline", "shutdown", "other")
BREAKER_STATES = ("closed", "open", "half_open")
WAIT_OUTCOMES = ("admitted", "expired", "cancelled")

REQUESTS = Counter(
    "gw_requests_total", "Model calls that ended.", (*_CALL, "outcome", "error_type")
)
REQUEST_SECONDS = Histogram(
    "gw_request_duration_seconds",
    "From the call's start to its terminal delta.",
    (*_CALL, "outcome"),
    buckets=_TTFT,
)
TTFT_SECONDS = Histogram(
    "gw_provider_ttft_seconds", "Request issued to first content.", _CALL, buckets=_TTFT
)
TOKENS_PER_SECOND = Histogram(
    "gw_output_tokens_per_second", "Output pace after the first token.", _CALL, buckets=_PACE
)
TOKENS = Counter("gw_tokens_total", "Tokens in and out.", (*_CALL, "type"))
QUEUE_WAIT_SECONDS = Histogram(
    "gw_queue_wait_seconds", "Admitted to started.", ("queue", "outcome"), buckets=_WAIT
)
PLACE_WAITERS = Gauge(
    "gw_place_waiters_count", "Requests of this process that wait for a place at a provider."
)
ADMISSIONS = Counter("gw_admission_total", "Answers at the door.", ("decision", "reason"))
CANCELS = Counter("gw_cancels_total", "Streams stopped on order.", ("source", "phase"))
CANCEL_SECONDS = Histogram(
    "gw_cancel_latency_seconds", "Order given to provider closed.", ("phase",), buckets=_CANCEL
)
ATTEMPTS = Counter("gw_attempts_total", "Calls of providers that ended.", (*_CALL, "end", "cause"))
COST_MICROUSD = Counter("gw_cost_microusd_total", "Money that attempts cost.", _CALL)
UNPRICED = Counter(
    "gw_unpriced_attempts_total", "Attempts that used tokens nobody has a price for.", _CALL
)
ROUTE_DECISIONS = Counter(
    "gw_route_decisions_total", "Calls by who answered and why.", ("policy", *_CALL, "decision")
)
FALLBACKS = Counter(
    "gw_fallbacks_total",
    "Calls that moved on to another target.",
    ("from_provider", "to_provider", "reason"),
)
OVERHEAD_SECONDS = Histogram(
    "gw_overhead_seconds", "The pipeline's own time before a provider is asked.", buckets=_OVERHEAD
)
BREAKER_CHANGES = Counter(
    "gw_breaker_transitions_total", "Breakers that changed their state.", (*_CALL, "to")
)
FAULTS = Counter("gw_faults_injected_total", "Faults on purpose that struck.", (*_CALL, "profile"))
FENCED = Counter("gw_fenced_total", "Speakers stopped because a newer epoch took over.")

DATA_PLANE_ANSWERS = Counter(
    "gw_data_plane_answers_total", "Answers of /v1.", ("endpoint", "status")
)
DISCONNECT_SECONDS = Histogram(
    "gw_disconnect_seconds", "Client of /v1 gone to provider closed.", buckets=_CANCEL
)
PAUSED_SECONDS = Counter(
    "gw_reader_paused_seconds", "Time that readers of /v1 kept their streams waiting."
)

GATE_AWAY = Gauge("gw_gate_store_away", "1 while local shares stand in for the gate's store.")
GATE_SHARED = Counter("gw_gate_shared_total", "Answers given out of a local share.", ("decision",))
GATE_FORGOTTEN = Counter("gw_gate_forgotten_total", "Departures the store was never told of.")

SPARED = Counter(
    "gw_spared_answers_total", "Answers that were given without asking a provider.", ("how",)
)  # how: kept, shared
CACHE_LOOK_UPS = Counter("gw_cache_look_ups_total", "Looks into the cache.", ("found",))
CACHE_READ_FAILURES = Counter(
    "gw_cache_read_failures_total", "Looks into the store's part of the cache that failed."
)
RUNS_TAKEN_OVER = Counter(
    "gw_runs_taken_over_total", "Shared calls taken over because whoever asked was gone."
)
RESUMED = Counter("gw_resumed_streams_total", "Streams of /v1 taken up again.", ("outcome",))

RELAY_DELTAS = Counter("gw_relay_deltas_total", "Deltas taken from speakers.")
RELAY_FLUSHES = Counter("gw_relay_flushes_total", "Batches sent.", ("outcome",))
RELAY_RESEEDS = Counter("gw_relay_reseeds_total", "Streams written anew after an outage.")
RELAY_DELIVERED = Counter("gw_relay_delivered_total", "Items handed to local readers.")
RELAY_REPLAYS = Counter("gw_relay_replays_total", "Reads of a stored stream.", ("reason",))
RELAY_READERS = Gauge("gw_relay_readers_count", "Readers attached to this process.")

LEDGER_ROWS = Counter("gw_ledger_rows_total", "Entries Postgres took or had.", ("outcome",))
LEDGER_BACKLOG = Gauge("gw_ledger_backlog_rows", "Entries this process has yet to write.")
LEDGER_SPILLED = Counter(
    "gw_ledger_spilled_rows_total", "Entries kept on disk alone, for want of memory."
)
LEDGER_REFUSED = Counter(
    "gw_ledger_refused_rows_total", "Entries that Postgres will never take, set aside."
)
LEDGER_LOST = Counter("gw_ledger_lost_rows_total", "Entries for which there was no place at all.")
REAPED = Counter("gw_reaped_requests_total", "Requests settled for a process that died.")
BUDGET_ALERTS = Counter(
    "gw_budget_alerts_total", "Budgets that passed a share of themselves.", ("period",)
)
LEDGER_DRIFT = Gauge(
    "gateway_ledger_drift_microusd", "By how much the gate's sums and the ledger's differ in all."
)
LEDGER_DRIFTED = Gauge("gw_ledger_drifted_accounts", "Budgets whose two sums differ.")

REPLAY_REASONS = ("open", "slow", "gap", "restored")

CONFIGURATION_VERSION = Gauge(
    "gw_configuration_version", "Version of the configuration this process works by."
)
CONFIGURATION_READINGS = Counter(
    "gw_configuration_readings", "Times the configuration was read anew.", ["outcome"]
)  # outcome: ok, refused, error


@dataclass(frozen=True, slots=True)
class QueueReading:
    """A queue as the shared store holds it."""

    depth: int
    limit: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class StateReading:
    """One look at the shared store.

    In-flight maps a provider to (held, limit), breakers a provider and model to a state.
    """

    in_flight: Mapping[str, tuple[int, int]]
    queues: Mapping[str, QueueReading]
    breakers: Mapping[tuple[str, str], str] = field(default_factory=dict)


class StateCollector(Collector):
    """Reads the gauges that are true across processes, once per scrape.

    ``read`` returns None when the store does not answer: then the series are absent, which is
    the truth, and not zero, which would be a claim.
    """

    def __init__(self, read: Callable[[], StateReading | None]) -> None:
        self._read = read

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield the families without reading, so that registering costs nothing."""
        yield from _families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the families as they stand now."""
        reading = self._read()
        if reading is None:
            return
        in_flight, in_flight_limit, depth, limit, oldest, breaker = _families()
        for provider, (held, size) in reading.in_flight.items():
            in_flight.add_metric([provider], held)
            in_flight_limit.add_metric([provider], size)
        for name, queue in reading.queues.items():
            depth.add_metric([name], queue.depth)
            limit.add_metric([name], queue.limit)
            oldest.add_metric([name], queue.oldest_seconds)
        for target, state in reading.breakers.items():
            for each in BREAKER_STATES:
                breaker.add_metric([*target, each], each == state)
        yield from (in_flight, in_flight_limit, depth, limit, oldest, breaker)


def publish_state(
    read: Callable[[], StateReading | None], registry: CollectorRegistry = REGISTRY
) -> None:
    """Serve the shared gauges from this process's registry."""
    registry.register(StateCollector(read))


def precreate(*, providers: Iterable[str], queues: Iterable[str]) -> None:
    """Make the label sets known at start exist, so that a rate sees the first increment."""
    for provider in providers:
        TTFT_SECONDS.labels(provider, provider)
        TOKENS_PER_SECOND.labels(provider, provider)
        REQUESTS.labels(provider, provider, "ok", "")
        for kind in ("input", "output"):
            TOKENS.labels(provider, provider, kind)
        for outcome in OUTCOMES:
            REQUEST_SECONDS.labels(provider, provider, outcome)
    _precreate_rest(queues)


def _precreate_rest(queues: Iterable[str]) -> None:
    for queue, outcome in product(queues, WAIT_OUTCOMES):
        QUEUE_WAIT_SECONDS.labels(queue, outcome)
    for decision, reason in (("admitted", ""), ("degraded", ""), ("rejected", "queue_full")):
        ADMISSIONS.labels(decision, reason)
    for phase, source in product(CANCEL_PHASES, CANCEL_SOURCES):
        CANCEL_SECONDS.labels(phase)
        CANCELS.labels(source, phase)
    for outcome in ("written", "known"):
        LEDGER_ROWS.labels(outcome)
    for reason in REPLAY_REASONS:
        RELAY_REPLAYS.labels(reason)
    for decision in ("entered", "barred"):
        GATE_SHARED.labels(decision)
    for outcome in ("ok", "error"):
        RELAY_FLUSHES.labels(outcome)


def _families() -> tuple[GaugeMetricFamily, ...]:
    return (
        GaugeMetricFamily("gw_inflight", "Places held at a provider.", labels=["provider"]),
        GaugeMetricFamily("gw_inflight_limit", "Places at a provider.", labels=["provider"]),
        GaugeMetricFamily("gw_queue_depth", "Tickets waiting.", labels=["queue"]),
        GaugeMetricFamily("gw_queue_limit", "Tickets that may wait.", labels=["queue"]),
        GaugeMetricFamily("gw_queue_oldest_seconds", "Longest wait.", labels=["queue"]),
        GaugeMetricFamily(
            "gw_breaker_state", "1 for the state a target is in.", labels=[*_CALL, "state"]
        ),
    )
