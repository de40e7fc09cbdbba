"""Where a spoken text is cut for the record."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.segments import Segmenter
from gateway.domain.speech import Segment


def test_a_segment_is_due_after_a_second() -> None:
    segmenter = Segmenter()
    segmenter.add("Well, ", seq=1, at=10.0)

    assert not segmenter.is_due(at=10.9)
    assert segmenter.is_due(at=11.0)


def test_a_segment_is_due_after_two_hundred_characters() -> None:
    segmenter = Segmenter()
    segmenter.add("x" * 199, seq=1, at=0.0)
    assert not segmenter.is_due(at=0.0)

    segmenter.add("y", seq=2, at=0.0)

    assert segmenter.is_due(at=0.0)


def test_nothing_is_never_due() -> None:
    assert not Segmenter().is_due(at=1e9)
    assert Segmenter().is_empty


def test_the_timing_counts_characters_in_the_segment_and_ms_since_the_first_token() -> None:
    segmenter = Segmenter()
    segmenter.add("ab", seq=1, at=5.0)
    segmenter.cut()
    segmenter.add("c", seq=2, at=6.25)
    segmenter.add("de", seq=3, at=6.5)

    assert segmenter.cut() == Segment("cde", 3, ((1, 1250), (3, 1500)))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=90), st.floats(0, 2)), max_size=40))
def test_the_segments_joined_are_the_text(said: list[tuple[str, float]]) -> None:
    segmenter, segments, now = Segmenter(), [], 0.0
    for seq, (text, pause) in enumerate(said, start=1):
        now += pause
        segmenter.add(text, seq=seq, at=now)
        if segmenter.is_due(at=now):
            segments.append(segmenter.cut())
    segments.append(segmenter.cut())

    assert "".join(segment.text for segment in segments) == "".join(text for text, _ in said)
