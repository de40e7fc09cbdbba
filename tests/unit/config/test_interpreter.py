"""How the interpreter shares itself."""

import gc
import sys

import pytest

from config import interpreter


@pytest.fixture
def restored():
    before = sys.getswitchinterval(), gc.get_threshold()
    yield
    gc.unfreeze()
    sys.setswitchinterval(before[0])
    gc.set_threshold(*before[1])


@pytest.mark.usefixtures("restored")
def test_a_thread_that_computes_gives_way_soon_and_old_objects_are_left_alone():
    interpreter.settle()
    assert sys.getswitchinterval() == pytest.approx(0.001)
    assert gc.get_freeze_count() > 0
