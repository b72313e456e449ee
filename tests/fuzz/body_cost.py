"""Measures each hostile body in a child process: `python -m tests.fuzz.body_cost` prints time and memory as JSON.

Each child has its own memory peak, and a kernel alarm ends one that hangs, even inside compiled code. Python's own
accounting would not see the memory of libxml2.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from ewspush.errors import UnreadableNotificationError
from ewspush.protocol.lookup import LookupRequest, parse_get_items
from ewspush.protocol.reader import parse_notification
from ewspush.protocol.subscribe import parse_subscribe_response
from ewspush.protocol.synchronization import (
    SyncHierarchyRequest,
    SyncItemsRequest,
    parse_sync_hierarchy,
    parse_sync_items,
)
from tests.fuzz.hostile import CLASSES, answers, ordinary_flood

HANG_SECONDS: Final = 10
READ: Final = "read"
ORDINARY: Final = "ordinary"
_RSS_UNIT_BYTES: Final = 1 if sys.platform == "darwin" else 1024

Reader = Callable[[bytes], object]
READERS: Final[Mapping[str, Reader]] = {
    "notification": parse_notification,
    "subscribe": partial(parse_subscribe_response, 200),
    "items": partial(parse_sync_items, 200, request=SyncItemsRequest("inbox", "s0")),
    "hierarchy": partial(parse_sync_hierarchy, 200, request=SyncHierarchyRequest("s0")),
    "lookup": partial(parse_get_items, 200, request=LookupRequest(("a",))),
}

ANSWERS: Final = {"items": "SyncFolderItems", "hierarchy": "SyncFolderHierarchy", "lookup": "GetItem"}


@dataclass(frozen=True, slots=True)
class Cost:
    """The outcome of reading a body, and its cost. `outcome` is `READ`, a refusal, or the error."""

    outcome: str
    size_bytes: int = 0
    cpu_seconds: float = 0
    added_bytes: int = 0


def measure(make: Callable[[], bytes], reader: Reader, hang_seconds: int = HANG_SECONDS) -> Cost:
    """Return the cost of reading the body that `make` returns."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(hang_seconds)
        with contextlib.suppress(BaseException):
            os.write(sending, json.dumps(asdict(_read(make(), reader))).encode())
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving) as pipe:
        report = pipe.read()
    _, status = os.waitpid(child, 0)
    return Cost(**json.loads(report)) if report else Cost(f"ended with status {status}")


def _read(body: bytes, reader: Reader) -> Cost:
    memory, began = _peak_bytes(), time.process_time()
    outcome = _outcome(body, reader)
    return Cost(outcome, len(body), time.process_time() - began, _peak_bytes() - memory)


def _outcome(body: bytes, reader: Reader) -> str:
    try:
        reader(body)
    except UnreadableNotificationError as refused:
        return refused.reason
    except BaseException as error:  # noqa: BLE001  # any error is a finding
        return repr(error)
    return READ


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT_BYTES


def costs() -> Iterator[tuple[str, str, Cost]]:
    """Yield reader, class and cost: all classes for two of the readers, and floods of answers for the others."""
    for reader in ("notification", "subscribe"):
        for name, make in {ORDINARY: ordinary_flood, **{name: made[1] for name, made in CLASSES.items()}}.items():
            yield reader, name, measure(make, READERS[reader])
    for reader, operation in ANSWERS.items():
        yield reader, ORDINARY, measure(ordinary_flood, READERS[reader])
        for name, make in answers(operation).items():
            yield reader, name, measure(make, READERS[reader])


if __name__ == "__main__":
    report: dict[str, dict[str, object]] = {reader: {} for reader in READERS}
    for reader_name, class_name, cost in costs():
        report[reader_name][class_name] = asdict(cost)
    sys.stdout.write(json.dumps(report))
