"""Strategies for the content of notifications, and the settings of properties."""

from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ewspush.protocol.notification import (
    KNOWN_EVENTS,
    MailboxEvent,
    Notification,
    ObjectKind,
    ResponseClass,
    ResponseMessage,
)

EXAMPLES: Final = settings(
    deadline=None, print_blob=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
"""Settings of each property. A failure prints the blob that reproduces it."""

XML_TEXT: Final = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=20
)
WORDS: Final = XML_TEXT.map(str.strip).filter(bool)
MAYBE: Final = st.none() | WORDS
IDS: Final = st.none() | XML_TEXT
EVENTS: Final = st.builds(
    MailboxEvent,
    st.sampled_from(KNOWN_EVENTS),
    object=st.sampled_from(ObjectKind),
    id=XML_TEXT,
    change_key=IDS,
    parent_folder_id=XML_TEXT,
    parent_change_key=IDS,
    old_id=XML_TEXT,
    old_change_key=IDS,
    old_parent_folder_id=IDS,
    watermark=MAYBE,
    timestamp=MAYBE,
    unread_count=st.none() | st.integers(-(2**31), 2**31 - 1),
    raw_xml=st.none(),
)
MESSAGES: Final = st.builds(
    ResponseMessage,
    st.sampled_from(ResponseClass),
    response_code=MAYBE,
    message_text=MAYBE,
    back_off_ms=st.none() | st.integers(0, 2**31 - 1),
    subscription_id=WORDS,
    previous_watermark=MAYBE,
    more_events=st.none() | st.booleans(),
    events=st.lists(EVENTS, max_size=4).map(tuple),
)
NOTIFICATIONS: Final = st.lists(MESSAGES, min_size=1, max_size=3).map(lambda parts: Notification(tuple(parts)))
