"""Stop texts that a vendor says as part of the answer."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.providers.openai_chat.stops import StopTail


def shown(pieces: Sequence[str], stops: Sequence[str]) -> list[str]:
    tail = StopTail(stops)
    return [*(tail.take(piece) for piece in pieces), tail.close()]


def test_the_stop_text_is_cut_off_however_it_is_split() -> None:
    assert shown(["Well,\nE", "N", "D"], ["END"]) == ["Well,\n", "", "", ""]


def test_what_only_began_like_a_stop_text_is_shown() -> None:
    assert shown(["a\nE", "N", "G"], ["END"]) == ["a\n", "", "ENG", ""]
    assert shown(["a EN"], ["END"]) == ["a ", "EN"]


def test_without_stop_texts_nothing_is_held_back() -> None:
    assert shown(["a", "b"], ["", ""]) == ["a", "b", ""]


def test_the_longest_stop_text_that_fits_is_cut_off() -> None:
    assert "".join(shown(["x##"], ["#", "##"])) == "x"
    assert "".join(shown(["AB"], ["ABC", "B"])) == "A"


@given(
    st.lists(st.text("ab#\n", max_size=4), max_size=6),
    st.lists(st.text("ab#\n", min_size=1, max_size=3), max_size=3),
)
def test_only_the_end_is_ever_cut_off(pieces: list[str], stops: list[str]) -> None:
    text = "".join(pieces)
    ends = [stop for stop in stops if text.endswith(stop)]

    assert "".join(shown(pieces, stops)) == text.removesuffix(max(ends, key=len, default=""))
