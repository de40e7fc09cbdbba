"""What reaches a log line, and what does not."""

import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from config import logging as hotseat_logging
from config import metrics, redaction

ANSWER = "At Acme I cut p99 latency from 900 to 120 ms"


class _Lines(logging.Handler):
    """Collects what the real formatter writes."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(hotseat_logging.formatter(is_json=True, is_coloured=False))
        self.addFilter(hotseat_logging.Context("test"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log():
    handler = _Lines()
    logger = logging.getLogger("tests.redaction")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.handlers[:] = [handler]
    yield logger, handler.lines
    logger.handlers.clear()


def test_a_line_is_one_json_object_with_its_ids(log):
    logger, lines = log
    logger.info("turn.done", extra={"room_id": "r1", "turn_id": "t2", "ttft_ms": 120})
    line = json.loads(lines[0])
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "turn.done",
        "level": "info",
        "logger": "tests.redaction",
        "component": "test",
        "room_id": "r1",
        "turn_id": "t2",
        "ttft_ms": 120,
    }


@pytest.mark.parametrize("name", ["text", "prompt", "answer", "my_new_field", "messages"])
def test_text_in_an_unlisted_field_is_withheld_whatever_its_name(log, name):
    logger, lines = log
    logger.info("turn.done", extra={name: ANSWER})
    assert "Acme" not in lines[0]
    assert json.loads(lines[0])[name] == f"[withheld, {len(ANSWER)} characters]"


def test_an_alert_says_whose_budget_and_a_failure_which_code(log):
    logger, lines = log
    logger.warning("gateway.budget_alert", extra={"subject": "tenant:acme", "error_code": "late"})
    line = json.loads(lines[0])
    assert (line["subject"], line["error_code"]) == ("tenant:acme", "late")


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer abc.def-123",
        "x-api-key: q1w2e3r4t5",
        "https://api.example/v1?key=q1w2e3r4t5&x=1",
        "postgresql://user:q1w2e3r4t5@db/game",
        "sk-q1w2e3r4t5y6u7",
        "hs_q1w2e3r4t5y6u7",
        '{"password": "q1w2e3r4t5"}',
        "room_token=q1w2e3r4t5",
        "sessionid=q1w2e3r4t5; path=/",
        "eyJhbGciOi.eyJzdWIiOi.q1w2e3r4t5",
        "somebody.q1w2e3r4t5@example.org",
    ],
)
def test_secrets_and_addresses_are_masked_in_free_text(secret):
    masked = redaction.mask(f"calling with {secret}")
    assert "q1w2e3r4t5" not in masked
    assert "abc.def" not in masked


def test_counts_of_tokens_survive(log):
    logger, lines = log
    logger.info("turn.done", extra={"max_tokens": 512, "output_tokens": 40})
    line = json.loads(lines[0])
    assert (line["max_tokens"], line["output_tokens"]) == (512, 40)


def test_an_exception_keeps_its_first_line_and_loses_locals_and_data(log):
    logger, lines = log
    prompt = ANSWER
    try:
        raise ValueError(f"bad row\nDETAIL: Failing row contains ({prompt}).")
    except ValueError:
        logger.exception("db.failed")
    assert "Acme" not in lines[0]
    exception = json.loads(lines[0])["exception"]
    assert (exception["type"], exception["message"]) == ("ValueError", "bad row")
    assert exception["frames"][-1]["function"] == "test_" + (
        "an_exception_keeps_its_first_line_and_loses_locals_and_data"
    )


def test_a_message_is_cut_to_its_first_line_and_a_bounded_length(log):
    logger, lines = log
    logger.warning("%s\nsecond line", "x" * 1000)
    assert json.loads(lines[0])["event"] == "x" * 300 + "[cut, 1000 characters]"


def test_request_ids_of_the_moment_are_in_the_line(log):
    logger, lines = log
    with structlog.contextvars.bound_contextvars(request_id="abc123"):
        logger.info("http.complete")
    logger.info("later")
    assert json.loads(lines[0])["request_id"] == "abc123"
    assert "request_id" not in json.loads(lines[1])


@given(st.text())
def test_masking_any_text_never_fails_and_stays_short(text):
    assert len(redaction.mask(text)) < 3000


def test_a_full_queue_drops_lines_and_counts_them():
    before = metrics.LOG_DROPPED._value.get()
    handler = hotseat_logging.DroppingQueueHandler(hotseat_logging.lines(1))
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "m", None, None)
    handler.emit(record)
    handler.emit(record)
    assert metrics.LOG_DROPPED._value.get() == before + 1
