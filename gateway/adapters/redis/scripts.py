"""Lua scripts that stand beside the module that runs them."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def source(name: str) -> str:
    """Return the text of ``<name>.lua``."""
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")
