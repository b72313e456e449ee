"""The speed of parsing a notification and building its ack, compared with exchangelib and with the bare XML parser."""

import time
from collections.abc import Callable
from statistics import median
from typing import Final

from exchangelib.services import SendNotification
from lxml import etree

from bench.payloads import heartbeat, notification
from bench.report import Budget, Figure
from ewspush.protocol.acknowledgement import SubscriptionStatus, acknowledgement
from ewspush.protocol.reader import parse_notification

MIN_EXCHANGELIB_RATIO: Final = 10
MAX_PARSER_RATIO: Final = 2

_PAYLOADS: Final = {
    "heartbeat": heartbeat(1),
    "3 events": notification(1, 3),
    "50 events": notification(1, 50),
}
_BATCH_SECONDS: Final = 0.05


def figures(rounds: int) -> list[Figure]:
    """Return the throughput of each payload and both ratios: medians over `rounds`, the parsers taking turns."""
    return [figure for name, body in _PAYLOADS.items() for figure in _compared(name, body, rounds)]


def _compared(name: str, body: bytes, rounds: int) -> list[Figure]:
    times = [(_seconds(_ours, body), _seconds(_exchangelib, body), _seconds(_bare, body)) for _ in range(rounds)]
    per_second = median(1 / ours for ours, _, _ in times)
    faster = median(theirs / ours for ours, theirs, _ in times)
    slower = median(ours / bare for ours, _, bare in times)
    return [
        Figure(
            f"{name}, throughput",
            per_second,
            "/s",
            "exchangelib's throughput",
            faster,
            Budget(at_least=MIN_EXCHANGELIB_RATIO),
        ),
        Figure(
            f"{name}, time",
            1e6 / per_second,
            "µs",
            "bare lxml and a walk",
            slower,
            Budget(at_most=MAX_PARSER_RATIO),
        ),
    ]


def _seconds(parse: Callable[[bytes], object], body: bytes) -> float:
    """Return the processor time of one call: the mean of the calls within a short time."""
    parse(body)
    calls, started = 0, time.process_time()
    while (elapsed := time.process_time() - started) < _BATCH_SECONDS:
        for _ in range(5):
            parse(body)
        calls += 5
    return elapsed / calls


def _ours(body: bytes) -> bytes:
    parse_notification(body)
    return acknowledgement(SubscriptionStatus.OK).encode()


def _exchangelib(body: bytes) -> bytes:
    service = SendNotification(protocol=None)
    for message in service.parse(body):
        list(message.events)
    answer: bytes = service.ok_payload()
    return answer


def _bare(body: bytes) -> None:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    for element in etree.fromstring(body, parser).iter():
        _ = element.tag, element.text
