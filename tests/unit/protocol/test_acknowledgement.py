"""The acknowledgement, read strictly."""

import pytest
from exchangelib.services import SendNotification
from lxml import etree

from ewspush.protocol.acknowledgement import CONTENT_TYPE, SubscriptionStatus, acknowledgement
from ewspush.protocol.namespaces import M, S

BOTH = pytest.mark.parametrize("status", list(SubscriptionStatus))


@BOTH
def test_answer_has_the_shape_of_the_schema(status: SubscriptionStatus) -> None:
    """Envelope, Body, SendNotificationResult, SubscriptionStatus and nothing else, in their namespaces."""
    root = etree.fromstring(acknowledgement(status).encode())
    assert [child.tag for child in root.iter()] == [
        f"{S}Envelope",
        f"{S}Body",
        f"{M}SendNotificationResult",
        f"{M}SubscriptionStatus",
    ]
    assert "".join(root.itertext()) == status.value
    assert not any(child.attrib for child in root.iter())


@BOTH
def test_answer_gives_a_strict_reader_nothing_to_object_to(status: SubscriptionStatus) -> None:
    """Short, no byte order mark, no comment, no white space, no DTD."""
    answer = acknowledgement(status)
    assert len(answer.encode()) < 512
    assert answer.startswith("<?xml ")
    assert not any(unwanted in answer for unwanted in ("<!", "\n", "> <", "\ufeff"))


def test_values_are_those_of_the_schema() -> None:
    """The enumeration is case-sensitive."""
    assert [status.value for status in SubscriptionStatus] == ["OK", "Unsubscribe"]
    assert CONTENT_TYPE == "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("status", "theirs"),
    [
        (SubscriptionStatus.OK, SendNotification(protocol=None).ok_payload()),
        (SubscriptionStatus.UNSUBSCRIBE, SendNotification(protocol=None).unsubscribe_payload()),
    ],
)
def test_another_library_answers_the_same(status: SubscriptionStatus, theirs: bytes) -> None:
    """The library exchangelib answers with the same elements, namespaces and value."""
    ours = acknowledgement(status).encode()
    assert [(part.tag, part.text) for part in etree.fromstring(ours).iter()] == [
        (part.tag, part.text) for part in etree.fromstring(theirs).iter()
    ]
