"""Bodies made to do harm are refused or read, in bounded time and memory."""

import json
import signal
import subprocess
import sys
import time
from functools import partial
from typing import Final

import pytest

from ewspush.errors import Refusal, UnreadableNotificationError
from ewspush.protocol.hardened_xml import MAX_BODY_BYTES
from ewspush.protocol.reader import parse_notification
from tests.fuzz.body_cost import ANSWERS, ORDINARY, READ, READERS, Cost, measure
from tests.fuzz.hostile import CLASSES, answers, ordinary_flood
from tests.fuzz.hostile.bodies import flood
from tests.fuzz.targets import TARGETS

MAX_TIMES_ORDINARY: Final = 60
"""The worst takes 11 times the time of an ordinary body of 1 MiB; a busy machine may treble either."""

MAX_MEMORY_BYTES_PER_BYTE: Final = 160
"""The worst are elements of four bytes in an unknown event, with 111: twice a tree."""

MAX_ADDED_BYTES: Final = 800 * 1024 * 1024
"""While a body is read: the responder has 1,024 MB (infra.callback_api), of which it uses about 100 otherwise."""

BASE_MEMORY_BYTES: Final = 16 * 1024 * 1024
"""What the allocators take in advance, for a body of any size."""

Costs = dict[str, dict[str, Cost]]


@pytest.fixture(scope="module")
def costs() -> Costs:
    """Return the cost of each class for each reader."""
    command = [sys.executable, "-m", "tests.fuzz.body_cost"]
    report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603  # own module
    return {reader: {name: Cost(**cost) for name, cost in each.items()} for reader, each in report.items()}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.starts_processes
def test_hostile_class_is_refused_for_its_reason(costs: Costs, name: str) -> None:
    """Or read, where it does no harm; no other error is raised, and nothing hangs."""
    refusal, _ = CLASSES[name]
    assert costs["notification"][name].outcome == (refusal or READ)


@pytest.mark.starts_processes
def test_hostile_answers_raise_nothing(costs: Costs) -> None:
    """Readers of answers return a refusal instead."""
    assert {name: cost for name, cost in costs["subscribe"].items() if cost.outcome != READ} == {}
    for reader, operation in ANSWERS.items():
        assert {name: cost.outcome for name, cost in costs[reader].items()} == dict.fromkeys(
            (ORDINARY, *answers(operation)), READ
        )


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.starts_processes
def test_time_is_bounded_by_that_of_an_ordinary_body(costs: Costs, reader: str) -> None:
    """Processor time; a class that takes too long is measured again, since the machine may have been busy."""
    most = MAX_TIMES_ORDINARY * costs[reader][ORDINARY].cpu_seconds
    made = {name: make for name, (_, make) in CLASSES.items()} | dict(answers(ANSWERS.get(reader, "")))
    slow = [name for name, cost in costs[reader].items() if cost.cpu_seconds > most]
    assert [name for name in slow if measure(made[name], READERS[reader]).cpu_seconds > most] == []


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.starts_processes
def test_memory_is_a_bounded_multiple_of_the_body(costs: Costs, reader: str) -> None:
    """The peak of the process, libxml2 included."""
    over = {
        name: cost
        for name, cost in costs[reader].items()
        if cost.added_bytes > BASE_MEMORY_BYTES + MAX_MEMORY_BYTES_PER_BYTE * cost.size_bytes
    }
    assert over == {}


@pytest.mark.starts_processes
def test_the_worst_body_of_the_largest_size_fits_the_memory_of_the_responder() -> None:
    """Nothing ends a function that a POST has filled but Lambda itself."""
    worst = partial(flood, "<a/>x", "<t:XEvent>", "</t:XEvent>", size_bytes=MAX_BODY_BYTES)
    cost = measure(worst, READERS["notification"])
    assert cost.outcome == READ
    assert cost.added_bytes < MAX_ADDED_BYTES


@pytest.mark.starts_processes
def test_a_hang_is_ended_and_reported() -> None:
    """Self-test: the measurement does not wait for a reader that never returns."""
    assert measure(ordinary_flood, lambda _body: time.sleep(60), hang_seconds=1).outcome == (
        f"ended with status {signal.SIGALRM}"
    )


@pytest.mark.starts_processes
def test_another_error_is_reported() -> None:
    """Self-test: an error outside of the reader's tree is no refusal."""
    assert measure(ordinary_flood, lambda body: body.decode("utf-16")).outcome.startswith("UnicodeDecodeError")


@pytest.mark.starts_processes
def test_memory_outside_of_python_is_measured() -> None:
    """Self-test: a tree of libxml2 counts, in a process that has no freed memory to put it in."""
    program = (
        "from tests.fuzz.body_cost import READERS, measure; from tests.fuzz.hostile import CLASSES; "
        "cost = measure(CLASSES['siblings between texts'][1], READERS['notification']); "
        "print(cost.added_bytes // cost.size_bytes)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    assert int(ended.stdout) > 20


@pytest.mark.parametrize("name", TARGETS["notification"].corpus())
def test_truncated_body_is_refused(name: str) -> None:
    """At every seventh byte."""
    body = TARGETS["notification"].corpus()[name]
    assert parse_notification(body).messages if name != "must_understand.xml" else body
    for end in range(0, len(body), 7):
        with pytest.raises(UnreadableNotificationError) as refused:
            parse_notification(body[:end])
        assert refused.value.reason in {Refusal.EMPTY, Refusal.ENCODING, Refusal.NOT_WELL_FORMED, Refusal.DOCTYPE}
