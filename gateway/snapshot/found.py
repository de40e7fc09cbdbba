"""What reading the tables gives."""

from dataclasses import dataclass

from gateway.domain.catalog import Catalog
from gateway.domain.configuration import Problem


@dataclass(frozen=True, slots=True)
class Reading:
    """What the tables say, and what there is to say against it."""

    catalog: Catalog
    problems: tuple[Problem, ...]
