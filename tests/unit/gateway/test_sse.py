"""Server-sent events from bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.providers import sse
from gateway.adapters.providers.sse import Frame, SseDecoder
from gateway.domain.errors import UpstreamError


def frames_of(*reads: bytes) -> list[Frame]:
    """Return the frames of a stream that came in these reads and then ended."""
    decoder = SseDecoder()
    return [frame for read in reads for frame in decoder.feed(read)] + decoder.close()


def data_of(*reads: bytes) -> list[bytes]:
    return [frame.data for frame in frames_of(*reads)]


def said(frames: list[Frame]) -> list[tuple[bytes, str]]:
    return [(frame.data, frame.event) for frame in frames]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["lf", "cr", "crlf"])
def test_lines_end_in_lf_cr_or_crlf(end: bytes) -> None:
    stream = end.join([b'data: {"a":1}', b"", b"event: error", b"data: {}", b"", b""])

    assert said(frames_of(stream)) == [(b'{"a":1}', ""), (b"{}", "error")]


def test_line_ends_may_be_mixed() -> None:
    assert data_of(b"data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\ndata: 4\n\r") == [
        b"1",
        b"2",
        b"3",
        b"4",
    ]


def test_one_space_after_the_colon_belongs_to_the_wire() -> None:
    assert data_of(b"data:a\n\ndata: b\n\ndata:  c\n\n") == [b"a", b"b", b" c"]


def test_several_data_lines_are_one_text_with_line_ends() -> None:
    assert data_of(b"data: {\ndata: }\n\n") == [b"{\n}"]


def test_comments_and_other_fields_say_nothing() -> None:
    stream = b": ping\n\n:\nid: 7\nretry: 10\nfoo\ndata: x\n\nevent: lonely\n\ndata\n\n"

    assert data_of(stream) == [b"x"]


def test_a_character_split_between_reads_is_whole() -> None:
    word = "谁负责".encode()

    assert data_of(b"data: " + word[:4], word[4:] + b"\n\n") == [word]


def test_a_line_separator_of_unicode_ends_no_line() -> None:
    line = 'data: "a\u2028b\u0085c"'.encode()

    assert data_of(line + b"\n\n", line + b"\r\n\r\n") == [line[6:], line[6:]]


def test_an_event_without_its_blank_line_is_lost() -> None:
    assert data_of(b"data: 1\n\ndata: 2\n") == [b"1"]
    assert data_of(b"data: 1\r\n\r\ndata: 2\r\n") == [b"1"]
    assert data_of(b"data: 1\r\n\r\ndata: 2") == [b"1"]


def test_the_end_of_the_stream_settles_a_last_carriage_return() -> None:
    assert data_of(b"data: 1\r\n\r") == [b"1"]
    assert data_of(b"data: 1\r") == []


def test_a_mark_of_byte_order_is_left_out_however_it_is_cut() -> None:
    assert data_of(b"\xef\xbb\xbfdata: 1\n\n") == [b"1"]
    assert data_of(b"\xef", b"\xbb", b"\xbfdata: 1\n\n") == [b"1"]
    assert data_of(b"\xef\xbb", b"data: 1\n\n") == []


def test_an_event_may_be_larger_than_many_reads() -> None:
    text = b"x" * 200_000

    reads = [b"data: ", *[text[at : at + 1000] for at in range(0, len(text), 1000)], b"\n\n"]

    assert data_of(*reads) == [text]
    assert data_of(*reads[:-1], b"\r\n\r\n") == [text]


@pytest.mark.parametrize("line", [b"data: ", b"\r\ndata: "])
def test_an_event_without_end_is_refused(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LARGEST_EVENT_BYTES", 50)

    with pytest.raises(UpstreamError):
        frames_of(*[line] * 10)


def test_a_frame_keeps_its_bytes() -> None:
    frames = frames_of(b': hello\ndata: {"a":1}\n\nevent: e\ndata: 2\n\n')

    assert [frame.raw for frame in frames] == [
        b': hello\ndata: {"a":1}\n\n',
        b"event: e\ndata: 2\n\n",
    ]


def test_bytes_of_crlf_streams_are_kept_wherever_they_are_cut() -> None:
    stream = b"data: 1\r\n\r\ndata: 2\r\n\r\n"

    for at in range(len(stream)):
        frames = frames_of(stream[:at], stream[at:])
        assert b"".join(frame.raw for frame in frames) == stream


LINES = st.sampled_from(
    [
        b"",
        b"data: x",
        b"data:y",
        b"data",
        b": c",
        b"event: e",
        b"id: 1",
        b" data: z",
        b"data: \xe8\xb0\x81",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(LINES, ENDS), max_size=20), st.data())
def test_where_a_stream_is_cut_changes_nothing(
    lines: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(line + end for line, end in lines)
    whole = said(frames_of(stream))
    assert said(frames_of(*[stream[at : at + 1] for at in range(len(stream))])) == whole

    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=4).map(sorted))
    reads = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert said(frames_of(*reads)) == whole


@given(st.lists(st.tuples(LINES, ENDS), max_size=20))
def test_frames_are_those_of_the_standard(lines: list[tuple[bytes, bytes]]) -> None:
    stream = b"".join(line + end for line, end in lines)

    assert said(frames_of(stream)) == as_the_standard_says(stream)


def as_the_standard_says(stream: bytes) -> list[tuple[bytes, str]]:
    """Return the events of a whole stream, line by line and slowly."""
    found, data, event = [], [], ""
    *lines, _ = stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for line in lines:
        if not line:
            if b"\n".join(data):
                found.append((b"\n".join(data), event))
            data, event = [], ""
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event":
            event = value.removeprefix(b" ").decode()
    return found
