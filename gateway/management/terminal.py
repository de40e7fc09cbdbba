"""Words and tables for a terminal: what others wrote cannot move its cursor or colour it."""

import json
import unicodedata
from collections.abc import Mapping, Sequence

_WIDE = frozenset({"W", "F"})
#: How wide a cell is at most, except in the first column: that names the row.
_WIDEST = 60


def printable(value: object) -> str:
    """Return the value as one line; control and direction characters as their escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in _said(value)
    )


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Return the rows under their columns' names, aligned; wide letters count as two."""
    lines = [list(columns), *(_cells(row, columns) for row in rows)]
    widths = [max(_width(line[index]) for line in lines) for index in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def as_json(value: object) -> str:
    """Return JSON for another program; escapes keep a terminal safe from it too."""
    return json.dumps(value, ensure_ascii=True, indent=2, default=str)


def _said(value: object) -> str:
    if value is None or value == "" or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(str, value))
    return str(value)


def _cells(row: Mapping[str, object], columns: Sequence[str]) -> list[str]:
    first, *others = (printable(row.get(name)) for name in columns)
    return [first, *map(_shortened, others)]


def _shortened(text: str) -> str:
    """Return the text, cut where it would make a table too wide to read."""
    if _width(text) <= _WIDEST:
        return text
    kept = ""
    for letter in text:
        if _width(kept) + _width(letter) >= _WIDEST:
            break
        kept += letter
    return f"{kept}…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in _WIDE else 1 for letter in text)
