"""FreeBusyChangedEvent: for whoever asks, when something happens in the calendar."""

import pytest

from tests.unit.mailsim.world import CALLBACK, EMAIL, World, event_types, push, request, texts

ASKED = "<t:EventTypes><t:EventType>FreeBusyChangedEvent</t:EventType></t:EventTypes>"
SUBSCRIBE = request(push(f"{ASKED}<t:StatusFrequency>1440</t:StatusFrequency>{CALLBACK}"))


def asking(profile: str) -> World:
    """Return a server with a subscription to this event alone."""
    world = World(profile, {"first_post": "after_status_frequency"})
    assert world.code(SUBSCRIBE) == (200, "NoError")
    return world


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_it_tells_of_all_that_happens_in_the_calendar(profile: str) -> None:
    """Made, changed, read, moved in and out, copied, deleted: each once."""
    world = asking(profile)
    item_id = world.mail(folder="calendar")
    told = world.told()
    assert event_types(told) == ["FreeBusyChangedEvent"]
    assert item_id.encode() in told.body
    for action, given in [("modify", {}), ("read", {}), ("copy", {"folder": "calendar"}), ("delete", {})]:
        world.act("items", item_id, action, **given)
        assert event_types(world.told()) == ["FreeBusyChangedEvent"]
    moved = world.act("items", world.mail(), "move", folder="calendar")["item_id"]
    assert moved.encode() in world.told().body
    world.act("items", moved, "move", folder="deleteditems")
    assert moved.encode() in world.told().body


def test_nothing_else_fires_it() -> None:
    """Neither mail nor folders."""
    world = asking("workmail")
    world.act("items", world.mail(), "move", folder="drafts")
    world.call(f"mailboxes/{EMAIL}/folders", name="plans", parent="calendar")
    assert world.due() == []


def test_it_is_among_the_changes_where_anybody_asked() -> None:
    """By default nobody does, and is told."""
    for asked in (False, True):
        world = asking("workmail") if asked else World()
        world.subscribed()
        world.mail(folder="calendar")
        posts = world.due()
        assert len(posts) == 1 + asked
        listed = [each["type"] for each in world.get("changes", mailbox=EMAIL)]
        assert listed == ["CreatedEvent", *["FreeBusyChangedEvent"] * asked, "ModifiedEvent"]
        assert listed[-1] == event_types(posts[-1])[-1]


def test_it_names_the_item_and_the_calendar() -> None:
    """As on Exchange's page of the event."""
    world = asking("exchange")
    world.mail(folder="calendar")
    body = world.told().body
    assert len(texts(body, "ItemId")) == 1
    assert len(texts(body, "ParentFolderId")) == 1
