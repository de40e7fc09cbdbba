"""Calls that change something answer with what the rules warn of."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ninja import Status

from gateway.api.schemas.warnings import Warned, WarningOut
from gateway.services import hearing

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer", bound=Warned | Status[Any])


def warned(call: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Return the call, its answer with the warnings that came up meanwhile."""

    @wraps(call)
    def listening(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        with hearing.warnings() as heard:
            answer = call(*args, **kwargs)
        thing = answer.value if isinstance(answer, Status) else answer
        thing.warnings = [WarningOut.of(problem) for problem in heard]
        return answer

    return listening
