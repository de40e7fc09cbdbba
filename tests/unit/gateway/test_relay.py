"""The reader's rules: a snapshot replaces, a delta appends, a gap asks for a snapshot."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.relay import Cursor, Delta, End, Item, Snapshot, Verdict, replayed


def stream_of(words: list[str]) -> list[Item]:
    """Return the words as a whole stream."""
    deltas: list[Item] = [Delta(seq, word) for seq, word in enumerate(words, start=1)]
    return [*deltas, End(len(words), "stop")]


def test_a_reader_without_a_place_asks_for_a_snapshot_first() -> None:
    assert Cursor().judge(Delta(1, "a")) is Verdict.RESNAPSHOT
    assert Cursor().judge(End(0, "stop")) is Verdict.RESNAPSHOT


def test_a_delta_in_order_applies_an_old_one_drops_and_a_gap_resnapshots() -> None:
    cursor = Cursor()
    cursor.judge(Snapshot("abc", 3))

    verdicts = [cursor.judge(Delta(seq, "x")) for seq in (3, 4, 4, 6, 5)]

    assert verdicts == ["drop", "apply", "drop", "resnapshot", "apply"]


def test_a_snapshot_applies_only_when_it_is_ahead() -> None:
    cursor = Cursor()

    verdicts = [cursor.judge(Snapshot("", seq)) for seq in (0, 0, 4, 3)]

    assert verdicts == ["apply", "drop", "apply", "drop"]


def test_an_end_ahead_of_the_reader_is_a_gap() -> None:
    cursor = Cursor()
    cursor.judge(Snapshot("", 2))

    assert cursor.judge(End(3, "stop")) is Verdict.RESNAPSHOT
    assert cursor.judge(End(2, "stop")) is Verdict.APPLY


def test_nothing_applies_after_the_end() -> None:
    cursor = Cursor()
    cursor.judge(Snapshot("", 0))
    cursor.judge(End(0, "stop"))

    assert cursor.judge(Delta(1, "late")) is Verdict.DROP
    assert cursor.is_ended


def test_stored_entries_fold_into_one_snapshot_and_the_end() -> None:
    items: list[Item] = [Delta(1, "a"), Snapshot("ab", 2), Delta(2, "b"), Delta(3, "c")]

    assert replayed(items) == (Snapshot("abc", 3), None)
    assert replayed([*items, End(3, "stop")]) == (Snapshot("abc", 3), End(3, "stop"))


def test_an_empty_store_is_an_empty_text() -> None:
    assert replayed([]) == (Snapshot("", 0), None)


def test_entries_that_do_not_reach_back_to_a_beginning_say_nothing() -> None:
    assert replayed([Delta(7, "x"), Delta(8, "y")]) is None
    assert replayed([Delta(1, "a"), End(2, "stop")]) is None


def test_a_snapshot_heals_a_gap_before_it() -> None:
    assert replayed([Delta(7, "x"), Snapshot("whole", 9), Delta(10, "!")]) == (
        Snapshot("whole!", 10),
        None,
    )


@given(
    words=st.lists(st.text(max_size=4), max_size=30),
    data=st.data(),
)
def test_any_drops_repeats_and_replays_give_the_exact_text(
    words: list[str], data: st.DataObject
) -> None:
    stored = stream_of(words)
    # given a channel that loses, repeats and reorders, and a store that can always be read
    channel = data.draw(st.lists(st.sampled_from(stored), max_size=90)) + stored
    cursor, text, n_stored = Cursor(), "", 0

    # when a reader follows the rules
    for item in channel:
        if cursor.is_ended:
            break
        n_stored = max(n_stored, stored.index(item) + 1)
        verdict = cursor.judge(item)
        accepted = [item] if verdict is Verdict.APPLY else []
        if verdict is Verdict.RESNAPSHOT:
            found = replayed(stored[:n_stored])
            assert found is not None
            accepted = [one for one in found if one is not None]
            accepted = [one for one in accepted if cursor.judge(one) is Verdict.APPLY]
        for one in accepted:
            if isinstance(one, Snapshot):
                text = one.text
            elif isinstance(one, Delta):
                text += one.text

    # then it holds what was said, to the letter
    assert cursor.is_ended
    assert text == "".join(words)


@given(
    words=st.lists(st.text(max_size=4), min_size=1, max_size=30),
    data=st.data(),
)
def test_a_store_with_repeats_and_keyframes_folds_to_the_text(
    words: list[str], data: st.DataObject
) -> None:
    items: list[Item] = []
    for seq, word in enumerate(words, start=1):
        items += [Delta(seq, word)] * data.draw(st.integers(1, 2))
        if data.draw(st.booleans()):
            items.append(Snapshot("".join(words[:seq]), seq))

    assert replayed(items) == (Snapshot("".join(words), len(words)), None)
