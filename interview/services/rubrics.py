"""The rubric file, read once per process."""

from functools import cache
from pathlib import Path

import msgspec
import yaml

from interview.domain.rubric import Rubric

FOLDER = Path(__file__).resolve().parent.parent / "content" / "rubrics"


@cache
def six_dimensions() -> Rubric:
    """Return the rubric of the game; raise msgspec.ValidationError for a file that is no rubric."""
    raw = yaml.safe_load((FOLDER / "six_dimensions.yaml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["rubric"], Rubric)
