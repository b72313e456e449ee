"""Random workloads: a subscription receives all events in order, and a client that synchronizes knows all items."""

from random import Random

import pytest
from lxml import etree

from tests.unit.mailsim.sync_client import SyncClient
from tests.unit.mailsim.world import EMAIL, World

STEPS = 100


def keys_of_events(body: bytes) -> dict[tuple[str, str, str], None]:
    """Return watermark, type and id of a notification's events, in order."""
    events = [element for element in etree.fromstring(body).iter("{*}*") if element.find("{*}TimeStamp") is not None]
    names = [etree.QName(event).localname for event in events]
    marks = [event.findtext("{*}Watermark") or "" for event in events]
    return dict.fromkeys(zip(marks, names, [event[2].get("Id", "") for event in events], strict=True))


def act_or_fail(world: World, random: Random, items: list[str]) -> None:
    """Carry out a random action in the mailbox, set a fault, or let time pass."""
    match random.randrange(6):
        case 0 | 1 | 2:
            items.append(world.mail())
        case 3 if items:
            world.act("items", random.choice(items), random.choice(["modify", "copy", "move"]), folder="drafts")
        case 4:
            world.call("faults", drop_acks=random.randrange(3), duplicate=random.randrange(2))
        case _:
            world.now += random.random() * 1000


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
@pytest.mark.parametrize("resend", ["identical", "rebuilt"])
def test_no_event_is_lost(profile: str, resend: str, seed: int) -> None:
    """A failed notification is sent again before any newer one."""
    random = Random(seed)  # noqa: S311  # repeatable
    world = World(profile, {"events_per_post": random.choice([1, 5, 100]), "resend": resend})
    world.subscribed(minutes=1440)
    items: list[str] = []
    received: dict[tuple[str, str, str], None] = {}
    for step in range(STEPS):
        act_or_fail(world, random, items)
        if step > STEPS - 20:
            world.call("faults")
            world.wait()
        for post in world.due():
            received |= keys_of_events(post.body)
            world.answer(post, status=random.choice([200, 200, 503]) if step < STEPS - 20 else 200)
    while world.get("subscriptions")[0]["watermark"] != world.get("changes", mailbox=EMAIL)[-1]["watermark"]:
        world.wait()
        received |= keys_of_events(world.acknowledged_post().body)
    expected = [(each["watermark"], str(each["type"]), each["id"]) for each in world.get("changes", mailbox=EMAIL)]
    assert list(received) == list(dict.fromkeys(expected))


def act_randomly(world: World, random: Random, items: list[str], folders: list[str]) -> None:
    """Carry out a random action on a random item."""
    action = random.choice(["mail", "mail", "modify", "read", "move", "copy", "delete"])
    if action == "mail" or not items:
        items.append(world.mail(folder=random.choice(folders)))
        return
    item_id = items.pop(random.randrange(len(items)))
    given = {"folder": random.choice(folders)} if action in {"move", "copy"} else {}
    after = world.act("items", item_id, action, **given)["item_id"]
    items += {"delete": [], "copy": [item_id, after]}.get(action, [after])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
@pytest.mark.parametrize("stable", [False, True])
def test_a_client_that_keeps_synchronizing_knows_all_items(profile: str, stable: bool, seed: int) -> None:
    """With changes between the pages: every change applies to what the client knows, and none is missing."""
    random = Random(seed)  # noqa: S311  # repeatable
    world, items = World(profile, {"stable_item_ids": stable}), list[str]()
    folders = ["inbox", "drafts", "deleteditems"]
    clients = {folder: SyncClient(world, folder) for folder in folders}
    known: dict[str, set[str]] = {folder: set() for folder in folders}
    for step in range(150):
        if step < 100:
            act_randomly(world, random, items, folders)
        folder = folders[step % len(folders)]
        for kind, item_id in clients[folder].page(random.randrange(1, 4)).changes:
            assert (item_id in known[folder]) == (kind != "Create")
            known[folder] ^= {item_id} if kind in {"Create", "Delete"} else set()
    for folder in folders:
        clients[folder].changes()
        assert {item_id for _, item_id in SyncClient(world, folder).changes()} == known[folder]
    assert set().union(*known.values()) == set(items)
