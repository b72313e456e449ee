"""Long random stories: whatever goes wrong short of death, a subscriber hears everything, in order."""

from random import Random

import pytest
from lxml import etree

from tests.unit.mailsim.world import EMAIL, World

STEPS = 100


def heard(body: bytes) -> dict[tuple[str, str, str], None]:
    """Return watermark, type and id of a notification's events, in order."""
    events = [element for element in etree.fromstring(body).iter("{*}*") if element.find("{*}TimeStamp") is not None]
    names = [etree.QName(event).localname for event in events]
    marks = [event.findtext("{*}Watermark") or "" for event in events]
    return dict.fromkeys(zip(marks, names, [event[2].get("Id", "") for event in events], strict=True))


def act(world: World, chance: Random, items: list[str]) -> None:
    """Let something happen in the mailbox, or break."""
    match chance.randrange(6):
        case 0 | 1 | 2:
            items.append(world.mail())
        case 3 if items:
            world.act("items", chance.choice(items), chance.choice(["modify", "copy", "move"]), folder="drafts")
        case 4:
            world.call("faults", drop_acks=chance.randrange(3), duplicate=chance.randrange(2))
        case _:
            world.now += chance.random() * 1000


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
@pytest.mark.parametrize("resend", ["identical", "rebuilt"])
def test_nothing_is_lost(profile: str, resend: str, seed: int) -> None:
    """A failed POST is sent again before anything newer."""
    chance = Random(seed)  # noqa: S311  # a story that can be repeated
    world = World(profile, {"events_per_post": chance.choice([1, 5, 100]), "resend": resend})
    world.subscribed(minutes=1440)
    items: list[str] = []
    told: dict[tuple[str, str, str], None] = {}
    for step in range(STEPS):
        act(world, chance, items)
        if step > STEPS - 20:
            world.call("faults")
            world.wait()
        for post in world.due():
            told |= heard(post.body)
            world.answer(post, status=chance.choice([200, 200, 503]) if step < STEPS - 20 else 200)
    while world.get("subscriptions")[0]["watermark"] != world.get("changes", mailbox=EMAIL)[-1]["watermark"]:
        world.wait()
        told |= heard(world.told().body)
    expected = [(each["watermark"], str(each["type"]), each["id"]) for each in world.get("changes", mailbox=EMAIL)]
    assert list(told) == list(dict.fromkeys(expected))
