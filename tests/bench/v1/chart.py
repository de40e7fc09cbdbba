"""The figures of a run as bars, in the form that docs/performance.md shows them in."""

from collections.abc import Sequence


def bars(title: str, unit: str, measured: Sequence[tuple[str, float]]) -> str:
    """Return a Mermaid chart with one bar for each name, in the order given."""
    names = ", ".join(f'"{name}"' for name, _ in measured)
    heights = ", ".join(f"{height:.0f}" for _, height in measured)
    return "\n".join(
        (
            "```mermaid",
            "xychart-beta",
            f'    title "{title}"',
            f"    x-axis [{names}]",
            f'    y-axis "{unit}"',
            f"    bar [{heights}]",
            "```",
        )
    )
