"""The rubric as it ships, and where an answer stands on it."""

from interview.domain.persona import Dimension
from interview.domain.rubric import marks
from interview.services import rubrics


def test_every_dimension_has_a_ruler_anchored_at_none_some_and_full() -> None:
    rubric = rubrics.six_dimensions()

    assert {ruler.id for ruler in rubric.dimensions} == set(Dimension)
    for ruler in rubric.dimensions:
        assert [anchor.level for anchor in ruler.anchors] == [0, 2, 4]
        texts = [ruler.label, ruler.description, *(anchor.text for anchor in ruler.anchors)]
        assert all(text.zh and text.en for text in texts)


def test_a_mark_names_the_next_anchor_above_it() -> None:
    told = marks(rubrics.six_dimensions(), {"depth": 1, "specificity": 2, "structure": 4})

    assert [(m.ruler.id, m.level, m.next_anchor and m.next_anchor.level) for m in told] == [
        (Dimension.SPECIFICITY, 2, 4),
        (Dimension.DEPTH, 1, 2),
        (Dimension.STRUCTURE, 4, None),
    ]
