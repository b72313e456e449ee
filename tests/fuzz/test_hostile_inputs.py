"""Bodies made to do harm: refused or read as anything else is, in bounded time and memory."""

import json
import signal
import subprocess
import sys
import time
from typing import Final

import pytest

from ewspush.errors import Refusal, UnreadableNotificationError
from ewspush.protocol.reader import parse_notification
from tests.fuzz.confined import ANSWERS, ORDINARY, READ, READERS, Cost, measured
from tests.fuzz.hostile import CLASSES, answers, ordinary_flood
from tests.fuzz.targets import TARGETS

MOST_TIMES_ORDINARY: Final = 60
"""Against an ordinary body of 1 MiB. The worst takes 11 times its time; a busy machine may treble either."""

MOST_BYTES_FOR_EACH: Final = 160
"""Of memory for each byte of the body. The worst are elements of four bytes in an unknown event, 111: twice a tree."""

BESIDES_BYTES: Final = 16 * 1024 * 1024
"""Whatever the size: what the allocators take in advance."""

Costs = dict[str, dict[str, Cost]]


@pytest.fixture(scope="module")
def costs() -> Costs:
    """Return what each class cost each reader."""
    command = [sys.executable, "-m", "tests.fuzz.confined"]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603  # own module
    return {reader: {name: Cost(**cost) for name, cost in each.items()} for reader, each in told.items()}


@pytest.mark.parametrize("name", CLASSES)
def test_hostile_class_is_refused_for_its_reason(costs: Costs, name: str) -> None:
    """Or read, where it does no harm; nothing else is raised, and nothing hangs."""
    refusal, _ = CLASSES[name]
    assert costs["notification"][name].outcome == (refusal or READ)


def test_hostile_answers_raise_nothing(costs: Costs) -> None:
    """What reads the answers of the server that we asked says so in what it returns."""
    assert {name: cost for name, cost in costs["subscribe"].items() if cost.outcome != READ} == {}
    for reader, operation in ANSWERS.items():
        assert {name: cost.outcome for name, cost in costs[reader].items()} == dict.fromkeys(
            (ORDINARY, *answers(operation)), READ
        )


@pytest.mark.parametrize("reader", READERS)
def test_time_is_bounded_by_that_of_an_ordinary_body(costs: Costs, reader: str) -> None:
    """Processor time; one that takes too long is tried again, for a machine may have been busy with others."""
    most = MOST_TIMES_ORDINARY * costs[reader][ORDINARY].cpu_seconds
    made = {name: make for name, (_, make) in CLASSES.items()} | dict(answers(ANSWERS.get(reader, "")))
    slow = [name for name, cost in costs[reader].items() if cost.cpu_seconds > most]
    assert [name for name in slow if measured(made[name], READERS[reader]).cpu_seconds > most] == []


@pytest.mark.parametrize("reader", READERS)
def test_memory_is_a_bounded_multiple_of_the_body(costs: Costs, reader: str) -> None:
    """The peak of the process, libxml2 included."""
    over = {
        name: cost
        for name, cost in costs[reader].items()
        if cost.added_bytes > BESIDES_BYTES + MOST_BYTES_FOR_EACH * cost.size_bytes
    }
    assert over == {}


def test_a_hang_is_ended_and_told() -> None:
    """The measure itself: a reader that never returns is not waited for."""
    assert measured(ordinary_flood, lambda _body: time.sleep(60), hang_seconds=1).outcome == (
        f"ended with status {signal.SIGALRM}"
    )


def test_another_error_is_told() -> None:
    """The measure itself: what is not of the reader's tree is not taken for a refusal."""
    assert measured(ordinary_flood, lambda body: body.decode("utf-16")).outcome.startswith("UnicodeDecodeError")


def test_memory_outside_of_python_is_seen() -> None:
    """The measure itself: a tree of libxml2 counts, in a process that has no freed memory to put it in."""
    program = (
        "from tests.fuzz.confined import READERS, measured; from tests.fuzz.hostile import CLASSES; "
        "cost = measured(CLASSES['siblings between texts'][1], READERS['notification']); "
        "print(cost.added_bytes // cost.size_bytes)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    assert int(told.stdout) > 20


@pytest.mark.parametrize("name", TARGETS["notification"].corpus())
def test_truncated_body_is_refused(name: str) -> None:
    """At every seventh byte: half a document is no document."""
    body = TARGETS["notification"].corpus()[name]
    assert parse_notification(body).messages if name != "must_understand.xml" else body
    for end in range(0, len(body), 7):
        with pytest.raises(UnreadableNotificationError) as refused:
            parse_notification(body[:end])
        assert refused.value.reason in {Refusal.EMPTY, Refusal.ENCODING, Refusal.NOT_WELL_FORMED, Refusal.DOCTYPE}
