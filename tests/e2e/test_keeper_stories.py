"""The keeper against a mail server with faults, over HTTP: each story ends with one live subscription and nothing lost.

A protocol minute lasts a second here, for both sides alike.
"""

from collections.abc import Callable, Iterator

import pytest

from local import machine as machines
from local.machine import Machine
from tests.e2e.outside import Consumer, awaited
from tests.e2e.people import Person, assert_peace, settle

pytestmark = pytest.mark.slow

MINUTE_SECONDS = 1.0

RECOVERY_SECONDS = 90.0
"""Baselines are spread over a quarter of an hour, and proved by what push tells afterwards."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Start both sides."""
    directory = tmp_path_factory.mktemp("machine")
    with (
        (directory / "log").open("wb") as log,
        machines.running(minute_seconds=MINUTE_SECONDS, output=directory / "cdk.out", log=log) as machine,
    ):
        yield machine


@pytest.fixture(scope="module")
def consumer(machine: Machine) -> Consumer:
    """Return the consumer of the queue."""
    return Consumer(machine.deployment, machine.deployment.queue_url)


@pytest.fixture
def person(machine: Machine, consumer: Consumer) -> Iterator[Person]:
    """Return somebody whose subscription lives, on a server without faults, and retire it in the end."""
    machine.mail_server.call("faults")
    machine.mail_server.call("settings", resume="honoured")
    person = Person(machine, consumer)
    person.await_life()
    yield person
    machine.mail_server.call("faults")
    person.retire()


@pytest.fixture
def fault(machine: Machine) -> Callable[..., None]:
    """Return a function that makes something go wrong."""
    return lambda **faults: machine.mail_server.call("faults", **faults)


def test_mail_that_arrives_while_the_front_door_is_cut_off_is_told_after_the_renewal(
    person: Person, fault: Callable[..., None]
) -> None:
    """Once each, in order, and one Subscribe for each subscription that was lost."""
    person.mail("before")
    fault(cut=True)
    person.mail("while the server still tries")
    person.await_death()
    person.mail("while nobody listens")
    fault(cut=False)
    assert_peace(person)
    assert person.told() == person.happened()
    assert person.gaps() == []
    assert len(person.subscribes()) == 1 + len(person.subscriptions("dead"))


@pytest.mark.parametrize("resume", ["honoured", "ignored", "refused"])
def test_a_restart_of_the_server_is_noticed_and_what_it_lost_is_told_or_said_to_be_missing(
    machine: Machine, person: Person, fault: Callable[..., None], resume: str
) -> None:
    """All subscriptions are gone without a word, and what a watermark is worth afterwards is not published."""
    machine.mail_server.call("settings", resume=resume)
    person.mail("before")
    fault(restart=True)
    person.mail("while nobody listens")
    assert_peace(person)
    assert [gap["reason"] for gap in person.gaps()] == {
        "honoured": [],
        "ignored": ["resume-unproven"],
        "refused": ["watermark-refused"],
    }[resume]


def test_a_busy_server_is_left_alone_and_asked_again(person: Person, fault: Callable[..., None]) -> None:
    """As long as it wants, and then the subscription is made once."""
    fault(restart=True, refuse_subscribe="ErrorServerBusy", times=3, back_off_ms=500)
    person.mail("while nobody listens")
    assert_peace(person)
    assert person.told() == person.happened()
    assert person.subscribes() == ["NoError", *["ErrorServerBusy"] * 3, "NoError"]


def test_a_subscribe_that_succeeded_without_an_answer_is_adopted(person: Person, fault: Callable[..., None]) -> None:
    """Its first POST says that it lives, and no second one is made."""
    fault(restart=True, lose_subscribe_answers=1)
    person.mail("while nobody listens")
    assert_peace(person)
    assert person.told() == person.happened()
    assert len(person.subscribes()) == 2


def test_forgotten_watermarks_cost_a_second_subscribe_and_one_gap(person: Person, fault: Callable[..., None]) -> None:
    """As after a move to another database."""
    person.mail("before")
    fault(restart=True, forget_watermarks=True)
    person.mail("while nobody listens")
    assert_peace(person)
    assert [gap["reason"] for gap in person.gaps()] == ["watermark-refused"]
    assert person.subscribes() == ["NoError", "ErrorInvalidWatermark", "NoError"]


def test_doubled_posts_are_told_once(person: Person, fault: Callable[..., None]) -> None:
    """Two copies at the same moment, several times."""
    fault(duplicate=6)
    for number in range(6):
        person.mail(f"message {number}")
        settle(0.2)
    assert_peace(person)
    assert person.told() == person.happened()
    assert person.subscribes() == ["NoError"]


def test_acknowledgements_that_get_lost_change_nothing(person: Person, fault: Callable[..., None]) -> None:
    """The server sends again; it is told once, and the subscription goes on."""
    fault(drop_acks=2)
    for subject in ("one", "two", "three"):
        person.mail(subject)
    assert_peace(person)
    assert person.told() == person.happened()


def test_an_error_notification_ends_in_a_new_subscription(person: Person, fault: Callable[..., None]) -> None:
    """Made at once, without waiting for the silence."""
    fault(error_notification="ErrorReadEventsFailed", mailbox=person.address)
    awaited(lambda: True if len(person.subscribes()) == 2 else None, "the second Subscribe")
    person.mail("afterwards")
    assert_peace(person)
    assert [gap["reason"] for gap in person.gaps()][:1] == ["subscription-lost"]


def test_what_a_dead_subscription_missed_is_told_by_a_sync(person: Person, fault: Callable[..., None]) -> None:
    """Its watermark is refused; what came, changed, moved and went meanwhile comes once each, and the gap is closed."""
    old = {name: person.mail(name) for name in ("to be changed", "to be moved", "to be deleted")}
    awaited(lambda: person.row().baseline_round or None, "a baseline", RECOVERY_SECONDS)
    fault(restart=True, forget_watermarks=True, refuse_subscribe="ErrorServerBusy", times=1000)
    new = person.mail("new")
    person.act(old["to be changed"], "modify")
    moved = person.act(old["to be moved"], "move", folder="deleteditems")
    person.act(old["to be deleted"], "delete")
    fault()
    closed = awaited(person.closing, "the end of the gap", RECOVERY_SECONDS)
    person.await_life()
    assert person.recovered() == sorted(
        [
            ("ews.mailbox.created", new),
            ("ews.mailbox.modified", old["to be changed"]),
            ("ews.mailbox.deleted", old["to be moved"]),
            ("ews.mailbox.created", moved),
            ("ews.mailbox.deleted", old["to be deleted"]),
        ]
    )
    assert [gap["reason"] for gap in person.gaps()] == ["watermark-refused"]
    told_by_syncs = [one for one in person.documents() if one["data"]["origin"] == "sync"]
    assert closed["recovered"] == len(told_by_syncs) - 1  # but for the word that the gap is closed


def test_a_refused_password_suspends_nothing_for_good(person: Person, fault: Callable[..., None]) -> None:
    """Refused a few times, the reason stands on the row; when the rights are back, so is the subscription."""
    fault(restart=True, refuse_subscribe="ErrorImpersonateUserDenied", times=2)
    awaited(lambda: person.row().last_error, "the reason")
    assert "rights" in (person.row().last_error or "")
    assert_peace(person)
    assert person.row().last_error is None
