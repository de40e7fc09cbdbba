"""The lock files fit every Python and every system the game runs on."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
PYTHONS = ("3.11.2", "3.11.9", "3.12.8", "3.13.5", "3.14.0")
SYSTEMS = (
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "x86_64"),
    ("darwin", "Darwin", "arm64"),
)


def locked(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="ascii")
    return {canonicalize_name(found) for found in re.findall(r"^([\w.-]+)==", text, re.M)}


def environments():
    for python in PYTHONS:
        for platform, system, machine in SYSTEMS:
            yield {
                "python_version": python.rpartition(".")[0],
                "python_full_version": python,
                "implementation_version": python,
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
                "os_name": "posix",
                "sys_platform": platform,
                "platform_system": system,
                "platform_machine": machine,
                "extra": "",
            }


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_whatever_a_locked_package_needs_somewhere_is_locked_too(name):
    have = locked(name)
    missing = set()
    for package in have:
        try:
            needed = [Requirement(line) for line in requires(package) or ()]
        except PackageNotFoundError:
            continue
        for need in needed:
            if canonicalize_name(need.name) not in have and any(
                need.marker is None or need.marker.evaluate(there) for there in environments()
            ):
                missing.add(f"{package} needs {need}")
    assert missing == set()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_package_has_a_hash(name):
    text = (ROOT / name).read_text(encoding="ascii")
    entries = re.findall(r"^[\w.-]+==.*?(?=^\S|\Z)", text, re.M | re.S)
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_development_lock_agrees_with_the_other_one():
    plain, development = (
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(encoding="ascii"), re.M))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert {name: development.get(name) for name in plain} == plain
