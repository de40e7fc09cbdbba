"""A house without models."""

from uuid import uuid4

import pytest

from interview.domain.ports import Inquiry, NoCounsel, NoCounselError
from interview.domain.speaking.prompt import Prompt


def test_where_there_is_no_model_nobody_answers():
    nobody = NoCounsel()

    assert nobody.routes() == frozenset()
    with pytest.raises(NoCounselError) as caught:
        nobody.ask(Inquiry("q", "panel", Prompt((), max_tokens=1), seconds=1.0, room_id=uuid4()))
    assert caught.value.code == "unknown_model"
    (answer,) = nobody.ask_together(
        [Inquiry("q", "panel", Prompt((), max_tokens=1), seconds=1.0, room_id=uuid4())]
    )
    assert isinstance(answer, NoCounselError)
    assert answer.code == "unknown_model"
