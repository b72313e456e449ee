"""FreeBusyChangedEvent: fired by changes in the calendar, for subscriptions that request it."""

import pytest

from tests.unit.mailsim.world import CALLBACK, EMAIL, World, event_types, push, request, texts

FREE_BUSY_ONLY = "<t:EventTypes><t:EventType>FreeBusyChangedEvent</t:EventType></t:EventTypes>"
SUBSCRIBE = request(push(f"{FREE_BUSY_ONLY}<t:StatusFrequency>1440</t:StatusFrequency>{CALLBACK}"))


def subscribed_to_free_busy(profile: str) -> World:
    """Return a server with a subscription to this event alone."""
    world = World(profile, {"first_post": "after_status_frequency"})
    assert world.code(SUBSCRIBE) == (200, "NoError")
    return world


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_every_change_in_the_calendar_fires_it_once(profile: str) -> None:
    """Created, modified, read, copied, deleted, moved in and moved out."""
    world = subscribed_to_free_busy(profile)
    item_id = world.mail(folder="calendar")
    post = world.acknowledged_post()
    assert event_types(post) == ["FreeBusyChangedEvent"]
    assert item_id.encode() in post.body
    for action, given in [("modify", {}), ("read", {}), ("copy", {"folder": "calendar"}), ("delete", {})]:
        world.act("items", item_id, action, **given)
        assert event_types(world.acknowledged_post()) == ["FreeBusyChangedEvent"]
    moved = world.act("items", world.mail(), "move", folder="calendar")["item_id"]
    assert moved.encode() in world.acknowledged_post().body
    world.act("items", moved, "move", folder="deleteditems")
    assert moved.encode() in world.acknowledged_post().body


def test_nothing_else_fires_it() -> None:
    """Neither items elsewhere nor folders in the calendar."""
    world = subscribed_to_free_busy("workmail")
    world.act("items", world.mail(), "move", folder="drafts")
    world.create_folder("plans", "calendar")
    assert world.due() == []


def test_changes_include_it_if_a_subscription_requested_it() -> None:
    """The default event types do not include it."""
    for is_requested in (False, True):
        world = subscribed_to_free_busy("workmail") if is_requested else World()
        world.subscribed()
        world.mail(folder="calendar")
        posts = world.due()
        assert len(posts) == 1 + is_requested
        listed = [each["type"] for each in world.get("changes", mailbox=EMAIL)]
        assert listed == ["CreatedEvent", *["FreeBusyChangedEvent"] * is_requested, "ModifiedEvent"]
        assert listed[-1] == event_types(posts[-1])[-1]


def test_it_names_the_item_and_the_calendar() -> None:
    """As on Exchange's page of the event."""
    world = subscribed_to_free_busy("exchange")
    world.mail(folder="calendar")
    body = world.acknowledged_post().body
    assert len(texts(body, "ItemId")) == 1
    assert len(texts(body, "ParentFolderId")) == 1
