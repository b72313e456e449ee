"""The responder with mailsim, which shares no code with it: each change is logged once and in order, despite faults."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ewspush.adapters.cloud_events import documents_of
from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.subscription import State
from ewspush.handlers.responder import Responder
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest, build_subscribe, parse_subscribe_response
from ewspush.protocol.watermark import is_real
from tests.builders import TIMING
from tests.twins.faults import FaultPlan
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger
from tests.unit.mailsim.world import EMAIL, World

ACTIONS: Final = (
    "mail",
    "modify",
    "move",
    "copy",
    "delete",
    "wait",
    "lose-ack",
    "duplicate",
    "fail-write",
    "lose-write-answer",
)
STATUS_FREQUENCY_MINUTES: Final = 60
KEY: Final = b"key"


class Scenario:
    """Both sides, a subscription between them, and a virtual clock."""

    def __init__(self, profile: str, **server_settings: object) -> None:
        """Subscribe: our request, the answer of mailsim."""
        self.world = World(profile, dict(server_settings))
        self.row = new_subscription(
            DesiredSubscription(EMAIL, status_frequency_minutes=STATUS_FREQUENCY_MINUTES), self.now()
        )
        self.faults = FaultPlan()
        self.ledger = MemoryLedger(self.row, writes=self.faults)
        self.responder = Responder(MemoryKeys(KEY), self.ledger, self.now, TIMING)
        self.path = signed_path(Callback(self.row.key, EMAIL, 1), KEY)
        url = f"https://callback.example{self.path}"
        request = SubscribeRequest(url, self.row.event_types, STATUS_FREQUENCY_MINUTES)
        assert isinstance(
            parse_subscribe_response(*self.world.ask(build_subscribe(request, "Exchange2010_SP2"))), Subscribed
        )
        self.items: list[str] = []

    def now(self) -> datetime:
        """Return the time of the virtual clock."""
        return datetime.fromtimestamp(self.world.now, UTC)

    def act(self, action: str, number: int) -> None:
        """Carry out an action; `number` selects the item or the duration."""
        if action == "mail":
            self.items.append(self.world.mail())
        elif action == "wait":
            self.world.now += 60 * (number % 50)
        elif action == "lose-ack":
            self.world.call("faults", drop_acks=1)
        elif action == "duplicate":
            self.world.call("faults", duplicate=1)
        elif action in {"fail-write", "lose-write-answer"}:
            self.faults.calls = 0
            self.faults.refuse, self.faults.forget = ([1], []) if action == "fail-write" else ([], [1])
        elif self.items:
            item = self.items[number % len(self.items)]
            given = {"folder": "drafts"} if action in {"move", "copy"} else {}
            self.world.act("items", item, action, **given)
            if action == "delete":
                self.items.remove(item)

    def deliver(self) -> None:
        """Deliver all POSTs that are due, until none is."""
        while posts := self.world.due():
            for post in posts:
                answer = self.responder.respond(self._received(post.body))
                self.world.answer(post, answer["body"].encode(), answer["statusCode"])

    def settle(self) -> None:
        """Let the server retry until it has nothing to push."""
        for _ in range(40):
            self.deliver()
            self.world.wait()

    def is_live(self) -> bool:
        """Whether the server still has the subscription."""
        return all(one["state"] == "live" for one in self.world.get("subscriptions"))

    def _received(self, body: bytes) -> dict[str, Any]:
        segments = self.path.removeprefix("/notify/").split("/")
        parameters = dict(zip(("subscription", "generation", "signature"), segments, strict=True))
        return {"body": body.decode(), "isBase64Encoded": False, "pathParameters": parameters}

    def logged(self) -> list[tuple[str, str, str]]:
        """Return what is in the log, gaps included, as (type, id, watermark)."""
        documents = [document for one in self.ledger.log for document in documents_of(one)]
        return _unique((one["type"], one["data"].get("id"), one["data"].get("watermark")) for one in documents)

    def expected(self) -> list[tuple[str, str, str]]:
        """Return the changes of the mailbox in the same form."""
        names = {"NewMailEvent": "new_mail"}
        changes = self.world.get("changes", mailbox=EMAIL)
        return _unique(
            (
                f"ews.mailbox.{names.get(one['type'], one['type'].removesuffix('Event').lower())}",
                one["id"],
                one["watermark"],
            )
            for one in changes
        )


def _unique(changes: Any) -> list[Any]:
    return list(dict.fromkeys(changes))


@pytest.mark.parametrize(
    ("profile", "server_settings"),
    [
        ("workmail", {}),
        ("workmail", {"heartbeat_watermark": "zero", "subscribe_watermark": "zero", "malformed_declaration": "true"}),
        ("workmail", {"events_per_post": "1", "watermark_per": "action"}),
        ("exchange", {}),
        ("exchange", {"resend": "rebuilt", "events_per_post": "2"}),
    ],
    ids=["workmail", "zero watermarks", "shared watermarks", "exchange", "rebuilt"],
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
@given(steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1000)), max_size=25))
def test_every_change_is_logged_once_and_in_order(
    profile: str, server_settings: dict[str, object], steps: list[tuple[str, int]]
) -> None:
    """Despite lost acks, duplicate POSTs, writes that fail, and writes that succeed without an answer.

    In the end both sides have the same watermark.
    """
    scenario = Scenario(profile, **server_settings)
    for action, number in steps:
        scenario.act(action, number)
        scenario.deliver()
    scenario.settle()
    assume(scenario.is_live())  # acks lost for as long as the server retries end it
    assert scenario.logged() == scenario.expected()
    assert len(scenario.ledger.events()) == len(set(scenario.ledger.events()))
    row = scenario.ledger.rows[scenario.row.key]
    (theirs,) = scenario.world.get("subscriptions")
    assert row.state is State.ACTIVE
    assert row.watermark == theirs["watermark"] or not is_real(theirs["watermark"])
