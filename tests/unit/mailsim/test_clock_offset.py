"""The setting `clock_offset_seconds`: a server whose clock differs."""

import time
from email.utils import parsedate_to_datetime
from threading import Thread

import pytest
import urllib3

from mailsim.http_server import Server
from mailsim.runtime import Runtime
from tests.unit.mailsim.sync_client import get_item
from tests.unit.mailsim.world import EMAIL, MINUTE, START, World, event_types, texts


@pytest.mark.parametrize(("offset", "stamp"), [(-120, "2023-11-14T22:11:20Z"), (120.5, "2023-11-14T22:15:20Z")])
def test_events_and_items_have_the_servers_time(offset: float, stamp: str) -> None:
    """`at` of the control API is the true one."""
    world = World(settings={"clock_offset_seconds": offset})
    world.subscribed()
    item_id = world.mail()
    assert set(texts(world.acknowledged_post().body, "TimeStamp")) == {stamp}
    _, answer = world.ask(get_item(item_id, base="AllProperties"))
    assert (texts(answer, "LastModifiedTime"), texts(answer, "DateTimeReceived")) == ([stamp], [stamp])
    assert {each["at"] for each in world.get("changes", mailbox=EMAIL)} == {START}


def test_what_happened_keeps_its_time() -> None:
    """When the clock is set right."""
    world = World()
    world.call("settings", clock_offset_seconds=3600)
    world.subscribed()
    early = world.mail()
    world.call("settings", clock_offset_seconds=0)
    late = world.mail()
    stamps = texts(world.acknowledged_post().body, "TimeStamp")
    assert stamps == ["2023-11-14T23:13:20Z"] * 3 + ["2023-11-14T22:13:20Z"] * 3
    _, answer = world.ask(get_item(early, late, base="AllProperties"))
    assert texts(answer, "LastModifiedTime") == stamps[2:4]


def test_times_of_posts_and_retention_are_true() -> None:
    """An offset moves no heartbeat, and makes no event too old to resume from."""
    world = World(settings={"clock_offset_seconds": -60 * 24 * 60 * MINUTE})
    _, watermark = world.subscribed(minutes=5)
    assert world.wait() == 5 * MINUTE
    assert event_types(world.acknowledged_post()) == ["StatusEvent"]
    world.mail()
    assert world.subscribed(watermark=watermark)[1] == watermark


def test_the_date_header_has_the_servers_time() -> None:
    """Of every answer."""
    world = World(settings={"clock_offset_seconds": 7200})
    with Server(0, Runtime(world.core)) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        response = urllib3.request("GET", f"{listening.urls['control']}/users", retries=False)
        listening.shutdown()
        thread.join()
    ahead = parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
    assert 7200 - 60 < ahead < 7200 + 1
