"""The tables of docs/faults.md, held against the tests and the code."""

import re
from collections import defaultdict
from pathlib import Path

from gateway.domain.faults import READS_AFTER, READS_SECONDS, FaultProfile

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests" / "integration" / "gateway" / "faults"


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table that begins with this heading cell."""
    _, table = PAGE.split(f"| {heading} |", 1)
    lines = table.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_fault_names_the_tests_that_try_it_and_no_others():
    tried = defaultdict(set)
    for path in TESTS.glob("test_*.py"):
        for number, name in re.findall(r"^async def test_(\d+)_(\w+)\(", path.read_text(), re.M):
            tried[number].add(name.replace("_", " "))

    told = {number: set(names.split("; ")) for number, _, _, names in rows("#")}

    assert told == tried
    assert list(told) == [str(number) for number in range(1, 17)]


def test_every_profile_is_told_with_the_figures_it_reads():
    told = {name.strip("`"): set(reads.split(", ")) - {""} for name, _, reads in rows("profile")}

    assert set(told) == set(FaultProfile)
    for profile in FaultProfile:
        reads = told[profile] - {"status"}
        wanted = {"seconds"} if profile in READS_SECONDS else set()
        assert reads == wanted | ({"after"} if profile in READS_AFTER else set())
