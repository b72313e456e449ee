"""The requests of the keeper are valid by the rules of mailsim, which shares no code with it."""

import pytest

from ewspush.protocol.lookup import LookupRequest, build_get_items
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS
from ewspush.protocol.subscribe import SubscribeRequest, build_subscribe
from ewspush.protocol.synchronization import (
    SyncHierarchyRequest,
    SyncItemsRequest,
    build_sync_hierarchy,
    build_sync_items,
)
from mailsim.profiles import PROFILES, Profile
from mailsim.requests import parse_request

EVENT_TYPES = ("NewMailEvent", "CreatedEvent", "FreeBusyChangedEvent")
FOLDERS = (*sorted(DISTINGUISHED_FOLDERS), "AAB-an-id")

URL = "https://example.com/notify?a=1&b=2"
SUBSCRIBES = (
    SubscribeRequest(URL, EVENT_TYPES, 1),
    SubscribeRequest(URL, EVENT_TYPES, 1440, FOLDERS, "AAAA"),
)


@pytest.mark.parametrize("impersonated", [None, "user@example.com"])
@pytest.mark.parametrize(
    ("profile", "version"),
    [(profile, version) for profile in PROFILES.values() for version in profile.accepted_versions],
)
def test_every_request_is_valid(profile: Profile, version: str, impersonated: str | None) -> None:
    """In every version that the server accepts, with and without the parts that are optional."""
    bodies = [
        *(build_subscribe(each, version, impersonated) for each in SUBSCRIBES),
        *(build_sync_items(SyncItemsRequest(folder), version, impersonated) for folder in FOLDERS),
        build_sync_items(SyncItemsRequest("inbox", "state", 1), version, impersonated),
        *(build_sync_hierarchy(SyncHierarchyRequest(state), version, impersonated) for state in (None, "state")),
        build_get_items(LookupRequest(("one", "two")), version, impersonated),
    ]
    for body in bodies:
        parsed = parse_request(profile, body)
        assert (parsed.error, parsed.impersonated) == (None, impersonated)
