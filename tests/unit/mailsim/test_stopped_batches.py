"""The fault `stop_batches`: a GetItem whose later items are not answered."""

from typing import Any

import pytest
from lxml import etree

from tests.unit.mailsim.sync_client import get_item
from tests.unit.mailsim.world import START, World, texts


def messages(world: World, *ids: str) -> list[tuple[str | None, str | None]]:
    """Send a GetItem; return class and code of its response messages."""
    status, answer = world.ask(get_item(*ids))
    assert status == 200
    found = etree.fromstring(answer).iter("{*}GetItemResponseMessage")
    return [(each.get("ResponseClass"), each.findtext("{*}ResponseCode")) for each in found]


def test_the_later_items_get_the_code() -> None:
    """Whether they exist or not; a smaller request is answered as a whole, and so is one after the fault."""
    world = World()
    here, gone = world.mail(), world.mail()
    world.act("items", gone, "delete")
    world.call("faults", stop_batches={"after": 2, "code": "ErrorServerBusy", "back_off_ms": 1500})
    known = [("Success", "NoError"), ("Error", "ErrorItemNotFound")]
    assert messages(world, here, gone, here, gone) == [*known, *[("Error", "ErrorServerBusy")] * 2]
    assert texts(world.ask(get_item(here, gone, here))[1], "Value") == ["1500"]
    assert messages(world, here, gone) == known
    world.call("faults", stop_batches=None)
    assert messages(world, here, gone, here, gone) == known * 2


def test_a_stopped_batch_is_a_warning_on_exchange() -> None:
    """The EWS Managed API knows it so; public traces show the class Error, too."""
    world = World()
    stop = {"after": 0, "code": "ErrorBatchProcessingStopped"}
    listed = world.call("faults", stop_batches=stop)["stop_batches"]
    assert listed == {"after": 0, "code": "ErrorBatchProcessingStopped", "class": "Warning", "times": None}
    assert messages(world, world.mail()) == [("Warning", "ErrorBatchProcessingStopped")]
    world.call("faults", stop_batches=stop | {"class": "Error"})
    assert messages(world, world.mail()) == [("Error", "ErrorBatchProcessingStopped")]


def test_batches_can_stop_a_number_of_times() -> None:
    """Only requests that are stopped count."""
    world = World()
    ids = [world.mail(), world.mail()]
    world.call("faults", stop_batches={"after": 1, "code": "ErrorMailboxStoreUnavailable", "times": 1})
    assert messages(world, ids[0]) == [("Success", "NoError")]
    assert messages(world, *ids)[1] == ("Error", "ErrorMailboxStoreUnavailable")
    assert messages(world, *ids) == [("Success", "NoError")] * 2


@pytest.mark.parametrize(
    "stop", [{"after": 1}, {"code": "ErrorServerBusy"}, {"after": 1, "code": "x", "class": "Success"}, {"until": 1}, 5]
)
def test_the_values_are_checked(stop: Any) -> None:
    """Both `after` and `code` are needed."""
    assert World().control.handle("POST", ["faults"], {"stop_batches": stop}, START)[0] == 400
