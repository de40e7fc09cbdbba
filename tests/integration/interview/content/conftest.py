"""A folder of content that breaks no rule."""

from pathlib import Path

import pytest

from tests.factories.interview import (
    make_shelf,
)
from tests.integration.interview.content.scene import write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with content that breaks no rule."""
    return write(tmp_path / "content", make_shelf())
