"""How the interpreter shares itself."""

import gc
import sys

import pytest

from config import interpreter


def test_a_thread_that_computes_gives_way_soon_and_old_objects_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    done = []
    monkeypatch.setattr(sys, "setswitchinterval", lambda seconds: done.append(seconds))
    monkeypatch.setattr(gc, "collect", lambda: done.append("collected"))
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))
    monkeypatch.setattr(gc, "set_threshold", lambda *_: done.append("patient"))
    interpreter.settle()
    assert done == [0.001, "collected", "frozen", "patient"]
