"""The first steps of ``make run``: what it says when something is missing."""

import json

import pytest

from compose import run


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder with lock files, a working environment and a pip that takes notes."""
    calls = []

    class Done:
        returncode = 0

    def pip(command, **_):
        calls.append(command[1:])
        return Done

    (tmp_path / ".venv").mkdir()
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(f"lock {name}", encoding="ascii")
    monkeypatch.setattr(run, "ROOT", str(tmp_path))
    monkeypatch.setattr(run, "STAMP", str(tmp_path / ".venv" / "installed.json"))
    monkeypatch.setattr(run, "VENV_PYTHON", "python")
    monkeypatch.setattr(run.subprocess, "run", pip)
    monkeypatch.setattr(run, "_works", lambda _python: True)
    return tmp_path, calls, Done


def test_an_old_python_is_named_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(run.shutil, "which", lambda _name: None)
    with pytest.raises(SystemExit) as stopped:
        run.main([])
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert "needs Python 3.11 or newer and this is 3.9" in said
    assert said.count("\n") == 1


def test_an_old_python_hands_over_to_a_newer_one_beside_it(monkeypatch):
    handed = []

    class HandedOverError(Exception):
        pass

    def execv(path, words):
        handed.append((path, words[0], words[2:]))
        raise HandedOverError

    monkeypatch.setattr(run.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(
        run.shutil, "which", lambda name: "/usr/bin/" + name if name == "python3.12" else None
    )
    monkeypatch.setattr(run.os, "execv", execv)
    with pytest.raises(HandedOverError):
        run.main(["--port", "1"])
    assert handed == [("/usr/bin/python3.12", "/usr/bin/python3.12", ["--port", "1"])]


def test_packages_are_installed_by_hash_and_only_once(project):
    _, calls, _ = project
    run.ensure_environment("requirements.txt")
    run.ensure_environment("requirements.txt")
    assert len(calls) == 1
    assert calls[0][-3:] == ["--require-hashes", "-r", "requirements.txt"]


def test_a_changed_lock_file_is_installed_again(project):
    folder, calls, _ = project
    run.ensure_environment("requirements.txt")
    (folder / "requirements.txt").write_text("other", encoding="ascii")
    run.ensure_environment("requirements.txt")
    assert len(calls) == 2


def test_the_development_lock_contains_the_other_one(project):
    _, calls, _ = project
    run.ensure_environment("requirements-dev.txt")
    run.ensure_environment("requirements.txt")
    assert [call[-1] for call in calls] == ["requirements-dev.txt"]


def test_the_plain_lock_does_not_contain_the_development_one(project):
    _, calls, _ = project
    run.ensure_environment("requirements.txt")
    run.ensure_environment("requirements-dev.txt")
    assert [call[-1] for call in calls] == ["requirements.txt", "requirements-dev.txt"]


def test_a_failed_installation_is_tried_again_next_time(project, capsys):
    folder, calls, done = project
    done.returncode = 1
    with pytest.raises(SystemExit):
        run.ensure_environment("requirements.txt")
    assert "pip could not install requirements.txt" in capsys.readouterr().err
    assert not (folder / ".venv" / "installed.json").exists()
    done.returncode = 0
    run.ensure_environment("requirements.txt")
    assert len(calls) == 2


def test_a_broken_stamp_counts_as_none(project):
    folder, calls, _ = project
    (folder / ".venv" / "installed.json").write_text("{", encoding="ascii")
    run.ensure_environment("requirements.txt")
    assert len(calls) == 1
    assert set(json.loads((folder / ".venv" / "installed.json").read_text())) == {
        "requirements.txt"
    }


def test_a_folder_that_cannot_be_written_is_named(project, monkeypatch, capsys):
    folder, _, _ = project
    monkeypatch.setattr(run, "_works", lambda _python: False)
    monkeypatch.setattr(run.os, "access", lambda *_: False)
    with pytest.raises(SystemExit):
        run.ensure_environment("requirements.txt")
    assert f"no place for .venv: {folder}" in capsys.readouterr().err


def test_a_system_without_venv_is_told_the_package(project, monkeypatch, capsys):
    _, _, done = project
    done.returncode = 1
    monkeypatch.setattr(run, "_works", lambda _python: False)
    with pytest.raises(SystemExit):
        run.ensure_environment("requirements.txt")
    assert "python3-venv" in capsys.readouterr().err
