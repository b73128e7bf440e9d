"""Server-sent events, line by line."""

import json

from hypothesis import given
from hypothesis import strategies as st
from siaga_client.stream import Reader


def feed(reader, text):
    return [event for line in text.split("\n") if (event := reader.feed(line)) is not None]


def test_events_ids_and_comments():
    reader = Reader(None)
    assert "Last-Event-ID" not in reader.begin()
    text = ': hello\nid: 7\nevent: alert.raised\ndata: {"a":\ndata: 1}\n\n: beat\ndata: {}\n\n'
    first, second = feed(reader, text)
    assert (first.id, first.kind, first.data) == ("7", "alert.raised", {"a": 1})
    assert (second.id, second.kind) == ("7", "message")
    assert reader.begin()["Last-Event-ID"] == "7"


def test_half_an_event_is_forgotten_at_a_new_connection():
    reader = Reader("3")
    assert feed(reader, 'event: alert.raised\ndata: {"half":') == []
    assert reader.begin()["Last-Event-ID"] == "3"
    (event,) = feed(reader, "data: {}\n\n")
    assert (event.kind, event.data) == ("message", {})


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20),
            st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
        ),
        max_size=5,
    )
)
def test_what_was_sent_is_what_arrives(sent):
    reader = Reader(None)
    text = "".join(f"id: {name}\ndata: {json.dumps(data)}\n\n" for name, data in sent)
    events = feed(reader, text)
    assert [(event.id, event.data) for event in events] == sent
