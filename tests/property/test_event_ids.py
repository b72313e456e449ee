"""Ids of events depend on the change alone."""

from dataclasses import replace
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from ewspush.domain.callback import Callback
from ewspush.domain.events import push_events
from ewspush.domain.subscription import SubscriptionKey
from ewspush.protocol.notification import MailboxEvent
from tests.builders import NOON
from tests.property.strategies import EVENTS, EXAMPLES


@EXAMPLES
@given(st.lists(EVENTS, max_size=8), st.data())
def test_ids_do_not_depend_on_order_or_repetition(events: list[MailboxEvent], data: st.DataObject) -> None:
    """The events of a POST, permuted and repeated, have the same ids."""
    callback = Callback(SubscriptionKey("s"), "ida@harbour.example", 1)
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=4) if events else st.just([]))
    again = data.draw(st.permutations(events + repeated))
    ids = [event.id for event in push_events(callback, events, NOON)]
    other = push_events(replace(callback, generation=2), again, NOON.astimezone(UTC))
    assert {event.id for event in other} == set(ids)
    assert len(set(ids)) == len(ids)
