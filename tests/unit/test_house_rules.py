"""The promises of the house that no tool checks."""

import importlib
import inspect
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from celery import current_app
from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).resolve().parents[2]
APPS = ("gateway", "interview", "leaderboard")
NOT_OURS = {
    *(".git", ".venv", ".data", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
    *(".import_linter_cache", "__pycache__", "staticfiles", "build", "node_modules"),
}
DRAWERS = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "core",
    "misc",
    "shared",
    "base",
    "stuff",
}
UNITS = ("_seconds", "_bytes", "_tokens", "_microusd", "_usd", "_ratio", "_score", "_per_second")
NO_LABELS = {"room", "turn", "user", "tenant", "request", "key", "ip", "url", "path", "message"}
LARGEST_FILE_BYTES = 2_000_000


@cache
def all_files() -> tuple[Path, ...]:
    found: list[Path] = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = sorted(set(inner) - NOT_OURS)
        found += [Path(folder, name).relative_to(ROOT) for name in sorted(names)]
    return tuple(found)


def our_files(*suffixes: str) -> list[Path]:
    return [path for path in all_files() if not suffixes or path.suffix in suffixes]


@cache
def text_of(path: Path) -> str:
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def module(name: str) -> ModuleType | None:
    """The module, or None while the app has none of that name; a broken one raises."""
    path = ROOT / name.replace(".", "/")
    if not path.with_suffix(".py").exists() and not (path / "__init__.py").exists():
        return None
    return importlib.import_module(name)


def test_no_module_is_a_drawer():
    named_by_django = {Path("config/postgres/base.py")}  # what an ENGINE has to be called
    drawers = [
        str(path)
        for path in our_files(".py", ".js")
        if DRAWERS.intersection((*path.parts[:-1], path.stem)) and path not in named_by_django
    ]
    assert drawers == []


def ports_of(app: str) -> list[type]:
    ports = module(f"{app}.domain.ports")
    return [
        kind
        for _, kind in inspect.getmembers(ports, inspect.isclass)
        if getattr(kind, "_is_protocol", False) and kind.__module__ == f"{app}.domain.ports"
    ]


def methods_of(kind: type) -> set[str]:
    return {
        name
        for name, value in inspect.getmembers(kind)
        if callable(value)
        and (not name.startswith("_") or name in {"__aiter__", "__anext__"})
        and name not in {"mro"}
    }


@pytest.mark.parametrize("app", APPS)
def test_every_port_has_a_fake(app):
    fakes = module(f"tests.fakes.{app}")
    made = [kind for _, kind in inspect.getmembers(fakes, inspect.isclass)]
    missing = [
        port.__name__
        for port in ports_of(app)
        if not any(methods_of(port) <= methods_of(kind) and kind is not port for kind in made)
    ]
    assert missing == []


@pytest.mark.parametrize("app", APPS)
def test_every_port_is_named_in_a_contract_suite(app):
    suites = "\n".join(
        text_of(path) for path in our_files(".py") if path.parts[:2] == ("tests", "contracts")
    )
    ports = ports_of(app)
    named = {port for port in ports if re.search(rf"\b{port.__name__}\b", suites)}
    # What a port hands out (a reader, a writer) is tried in that port's suite.
    handed_out = {
        port for port in ports for giver in named if port.__name__ in inspect.getsource(giver)
    }
    assert set(ports) - named - handed_out == set()


def test_every_job_is_a_registered_task_and_every_task_a_job():
    for app in APPS:
        jobs = module(f"{app}.domain.jobs")
        module(f"{app}.tasks")
        if jobs is None:
            continue
        registered = {name for name in current_app.tasks if name.startswith(f"{app}.")}
        assert {str(job) for job in jobs.Job} == registered


def test_every_job_has_a_queue_that_a_worker_reads():
    known = {queue.name for queue in current_app.conf.task_queues}
    for app in APPS:
        jobs = module(f"{app}.domain.jobs")
        if jobs is not None:
            assert set(jobs.QUEUES) == set(jobs.Job)
            assert set(jobs.QUEUES.values()) <= known


def test_every_event_moves_a_room_or_is_ignored_on_purpose():
    events = module("interview.domain.events")
    room = module("interview.domain.room")
    turn = module("interview.domain.turn")
    moving = {kind for _, kind in room.TRANSITIONS} | {kind for _, kind in turn.TURN_TRANSITIONS}
    assert set(events.EventType) - moving - set(room.IGNORED) == set()


def metrics() -> Iterator[MetricWrapperBase]:
    for app in ("config", *APPS):
        found = module(f"{app}.metrics")
        yield from (
            value
            for value in vars(found or object).values()
            if isinstance(value, MetricWrapperBase)
        )


def test_every_metric_says_its_unit():
    for metric in metrics():
        name, kind = metric._name, metric._type
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        if kind == "histogram":
            assert name.endswith(UNITS), f"{name} measures something: in which unit?"
        if kind == "counter":  # the client library adds _total, and refuses nothing
            assert not name.endswith(("_count", "_seconds_total")), name


def test_no_metric_is_labelled_by_something_without_bounds():
    for metric in metrics():
        unbounded = {
            label
            for label in metric._labelnames
            if label.endswith("_id") or label in NO_LABELS or not label.islower()
        }
        assert unbounded == set(), metric._name
        assert len(metric._labelnames) <= 5


def test_metrics_are_declared_in_metrics_modules_only():
    strangers = [
        str(path)
        for path in our_files(".py")
        if path.parts[0] in {"config", *APPS}
        and path.stem != "metrics"
        and re.search(r"^\w+ = (Counter|Histogram|Gauge|Summary)\(", text_of(path), re.M)
    ]
    assert strangers == []


def test_settings_alone_reads_the_environment():
    # settings_test sets variables, asgi and server and celery_app name the settings module.
    allowed = {"env.py", "settings_test.py", "asgi.py", "server.py"}
    readers = [
        str(path)
        for path in our_files(".py")
        if path.parts[0] in {"config", *APPS}
        and path.name not in allowed
        and re.search(r"\bos\.(environ|getenv)\b", text_of(path))
    ]
    assert readers == []


def test_no_file_names_a_machine_or_holds_a_key():
    # The words are put together here, so that this file does not find itself.
    bad = {
        "a path of one machine": "/" + "work/",
        "a home folder": "/" + "root/",
        "a package registry": "py" + "pi.org",
        "the registry's file host": "python" + "hosted.org",
        "a private key": "PRIVATE" + " KEY-----",
        "a conflict mark": "<<<<<" + "<< ",
    }
    found = [
        f"{path}: {what}"
        for path in our_files()
        for what, words in bad.items()
        if words in text_of(path)
    ]
    assert found == []


def test_no_file_is_too_large_to_review():
    large = [str(path) for path in our_files() if (ROOT / path).stat().st_size > LARGEST_FILE_BYTES]
    assert large == []


def test_every_file_ends_with_one_newline_and_no_line_with_blanks():
    untidy = []
    for path in our_files(".py", ".js", ".css", ".html", ".md", ".yaml", ".yml", ".toml", ".po"):
        text = text_of(path)
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            untidy.append(f"{path}: end of file")
        if path.suffix in {".py", ".js", ".css"} and re.search(r"[ \t]+$", text, re.M):
            untidy.append(f"{path}: blanks at the end of a line")
    assert untidy == []


def test_every_setting_read_from_the_environment_is_in_the_example():
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text_of(Path("config/settings.py"))))
    documented = set(re.findall(r"^#?([A-Z_]+)=", text_of(Path(".env.example")), re.M))
    made_by_the_launcher = {"ENV_FILE", "COMPONENT"}
    assert read - documented - made_by_the_launcher == set()
