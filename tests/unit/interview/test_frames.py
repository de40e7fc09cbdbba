"""Frames of the control socket, as strangers may send them."""

import msgspec
import pytest

from interview.consumers import frames


@pytest.mark.parametrize("depth", [2_000, 8_000])
def test_a_frame_nested_too_deeply_is_a_bad_frame(depth: int):
    with pytest.raises(msgspec.DecodeError):
        frames.parse('{"type": "ping", "x": ' + "[" * depth + "]" * depth + "}")
